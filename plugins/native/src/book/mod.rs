//! Order books: integer ticks and lots, one structure a file, behind one trait.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use crate::book::queues::{OrderId, QueuePlace, RestingOrder};

pub mod any;
pub mod btree;
pub mod ladder;
pub mod order_list;
pub mod queues;
pub mod sorted_vec;
pub mod two_sided;

/// A side of a book. `Buy` is the bids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The bids: best is highest.
    Buy,
    /// The asks: best is lowest.
    Sell,
}

/// A price in ticks and a size in lots, each of 0 to `i64::MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Price in ticks.
    pub price: i64,
    /// Size in lots. 0 in a delta's row removes the level.
    pub lots: i64,
}

/// Best bid and offer. A side of 0 lots is empty, and its price is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bbo {
    /// The best bid.
    pub bid: Level,
    /// The best ask.
    pub ask: Level,
}

/// What a market order of some size would meet: see `mainspring.model.Walk`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// How many lots would be filled.
    pub filled: i64,
    /// How many would not.
    pub unfilled: i64,
    /// The sum of price times size over the levels taken, exact.
    pub cost: i128,
    /// The price of the last level touched, 0 if none was.
    pub worst: i64,
    /// How many levels were touched.
    pub levels: i64,
}

/// The levels of one instrument. The contract is that of `mainspring.seams.Book`.
pub trait Book: Send {
    /// Sets a level to its new size; 0 lots removes it, and removing one that isn't there does nothing.
    fn set(&mut self, side: Side, price: i64, lots: i64);

    /// Sets each level named, in order, so that the later of two rows of one price counts.
    fn apply_delta(&mut self, bids: &[Level], asks: &[Level]) {
        for row in bids {
            self.set(Side::Buy, row.price, row.lots);
        }
        for row in asks {
            self.set(Side::Sell, row.price, row.lots);
        }
    }

    /// Replaces everything. Rows of 0 lots are left out.
    fn apply_snapshot(&mut self, bids: &[Level], asks: &[Level]);

    /// Takes single orders as they stand now, whose levels the book has already. A structure of levels keeps none.
    fn apply_orders(&mut self, _orders: &[RestingOrder]) {}

    /// Where an order waits; `None` if it isn't there, or the structure keeps none.
    fn queue_place(&self, _id: &OrderId) -> Option<QueuePlace> {
        None
    }

    /// The orders at a price, the first in the queue first.
    fn orders_at(&self, _side: Side, _price: i64) -> Vec<RestingOrder> {
        Vec::new()
    }

    /// Empties both sides.
    fn clear(&mut self);

    /// The best level of each side.
    fn bbo(&self) -> Bbo;

    /// The size at a price; 0 if none stands there.
    fn lots_at(&self, side: Side, price: i64) -> i64;

    /// Visits the levels of a side, best first, until `visit` breaks.
    fn visit(&self, side: Side, visit: &mut dyn FnMut(Level) -> ControlFlow<()>);

    /// The level at a place of a side, counted from 0, best first.
    fn level(&self, side: Side, at: usize) -> Option<Level> {
        let (mut left, mut found) = (at, None);
        self.visit(side, &mut |level| {
            if left == 0 {
                found = Some(level);
                return ControlFlow::Break(());
            }
            left -= 1;
            ControlFlow::Continue(())
        });
        found
    }

    /// Adds the best `levels` levels of a side to `out`, best first.
    fn depth(&self, side: Side, levels: usize, out: &mut Vec<Level>);

    /// What an order of `lots` on `side` would meet: a buy walks up the asks, a sell down the bids.
    fn walk(&self, side: Side, lots: i64) -> Walk;

    /// How many levels stand on both sides together.
    fn len(&self) -> usize;

    /// Whether no level stands on either side.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that the book holds, its own struct included.
    fn memory_bytes(&self) -> usize;
}
