//! How fast a fill is written and read, next to bincode's derive in its standard configuration: `record_bench`.
//!
//! Both are given the same fills and reuse their buffer, take turns, and are asked for the same answer. Ours adds a checksum.

use std::hint::black_box;
use std::time::Instant;

use bincode::config::standard;
use mainspring_native::book::Side;
use mainspring_native::orders::record::{Fill, Record, decode, encode_into};

const FILLS: i64 = 1_000;
const ROUNDS: usize = 300;

#[derive(bincode::Encode, bincode::BorrowDecode)]
struct Plain<'a> {
    time_ns: i64,
    order_id: i64,
    instrument: i64,
    fill_id: i64,
    side: i8,
    price_ticks: i64,
    size_lots: i64,
    maker: bool,
    fee_ppb: i64,
    fee_currency: &'a str,
}

fn fills() -> Vec<Fill<'static>> {
    (0..FILLS)
        .map(|at| Fill {
            time_ns: 1_723_161_600_000_000_000 + at * 1_234_567,
            order_id: 12_000 + at,
            instrument: at % 4,
            fill_id: at,
            side: if at % 3 == 0 { Side::Buy } else { Side::Sell },
            price_ticks: 6_100_000 + at * 37 % 1_000,
            size_lots: 1 + at * 7_919 % 100_000,
            maker: at % 2 == 0,
            fee_ppb: if at % 2 == 0 { -100_000 } else { 400_000 },
            fee_amount: None,
            fee_currency: "",
        })
        .collect()
}

/// Nanoseconds a fill, and a sum over all that was read.
type Timed = (f64, i64);

fn timed(mut work: impl FnMut() -> i64) -> Timed {
    let started = Instant::now();
    let sum = work();
    (started.elapsed().as_secs_f64() * 1e9 / FILLS as f64, sum)
}

fn ours(fills: &[Fill<'_>], out: &mut Vec<u8>) -> [Timed; 2] {
    out.clear();
    let written = timed(|| {
        for fill in fills {
            encode_into(out, black_box(&Record::Fill(*fill)));
        }
        0
    });
    let read = timed(|| {
        let (mut rest, mut sum) = (&out[..], 0i64);
        while !rest.is_empty() {
            let (record, taken) = decode(rest).expect("it was written");
            let Record::Fill(fill) = black_box(record) else { unreachable!("only fills") };
            sum = sum.wrapping_add(fill.time_ns ^ fill.price_ticks ^ fill.size_lots ^ fill.fee_ppb);
            rest = &rest[taken..];
        }
        sum
    });
    [written, read]
}

fn bincode(fills: &[Plain<'_>], out: &mut Vec<u8>) -> [Timed; 2] {
    out.clear();
    let written = timed(|| {
        for fill in fills {
            bincode::encode_into_std_write(black_box(fill), out, standard()).expect("a Vec takes everything");
        }
        0
    });
    let read = timed(|| {
        let (mut rest, mut sum) = (&out[..], 0i64);
        while !rest.is_empty() {
            let (fill, taken): (Plain<'_>, usize) =
                bincode::borrow_decode_from_slice(rest, standard()).expect("it was written");
            let fill = black_box(fill);
            sum = sum.wrapping_add(fill.time_ns ^ fill.price_ticks ^ fill.size_lots ^ fill.fee_ppb);
            rest = &rest[taken..];
        }
        sum
    });
    [written, read]
}

fn main() {
    let fills = fills();
    let plain: Vec<Plain<'_>> = fills
        .iter()
        .map(|fill| Plain {
            time_ns: fill.time_ns,
            order_id: fill.order_id,
            instrument: fill.instrument,
            fill_id: fill.fill_id,
            side: if fill.side == Side::Buy { 1 } else { -1 },
            price_ticks: fill.price_ticks,
            size_lots: fill.size_lots,
            maker: fill.maker,
            fee_ppb: fill.fee_ppb,
            fee_currency: fill.fee_currency,
        })
        .collect();
    let (mut our_bytes, mut their_bytes) = (Vec::new(), Vec::new());
    let mut best = [f64::MAX; 4];
    for _ in 0..ROUNDS {
        let ([write, read], [their_write, their_read]) =
            (ours(&fills, &mut our_bytes), bincode(&plain, &mut their_bytes));
        assert_eq!(read.1, their_read.1, "both read the same fills");
        for (best, (ns, _)) in best.iter_mut().zip([write, read, their_write, their_read]) {
            *best = best.min(ns);
        }
    }
    let [write, read, their_write, their_read] = best;
    let bytes = |all: &[u8]| all.len() as f64 / FILLS as f64;
    println!("records: {write:.1} ns written, {read:.1} ns read, {:.1} bytes a fill", bytes(&our_bytes));
    println!("bincode: {their_write:.1} ns written, {their_read:.1} ns read, {:.1} bytes a fill", bytes(&their_bytes));
    println!("both ways: {:.2} times bincode", (write + read) / (their_write + their_read));
}
