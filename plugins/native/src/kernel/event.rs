//! Rows of events: what `mainspring_native.replay.EVENT` is as a NumPy type.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::event::{Event, NO_ID, PRINT_MATCH, Sink};

/// The bytes of a row.
pub const ROW: usize = 32;

/// A level has a new size.
pub const LEVEL: i16 = 1;
/// The book is empty, and not to be trusted before a message with levels has ended.
pub const CLEAR: i16 = 2;
/// A trade was printed.
pub const TRADE: i16 = 3;
/// Trading stopped.
pub const HALT: i16 = 4;
/// Trading goes on.
pub const RESUME: i16 = 5;
/// The venue's best bid; the next row is its best ask.
pub const QUOTE: i16 = 6;
/// The venue's id of the levels or the quote that follow, in place of the price.
pub const ID: i16 = 7;
/// How far the price of the trade that follows lies above its ticks, in billionths of a tick, in place of the price.
pub const FRACTION: i16 = 8;

/// A row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// When the message was received, in nanoseconds since the Unix epoch.
    pub time_ns: i64,
    /// The price, in ticks.
    pub price_ticks: i64,
    /// The size, in lots.
    pub size_lots: i64,
    /// What it is.
    pub kind: i16,
    /// The index of its market.
    pub market: u16,
    /// 1 for bids and buyers, -1 for asks and sellers, 0 where the venue doesn't say.
    pub side: i16,
    /// Whether the message ends with it.
    pub last: bool,
}

fn part<const N: usize>(row: &[u8; ROW], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&row[at..at + N]);
    bytes
}

impl Row {
    /// The row that these bytes are.
    #[inline]
    pub fn read(row: &[u8; ROW]) -> Row {
        Row {
            time_ns: i64::from_le_bytes(part(row, 0)),
            price_ticks: i64::from_le_bytes(part(row, 8)),
            size_lots: i64::from_le_bytes(part(row, 16)),
            kind: i16::from_le_bytes(part(row, 24)),
            market: u16::from_le_bytes(part(row, 26)),
            side: i16::from_le_bytes(part(row, 28)),
            last: i16::from_le_bytes(part(row, 30)) != 0,
        }
    }

    /// Adds the row's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        for field in [self.time_ns, self.price_ticks, self.size_lots] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(&self.kind.to_le_bytes());
        out.extend_from_slice(&self.market.to_le_bytes());
        out.extend_from_slice(&self.side.to_le_bytes());
        out.extend_from_slice(&i16::from(self.last).to_le_bytes());
    }
}

/// Turns events into rows. Bars, mark prices and messages about the connection make none.
#[derive(Debug, Default)]
pub struct Rows {
    instruments: Vec<usize>,
    quotes: bool,
    /// The rows so far.
    pub bytes: Vec<u8>,
    message: Vec<Row>,
}

impl Rows {
    /// Rows of the instruments of these indexes; the first of them is market 0. With `quotes` the venue's own best prices are
    /// among them, and the ids by which they are told apart from older levels.
    pub fn new(instruments: Vec<usize>, quotes: bool) -> Self {
        Rows { instruments, quotes, ..Rows::default() }
    }

    /// The number of an instrument's market.
    fn market(&self, instrument: usize) -> Option<u16> {
        let found = self.instruments.iter().position(|one| *one == instrument);
        found.and_then(|at| u16::try_from(at).ok())
    }

    /// Ends a message, whose last row is marked.
    pub fn end_message(&mut self) {
        if let Some(last) = self.message.last_mut() {
            last.last = true;
        }
        for row in self.message.drain(..) {
            row.write(&mut self.bytes);
        }
    }

    fn levels(&mut self, market: u16, time_ns: i64, bids: &[Level], asks: &[Level]) {
        for (side, rows) in [(1, bids), (-1, asks)] {
            for level in rows {
                let (price_ticks, size_lots) = (level.price, level.lots);
                let row = Row { time_ns, price_ticks, size_lots, kind: LEVEL, market, side, last: false };
                self.message.push(row);
            }
        }
    }

    fn id(&mut self, market: u16, time_ns: i64, id: i64) {
        if self.quotes && id != NO_ID {
            self.message.push(Row { time_ns, price_ticks: id, kind: ID, market, ..Row::default() });
        }
    }

    fn bare(&mut self, market: u16, time_ns: i64, kind: i16) {
        self.message.push(Row { time_ns, kind, market, ..Row::default() });
    }
}

impl Sink for Rows {
    fn event(&mut self, event: Event<'_>) {
        let instrument = match event {
            Event::Delta(depth, ..) | Event::Snapshot(depth, ..) => depth.instrument,
            Event::Invalid { instrument, .. } => instrument,
            Event::Trade(trade) if trade.counts & PRINT_MATCH != 0 => trade.instrument,
            Event::Status(status) => status.instrument,
            Event::Quote(quote) if self.quotes => quote.instrument,
            Event::Quote(_)
            | Event::Trade(_)
            | Event::Correction(_)
            | Event::Bar(_)
            | Event::Mark(_)
            | Event::Control(_)
            | Event::Orders(..)
            | Event::Changes(_) => return,
        };
        let Some(market) = self.market(instrument) else { return };
        match event {
            Event::Delta(depth, bids, asks) => {
                self.id(market, depth.receive_time_ns, depth.last_id);
                self.levels(market, depth.receive_time_ns, bids, asks);
            }
            Event::Quote(quote) => {
                let time_ns = quote.receive_time_ns;
                self.id(market, time_ns, quote.update_id);
                for (side, level) in [(1, quote.bid), (-1, quote.ask)] {
                    let (price_ticks, size_lots) = (level.price, level.lots);
                    let row = Row { time_ns, price_ticks, size_lots, kind: QUOTE, market, side, last: false };
                    self.message.push(row);
                }
            }
            Event::Snapshot(depth, bids, asks) => {
                self.id(market, depth.receive_time_ns, depth.last_id);
                self.bare(market, depth.receive_time_ns, CLEAR);
                self.levels(market, depth.receive_time_ns, bids, asks);
            }
            Event::Invalid { receive_time_ns, .. } => self.bare(market, receive_time_ns, CLEAR),
            Event::Trade(trade) => {
                let side = trade.aggressor.signum() as i16;
                let (time_ns, price_ticks, size_lots) = (trade.receive_time_ns, trade.price_ticks, trade.size_lots);
                if trade.fraction_nanoticks != 0 {
                    let price_ticks = trade.fraction_nanoticks;
                    self.message.push(Row { time_ns, price_ticks, kind: FRACTION, market, ..Row::default() });
                }
                self.message.push(Row { time_ns, price_ticks, size_lots, kind: TRADE, market, side, last: false });
            }
            Event::Status(status) => {
                if let Some(trading) = status.trading {
                    self.bare(market, status.receive_time_ns, if trading { RESUME } else { HALT });
                }
            }
            _ => {}
        }
    }
}
