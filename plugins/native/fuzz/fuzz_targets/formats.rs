//! The formats that the decoders are fuzzed on: one of single messages in envelopes, one of batches, one of every shape
//! that is found by paths, one of single orders, and one of channels by number, items by key and messages of several kinds.

use std::sync::OnceLock;

use mainspring_native::book::any::{AnyBook, Structure};
use mainspring_native::book::{Book, Side};
use mainspring_native::wire::decoder::{Encoding, Decoder};
use mainspring_native::wire::event::{Event, Sink};
use mainspring_native::wire::program::Program;

const SINGLES: &str = include_str!("singles.json");
const BATCHES: &str = include_str!("batches.json");
const SHAPES: &str = include_str!("shapes.json");
const ORDERS: &str = include_str!("orders.json");
const COMPOSED: &str = include_str!("composed.json");
const INSTRUMENTS: &str = r#"[
    {"venue_symbol": "BTCUSDT", "tick_size": "0.01", "lot_size": "0.000001"},
    {"venue_symbol": "BTC/USD", "tick_size": "1E-9", "lot_size": "0.25"}
]"#;

/// Events by their text, so that NaN equals itself.
#[derive(Default)]
struct Seen(Vec<String>);

impl Sink for Seen {
    fn event(&mut self, event: Event<'_>) {
        self.0.push(format!("{event:?}"));
    }
}

/// Books that keep the orders of every event.
struct Books([AnyBook; 2]);

impl Books {
    fn new() -> Books {
        Books([(); 2].map(|()| AnyBook::new(Structure::OrderList)))
    }

    /// A level whose orders are known has their sum.
    fn check(&self) {
        for book in &self.0 {
            for side in [Side::Buy, Side::Sell] {
                let mut levels = Vec::new();
                book.depth(side, usize::MAX, &mut levels);
                for level in levels {
                    let orders = book.orders_at(side, level.price);
                    let sum: i128 = orders.iter().map(|order| i128::from(order.lots)).sum();
                    assert!(orders.iter().all(|order| order.lots > 0));
                    assert_eq!(i128::from(level.lots), sum.min(i128::from(i64::MAX)));
                }
            }
        }
    }
}

impl Sink for Books {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Delta(depth, bids, asks) => self.0[depth.instrument].apply_delta(bids, asks),
            Event::Snapshot(depth, bids, asks) => self.0[depth.instrument].apply_snapshot(bids, asks),
            Event::Orders(depth, orders) => self.0[depth.instrument].apply_orders(orders),
            Event::Invalid { instrument, .. } => self.0[instrument].clear(),
            Event::Changes(_) => unreachable!("changes stay within the decoder"),
            _ => {}
        }
    }
}

/// New decoders of both formats, for one instrument and for two. They are made once, and copied for each input.
fn decoders(encoding: Encoding) -> &'static [Decoder] {
    static MADE: OnceLock<Vec<Decoder>> = OnceLock::new();
    MADE.get_or_init(|| {
        let all: Vec<_> = serde_json::from_str(INSTRUMENTS).expect("instruments");
        let decoder = |text, instruments| {
            let format = serde_json::from_str(text).expect("a format");
            Decoder::new(Program::new(format, &all[..instruments]).expect("a program"), encoding)
        };
        let shapes = |text, instruments| {
            let format = serde_json::from_str(text).expect("a format");
            Decoder::by_paths(format, &all[..instruments], encoding, true).expect("a decoder")
        };
        let flat = [(SINGLES, 1), (SINGLES, 2), (BATCHES, 1), (BATCHES, 2)].map(|(text, count)| decoder(text, count));
        let by_paths = [(SHAPES, 1), (SHAPES, 2), (COMPOSED, 2), (ORDERS, 2)].map(|(text, count)| shapes(text, count));
        flat.into_iter().chain(by_paths).collect()
    })
}

/// Every message, cut at newlines, is read on both ways: what one takes the other takes, with the same events.
pub fn agree(encoding: Encoding, data: &[u8], cut: u8) {
    let made = decoders(encoding);
    orders_make_levels(made.last().expect("one of orders"), data, cut);
    for made in made {
        let (mut fast, mut general) = (made.clone(), made.clone());
        for (number, raw) in data.split(|&byte| byte == cut).enumerate().take(64) {
            let (mut told, mut right) = (Seen::default(), Seen::default());
            let read = fast.on_message(raw, number as i64, &mut told);
            let plainly = general.on_message_generally(raw, number as i64, &mut right);
            assert_eq!(read.is_ok(), plainly.is_ok(), "{read:?} and {plainly:?} of {:?}", String::from_utf8_lossy(raw));
            assert_eq!(told.0, right.0, "of {:?}", String::from_utf8_lossy(raw));
            if let Err(fault) = read {
                assert!(fault.at <= fast.read_from(raw).len());
            }
        }
        assert_eq!(fast.counts(), general.counts());
        assert_eq!(fast.causes(), general.causes());
    }
}

/// Of messages about single orders, the orders that are emitted make the levels that are.
fn orders_make_levels(made: &Decoder, data: &[u8], cut: u8) {
    let (mut decoder, mut books) = (made.clone(), Books::new());
    for (number, raw) in data.split(|&byte| byte == cut).enumerate().take(64) {
        // What is refused was checked not to differ.
        let _ = decoder.on_message(raw, number as i64, &mut books);
        books.check();
    }
}
