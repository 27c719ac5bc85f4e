//! Rows of events: what `mainspring_native.replay.EVENT` is as a NumPy type.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::event::{Event, PRINT_MATCH, Sink};

/// The bytes of a row.
pub const ROW: usize = 32;

/// A level has a new size.
pub const LEVEL: i32 = 1;
/// The book is empty, and not to be trusted before a message with levels has ended.
pub const CLEAR: i32 = 2;
/// A trade was printed.
pub const TRADE: i32 = 3;
/// Trading stopped.
pub const HALT: i32 = 4;
/// Trading goes on.
pub const RESUME: i32 = 5;

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
    pub kind: i32,
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
            kind: i32::from_le_bytes(part(row, 24)),
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
        out.extend_from_slice(&self.side.to_le_bytes());
        out.extend_from_slice(&i16::from(self.last).to_le_bytes());
    }
}

/// Turns the events of one instrument into rows. Quotes, bars and messages about the connection make none.
#[derive(Debug, Default)]
pub struct Rows {
    instrument: usize,
    /// The rows so far.
    pub bytes: Vec<u8>,
    message: Vec<Row>,
}

impl Rows {
    /// Rows of the instrument of this index.
    pub fn new(instrument: usize) -> Self {
        Rows { instrument, ..Rows::default() }
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

    fn levels(&mut self, time_ns: i64, bids: &[Level], asks: &[Level]) {
        for (side, rows) in [(1, bids), (-1, asks)] {
            for level in rows {
                let (price_ticks, size_lots) = (level.price, level.lots);
                self.message.push(Row { time_ns, price_ticks, size_lots, kind: LEVEL, side, last: false });
            }
        }
    }

    fn bare(&mut self, time_ns: i64, kind: i32) {
        self.message.push(Row { time_ns, kind, ..Row::default() });
    }
}

impl Sink for Rows {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Delta(depth, bids, asks) if depth.instrument == self.instrument => {
                self.levels(depth.receive_time_ns, bids, asks);
            }
            Event::Snapshot(depth, bids, asks) if depth.instrument == self.instrument => {
                self.bare(depth.receive_time_ns, CLEAR);
                self.levels(depth.receive_time_ns, bids, asks);
            }
            Event::Invalid { instrument, receive_time_ns, .. } if instrument == self.instrument => {
                self.bare(receive_time_ns, CLEAR);
            }
            Event::Trade(trade) if trade.instrument == self.instrument && trade.counts & PRINT_MATCH != 0 => {
                let side = trade.aggressor.signum() as i16;
                let (time_ns, price_ticks, size_lots) = (trade.receive_time_ns, trade.price_ticks, trade.size_lots);
                self.message.push(Row { time_ns, price_ticks, size_lots, kind: TRADE, side, last: false });
            }
            Event::Status(status) if status.instrument == self.instrument => {
                if let Some(trading) = status.trading {
                    self.bare(status.receive_time_ns, if trading { RESUME } else { HALT });
                }
            }
            _ => {}
        }
    }
}
