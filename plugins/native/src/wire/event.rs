//! What a message says, in ticks and lots: the Rust side of `mainspring.model.events`.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::book::queues::RestingOrder;
use crate::wire::tree::orders::OrderChange;

/// Stands for an id that the venue doesn't send.
pub const NO_ID: i64 = -1;

/// A delta or a snapshot without its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// The index of the instrument.
    pub instrument: usize,
    /// When it was received, in nanoseconds since the Unix epoch.
    pub receive_time_ns: i64,
    /// The venue's time, likewise.
    pub event_time_ns: i64,
    /// The first id that it covers; `NO_ID` for a snapshot.
    pub first_id: i64,
    /// The last id.
    pub last_id: i64,
    /// The last id of the delta before.
    pub previous_id: i64,
}

/// The venue's best bid and offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.Quote`")]
pub struct Quote {
    pub instrument: usize,
    pub receive_time_ns: i64,
    pub event_time_ns: i64,
    pub update_id: i64,
    pub bid: Level,
    pub ask: Level,
}

/// A print that counts as the last price.
pub const PRINT_LAST: i64 = 1;

/// A print that counts in the volume.
pub const PRINT_VOLUME: i64 = 2;

/// A print of a match in this market.
pub const PRINT_MATCH: i64 = 4;

/// A print that counts for high and low.
pub const PRINT_EXTREMES: i64 = 8;

/// A print that counts for everything.
pub const PRINT_ALL: i64 = PRINT_LAST | PRINT_VOLUME | PRINT_MATCH | PRINT_EXTREMES;

/// A trade print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.Trade`")]
pub struct Trade {
    pub instrument: usize,
    pub receive_time_ns: i64,
    pub event_time_ns: i64,
    pub trade_id: i64,
    pub price_ticks: i64,
    pub size_lots: i64,
    pub aggressor: i64,
    pub counts: i64,
    pub fraction_nanoticks: i64,
}

/// A print that was reported wrongly: what was reported, and what is right; nothing if it never took place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.TradeCorrection`")]
pub struct Correction {
    pub instrument: usize,
    pub receive_time_ns: i64,
    pub event_time_ns: i64,
    pub was: Trade,
    pub now: Option<Trade>,
}

/// Trading over an interval. `prices` are open, high, low and close.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.Bar`")]
pub struct Bar {
    pub instrument: usize,
    pub receive_time_ns: i64,
    pub event_time_ns: i64,
    pub prices: [i64; 4],
    pub volume_lots: i64,
    pub trades: i64,
    pub vwap: f64,
    pub fractions_nanoticks: [i64; 4],
}

/// An instrument's status as the venue reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.InstrumentStatus`")]
pub struct Status {
    pub instrument: usize,
    pub receive_time_ns: i64,
    pub event_time_ns: i64,
    pub code: String,
    pub text: String,
    pub trading: Option<bool>,
}

/// The venue's mark price and what it funds next, as decimal text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.MarkPrice`")]
pub struct Mark {
    pub instrument: usize,
    pub receive_time_ns: i64,
    pub event_time_ns: i64,
    pub mark_price: String,
    pub funding_rate: Option<String>,
    pub funding_time_ns: i64,
}

/// A message about the connection. `declaration` is the index of its declaration, which names its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.Control`")]
pub struct Control {
    pub receive_time_ns: i64,
    pub declaration: usize,
    pub code: String,
    pub text: String,
}

/// An event with borrowed rows.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Levels that changed: bids, asks.
    Delta(&'a Depth, &'a [Level], &'a [Level]),
    /// A whole book: bids, asks.
    Snapshot(&'a Depth, &'a [Level], &'a [Level]),
    /// What became of single orders, after the delta or the snapshot of their levels.
    Orders(&'a Depth, &'a [RestingOrder]),
    /// Changes of orders whose levels aren't known yet: it stays within the decoder, between numbering and ledger, and
    /// follows a delta or a snapshot without levels.
    Changes(&'a [OrderChange]),
    /// The book of an instrument isn't to be trusted any more, since that receive time.
    Invalid {
        /// The index of the instrument.
        instrument: usize,
        /// When the message at which it showed was received.
        receive_time_ns: i64,
        /// What showed it.
        cause: Cause,
    },
    /// The venue's best prices.
    Quote(&'a Quote),
    /// A trade.
    Trade(&'a Trade),
    /// A print that is corrected or cancelled.
    Correction(&'a Correction),
    /// A bar.
    Bar(&'a Bar),
    /// A status.
    Status(&'a Status),
    /// A mark price.
    Mark(&'a Mark),
    /// A message about the connection.
    Control(&'a Control),
}

/// Takes the events that come of messages, in order.
pub trait Sink {
    /// One event.
    fn event(&mut self, event: Event<'_>);
}

/// Why a message didn't change its book when it came: see `mainspring.wire.Cause`, whose order this has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the members are those of `mainspring.wire.Cause`")]
pub enum Cause {
    Stale,
    Duplicate,
    OutOfOrder,
    NoTrade,
    PreSnapshot,
    Gap,
    Checksum,
    Connection,
    Reach,
    Quarantined,
    View,
    Overflow,
    UnknownSymbol,
    Ignored,
}

/// The names of the causes, as `mainspring.wire.Cause` has them.
pub const CAUSES: [&str; 14] = [
    "stale",
    "duplicate",
    "out-of-order",
    "no-trade",
    "pre-snapshot",
    "gap",
    "checksum",
    "connection",
    "reach",
    "quarantined",
    "view",
    "overflow",
    "unknown-symbol",
    "ignored",
];

/// How many messages there were of each cause.
pub type CauseCounts = [u64; CAUSES.len()];
