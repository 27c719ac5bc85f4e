//! A B-tree a side: the structure that the field's decoders usually take, and the baseline of the others.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::book::two_sided::{Half, TwoSided};
use crate::book::{Level, Side};

/// A book of B-trees.
pub type BTreeBook = TwoSided<BTree>;

/// One side.
#[derive(Clone, Debug)]
pub struct BTree {
    side: Side,
    levels: BTreeMap<i64, i64>,
}

impl Half for BTree {
    fn new(side: Side) -> Self {
        BTree { side, levels: BTreeMap::new() }
    }

    #[inline]
    fn set(&mut self, price: i64, lots: i64) {
        if lots == 0 {
            self.levels.remove(&price);
        } else {
            self.levels.insert(price, lots);
        }
    }

    fn clear(&mut self) {
        self.levels.clear();
    }

    #[inline]
    fn best(&self) -> Option<Level> {
        let (&price, &lots) = match self.side {
            Side::Buy => self.levels.last_key_value()?,
            Side::Sell => self.levels.first_key_value()?,
        };
        Some(Level { price, lots })
    }

    fn lots_at(&self, price: i64) -> i64 {
        self.levels.get(&price).copied().unwrap_or(0)
    }

    fn visit(&self, mut visit: impl FnMut(Level) -> ControlFlow<()>) {
        let mut one = |(&price, &lots): (&i64, &i64)| visit(Level { price, lots });
        let _ = match self.side {
            Side::Buy => self.levels.iter().rev().try_for_each(&mut one),
            Side::Sell => self.levels.iter().try_for_each(&mut one),
        };
    }

    fn len(&self) -> usize {
        self.levels.len()
    }

    /// An estimate, as the tree doesn't report it: nodes hold at most eleven levels and are two thirds full.
    fn memory_bytes(&self) -> usize {
        const NODE: usize = 11 * 16 + 16;
        size_of::<Self>() + self.levels.len() * 3 / 2 / 11 * NODE + usize::from(!self.levels.is_empty()) * NODE
    }
}
