//! The levels of a message, in memory that is kept for the next.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::fields::RowRange;
use crate::wire::tree::ledger::Row;

/// The levels of a message by side, bids first.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    /// Prices and sizes.
    pub levels: [Vec<Level>; 2],
    /// What else the ledger has to know of each, if the format has a ledger.
    pub rows: [Vec<Row>; 2],
}

impl Arena {
    /// Forgets all levels.
    #[inline]
    pub fn clear(&mut self) {
        self.levels.iter_mut().for_each(Vec::clear);
        self.rows.iter_mut().for_each(Vec::clear);
    }

    /// Adds a level.
    #[inline]
    pub fn push(&mut self, bid: bool, level: Level) {
        self.levels[usize::from(!bid)].push(level);
    }

    /// Adds a level for the ledger.
    #[inline]
    pub fn push_row(&mut self, bid: bool, level: Level, row: Row) {
        self.push(bid, level);
        self.rows[usize::from(!bid)].push(row);
    }

    /// Where the next bid and the next offer go.
    #[inline]
    pub fn ends(&self) -> [u32; 2] {
        [self.levels[0].len() as u32, self.levels[1].len() as u32]
    }

    /// The bids and the offers from there on.
    #[inline]
    pub fn since(&self, starts: [u32; 2]) -> (RowRange, RowRange) {
        let [bids, asks] = self.ends();
        ((starts[0], bids), (starts[1], asks))
    }

    /// Levels of a side: 0 for bids.
    #[inline]
    pub fn side(&self, side: usize, (start, end): RowRange) -> &[Level] {
        self.levels[side].get(start as usize..end as usize).unwrap_or_default()
    }
}
