#![no_main]
//! Rows of events through the kernel, with a strategy that asks for whatever the bytes say: nothing panics, and after each message
//! log, tracker, the strategy's orders and positions say the same, and no displayed or traded lot explains two fills.

mod ledger;
mod tracked;

use libfuzzer_sys::fuzz_target;
use mainspring_native::book::any::{AnyBook, STRUCTURES};
use mainspring_native::kernel::event::{CLEAR, FRACTION, HALT, ID, LEVEL, QUOTE, RESUME, ROW, Row, TRADE};
use mainspring_native::kernel::handles::Handles;
use mainspring_native::kernel::manager::{Manager, Place};
use mainspring_native::kernel::runner::{Ended, Kernel, Subscription};
use mainspring_native::kernel::strategy::Strategy;
use mainspring_native::kernel::view::{BUFFER, MarketView, Request};
use mainspring_native::lane::market::Market;
use mainspring_native::lane::statistics::Options;
use mainspring_native::trading::gate::Check;
use mainspring_native::trading::position::Position;
use mainspring_native::trading::tracker::Tracker;
use mainspring_native::venue::PaperVenue;
use mainspring_native::venue::delay::Delay;
use mainspring_native::venue::queue::Queue;

use ledger::Ledger;

const MARKETS: usize = 2;
const DELAYS_NS: [i64; 4] = [0, 1, 60, 2_000_000];
const KINDS: [i16; 16] =
    [LEVEL, LEVEL, LEVEL, LEVEL, LEVEL, LEVEL, TRADE, TRADE, TRADE, QUOTE, QUOTE, CLEAR, HALT, RESUME, ID, FRACTION];
const MIDDLE: i64 = 100;

/// What is left of the input; zeros after its end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number around a middle; now and then one of the limits of 64 bits.
    fn number(&mut self, middle: i64, spread: u8) -> i64 {
        match self.next() {
            255 => i64::MAX,
            254 => i64::MIN,
            253 => 1 << 62,
            252 => 0,
            251 => -1,
            byte => middle + i64::from(byte % spread),
        }
    }
}

/// Asks for what the bytes say, the impossible included.
struct Reckless<'a>(Bytes<'a>);

impl Strategy for Reckless<'_> {
    fn call(&mut self, views: &mut [MarketView], market: usize, requests: &mut [Request; BUFFER]) -> bool {
        assert!(views[market].open_orders >= 0 && views[market].open_buy_lots >= 0);
        let bytes = &mut self.0;
        let first = bytes.next();
        let count = if first < 100 { 0 } else { usize::from(first % 4) };
        for request in &mut requests[1..=count] {
            *request = Request {
                action: i64::from(bytes.next() % 9),
                order_id: request_id(bytes.next(), views, market),
                market: i64::from(bytes.next() % 4) - 1,
                side: [1, -1, 1, -1, 1, -1, 0, 2][usize::from(bytes.next() % 8)],
                price_ticks: bytes.number(MIDDLE - 8, 16),
                size_lots: bytes.number(1, 30),
            };
        }
        requests[0].action = if first == 255 { bytes.number(0, 40) } else { count as i64 };
        true
    }
}

/// The id of one of the last orders, or of none.
fn request_id(byte: u8, views: &[MarketView], market: usize) -> i64 {
    views[market].event_order_id.max(8) + 4 - i64::from(byte % 16)
}

