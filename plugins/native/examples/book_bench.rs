//! What an update and the best prices after it cost, by structure: `book_bench [ROWS]`.
//!
//! `ROWS` is a file of 24-byte records, little-endian: side (0 bid, 1 ask; 2 more for a row of a snapshot), ticks, lots. Without
//! it only the seeded streams are run. The B-tree is the baseline; rounds are interleaved, medians told.

use std::hint::black_box;
use std::time::Instant;

use mainspring_native::book::any::{AnyBook, STRUCTURES, Structure};
use mainspring_native::book::btree::BTreeBook;
use mainspring_native::book::ladder::LadderBook;
use mainspring_native::book::order_list::OrderListBook;
use mainspring_native::book::sorted_vec::SortedVecBook;
use mainspring_native::book::{Book, Side};

type Row = (Side, i64, i64);

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }
}

fn recorded(path: &str) -> (Vec<Row>, Vec<Row>) {
    let bytes = std::fs::read(path).expect("the file of rows");
    let number = |chunk: &[u8]| i64::from_le_bytes(chunk.try_into().expect("eight bytes"));
    let (mut snapshot, mut rows) = (Vec::new(), Vec::new());
    for record in bytes.chunks_exact(24) {
        let kind = number(&record[..8]);
        let side = if kind % 2 == 0 { Side::Buy } else { Side::Sell };
        let row = (side, number(&record[8..16]), number(&record[16..]));
        if kind < 2 { rows.push(row) } else { snapshot.push(row) }
    }
    (snapshot, rows)
}

/// Updates about a mid that walks, their distance exponential with that mean in ticks, onto a book of so many levels.
fn seeded(mean: f64, levels: usize, count: usize) -> (Vec<Row>, Vec<Row>) {
    let mut random = Random(1);
    let mut mid = 6_000_000.0;
    let mut row = |removals: f64| {
        mid += random.uniform() - 0.5;
        let side = if random.next() & 1 == 0 { Side::Buy } else { Side::Sell };
        let away = 1.0 - random.uniform().ln() * mean;
        let price = if side == Side::Buy { mid - away } else { mid + away };
        let lots = if random.uniform() < removals { 0 } else { 1 + (random.next() % 1_000) as i64 };
        (side, price as i64, lots)
    };
    let snapshot = (0..levels).map(|_| row(0.0)).collect();
    let rows = (0..count).map(|_| row(0.5)).collect();
    (snapshot, rows)
}

fn pass<B: Book>(mut book: B, snapshot: &[Row], rows: &[Row]) -> (f64, i64, usize) {
    for &(side, price, lots) in snapshot {
        book.set(side, price, lots);
    }
    let started = Instant::now();
    let mut sum = 0i64;
    for &(side, price, lots) in rows {
        book.set(side, price, lots);
        let best = black_box(book.bbo());
        sum = sum.wrapping_add(best.bid.price ^ best.ask.lots);
    }
    (started.elapsed().as_secs_f64() * 1e9 / rows.len() as f64, sum, book.memory_bytes())
}

fn one(structure: Structure, snapshot: &[Row], rows: &[Row]) -> (f64, i64, usize) {
    match structure {
        Structure::SortedVec => pass(SortedVecBook::new(), snapshot, rows),
        Structure::BTree => pass(BTreeBook::new(), snapshot, rows),
        Structure::Ladder => pass(LadderBook::new(), snapshot, rows),
        Structure::OrderList => pass(OrderListBook::new(), snapshot, rows),
    }
}

fn race(name: &str, snapshot: &[Row], rows: &[Row]) {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); STRUCTURES.len()];
    let mut bytes = [0; STRUCTURES.len()];
    for _ in 0..15 {
        let mut answers = Vec::new();
        for (at, structure) in STRUCTURES.into_iter().enumerate() {
            let (ns, sum, memory) = one(structure, snapshot, rows);
            times[at].push(ns);
            bytes[at] = memory;
            answers.push(sum);
        }
        assert!(answers.iter().all(|&answer| answer == answers[0]), "{name}: the books differ");
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let medians: Vec<f64> = times.iter_mut().map(median).collect();
    for (at, structure) in STRUCTURES.into_iter().enumerate() {
        println!(
            "{name:32} {:10} {:7.1} ns an update with its BBO, {:5.2}x btree, {} bytes",
            structure.name(),
            medians[at],
            medians[1] / medians[at],
            bytes[at]
        );
    }
}

fn many(structure: Structure) {
    let (snapshot, rows) = seeded(30.0, 50, 500_000);
    let mut books: Vec<AnyBook> = (0..10_000).map(|_| AnyBook::new(structure)).collect();
    for book in &mut books {
        for &(side, price, lots) in &snapshot {
            book.set(side, price, lots);
        }
    }
    let run = |books: &mut Vec<AnyBook>| {
        let started = Instant::now();
        let count = books.len();
        for (at, &(side, price, lots)) in rows.iter().enumerate() {
            let book = &mut books[at % count];
            book.set(side, price, lots);
            black_box(book.bbo());
        }
        started.elapsed().as_secs_f64() * 1e9 / rows.len() as f64
    };
    let all = run(&mut books);
    let memory: usize = books.iter().map(Book::memory_bytes).sum();
    let mut single = books.split_off(books.len() - 1);
    let alone = run(&mut single);
    println!(
        "10,000 instruments of 50 levels  {:10} {all:7.1} ns in turn, {alone:.1} ns one alone, {:.1} MiB",
        structure.name(),
        memory as f64 / 1048576.0
    );
}

fn main() {
    if let Some(path) = std::env::args().nth(1) {
        let (snapshot, rows) = recorded(&path);
        race("recorded deltas", &snapshot, &rows);
    }
    for (name, mean, levels) in [
        ("within 30 levels of the best", 10.0, 60),
        ("mean 400 ticks, 2 x 1,000", 400.0, 2_400),
        ("mean 4,000 ticks, 2 x 1,000", 4_000.0, 2_200),
        ("mean 4,000 ticks, 2 x 10,000", 4_000.0, 36_000),
    ] {
        let (snapshot, rows) = seeded(mean, levels, 200_000);
        race(name, &snapshot, &rows);
    }
    for structure in STRUCTURES {
        many(structure);
    }
}
