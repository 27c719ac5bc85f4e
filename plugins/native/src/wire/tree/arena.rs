//! The levels of a message, in memory that is kept for the next.

#![forbid(unsafe_code)]

use crate::book::Level;
use crate::wire::fields::RowRange;
use crate::wire::tree::ledger::{LevelId, Row, Sent};
use crate::wire::tree::node::Message;

/// The levels of a message by side, bids first.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    /// Prices and sizes.
    pub levels: [Vec<Level>; 2],
    /// What else the ledger has to know of each, if the format has a ledger.
    pub rows: [Vec<Row>; 2],
    /// The ids of the levels, up to the last one that has any.
    pub ids: [Vec<Option<LevelId>>; 2],
}

impl Arena {
    /// Forgets all levels.
    #[inline]
    pub fn clear(&mut self) {
        self.levels.iter_mut().for_each(Vec::clear);
        self.rows.iter_mut().for_each(Vec::clear);
        self.ids.iter_mut().for_each(Vec::clear);
    }

    /// Adds a level; with `TEXTS`, with what the ledger has to know of it.
    #[inline(always)]
    pub fn push<const TEXTS: bool>(&mut self, bid: bool, level: Level, row: Row) {
        let side = usize::from(!bid);
        self.levels[side].push(level);
        if TEXTS {
            self.rows[side].push(row);
        }
    }

    /// Adds the id of the level that was added last.
    pub fn push_id(&mut self, bid: bool, id: LevelId) {
        let side = usize::from(!bid);
        self.ids[side].resize(self.levels[side].len() - 1, None);
        self.ids[side].push(Some(id));
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

    /// These bids and offers, with what the ledger has to know of them.
    #[inline]
    pub fn sent<'a>(&'a self, sides: [RowRange; 2], message: Message<'a>) -> Sent<'a> {
        let rows = |side: usize| {
            let (start, end): RowRange = sides[side];
            self.rows[side].get(start as usize..end as usize).unwrap_or_default()
        };
        Sent { levels: [self.side(0, sides[0]), self.side(1, sides[1])], rows: [rows(0), rows(1)], message }
    }

    /// Levels of a side: 0 for bids.
    #[inline]
    pub fn side(&self, side: usize, (start, end): RowRange) -> &[Level] {
        self.levels[side].get(start as usize..end as usize).unwrap_or_default()
    }
}