fn kernel(bytes: &mut Bytes<'_>) -> Kernel {
    let options = Options { keep: 0.5, warm_up_cells: 1, daily_volume_lots: None, daily_volatility: None };
    let [shape, queue, delays, flags, settle] = std::array::from_fn(|_| bytes.next());
    let checks = [
        Check::MaxOrderSize { max_lots: 25 },
        Check::MaxPosition { max_lots: 60 },
        Check::MaxOrderNotional { priced: flags & 64 == 0, max_units: 2_500 },
        Check::CollarBps { numerator: 300, base: 10_000, passive: Some((500, 10_000)) },
        Check::MaxBookAgeMs { max_ns: 1_000 },
    ];
    let chosen = || checks.iter().enumerate().filter(|(at, _)| shape >> at & 1 == 1).map(|(_, check)| *check).collect();
    let place = || Place {
        // The ladder's window takes long to make: it has one input in eight.
        book: AnyBook::new(STRUCTURES[[2, 0, 1, 3, 0, 1, 3, 0][usize::from(shape >> 5)]]),
        market: Market::new(options),
        position: Position::default(),
        handles: Handles::default(),
        checks: chosen(),
    };
    let model = [Queue::Proportional, Queue::Pessimistic, Queue::Power(2.5), Queue::Log2(1.0)][usize::from(queue % 4)];
    let delay = |byte: u8| (0..MARKETS).map(|_| Delay::Constant(DELAYS_NS[usize::from(byte % 4)])).collect();
    let venue = PaperVenue::new(
        vec![model; MARKETS],
        delay(delays),
        delay(delays / 4),
        (-50_000, 500_000),
        i64::from(settle) * 7,
    );
    let manager = Manager { tracker: Tracker::new(MARKETS, 0), venue, log: Vec::new(), refusals: Default::default() };
    let subscription = Subscription {
        bbo: flags & 1 == 0,
        trades: flags & 2 == 0,
        orders: flags & 4 == 0,
        rows: flags & 24 == 24,
        timer_ns: if flags & 32 == 0 { 0 } else { 500 },
    };
    Kernel::new((0..MARKETS).map(|_| place()).collect(), manager, subscription, 1_000)
}

/// The next rows: one, or the two sides of a quote.
fn rows(bytes: &mut Bytes<'_>, time_ns: &mut i64, out: &mut Vec<u8>) {
    let (first, second) = (bytes.next(), bytes.next());
    *time_ns += [0, 0, 1, 30, 100, 2_000][usize::from(second % 6)];
    let kind = if second == 255 { 99 } else { KINDS[usize::from(first % 16)] };
    // Times that can't be, and the past. Far ahead a timer would be due more often than there is time for.
    let time_ns = if second == 254 { bytes.number(0, 9) } else { *time_ns };
    let time_ns = if time_ns > 1 << 40 { i64::MAX } else { time_ns };
    let side = if first & 16 == 0 { 1 } else { -1 };
    let market = if first & 32 == 0 { 0 } else { u16::from(second % 64 == 0) * 6 + 1 };
    let mut row = Row {
        time_ns,
        price_ticks: if kind == ID { i64::from(second) } else { bytes.number(MIDDLE - 8, 16) },
        size_lots: bytes.number(0, 30),
        kind,
        market,
        side: if second % 32 == 1 { 0 } else { side },
        last: first & 64 == 0,
    };
    if kind == QUOTE && second % 16 != 3 {
        row = Row { side: 1, last: false, price_ticks: row.price_ticks.saturating_sub(side.max(0).into()), ..row };
        row.write(out);
        row = Row {
            side: -1,
            last: true,
            price_ticks: bytes.number(MIDDLE - 4, 12),
            size_lots: bytes.number(0, 30),
            ..row
        };
    }
    row.write(out);
}

fuzz_target!(|data: &[u8]| {
    let Some((&share, rest)) = data.split_first() else { return };
    let (market, asked) = rest.split_at(rest.len() * usize::from(share) / 256);
    let (mut bytes, mut strategy) = (Bytes(market), Reckless(Bytes(asked)));
    let mut kernel = kernel(&mut bytes);
    let (mut written, mut time_ns) = (Vec::new(), 0_i64);
    while !bytes.0.is_empty() {
        rows(&mut bytes, &mut time_ns, &mut written);
    }
    let rows = written.as_chunks::<ROW>().0;
    let (mut at, mut ledger) = (0, Ledger::new(MARKETS));
    while at < rows.len() {
        let (next, shown) = match kernel.run(rows, at, 1, &mut strategy) {
            Ok(next) => (next, next),
            // What came before the row that was refused was taken; more is counted than that, never less.
            Err(Ended::Refused(..)) => {
                let last = rows[at..].iter().position(|row| Row::read(row).last);
                (at + 1, last.map_or(rows.len(), |last| at + last + 1))
            }
            Err(Ended::Raised(_)) => unreachable!("the strategy never raises"),
        };
        rows[at..shown].iter().for_each(|row| ledger.show(&Row::read(row)));
        at = next;
        ledger.agree(&kernel);
    }
    assert_eq!(kernel.finish(&mut strategy), Ok(()));
    ledger.agree(&kernel);
});
