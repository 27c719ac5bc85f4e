//! A book that keeps single orders: linked queues next to the levels of a ladder.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use crate::book::ladder::LadderBook;
use crate::book::queues::{OrderId, QueuePlace, Queues, RestingOrder};
use crate::book::{Bbo, Book, Level, Side, Walk};

/// Levels and orders.
#[derive(Clone, Debug, Default)]
pub struct OrderListBook {
    levels: LadderBook,
    queues: Queues,
}

impl OrderListBook {
    /// An empty book.
    pub fn new() -> Self {
        OrderListBook::default()
    }
}

impl Book for OrderListBook {
    fn set(&mut self, side: Side, price: i64, lots: i64) {
        self.levels.set(side, price, lots);
        if lots == 0 {
            self.queues.drop_level(side, price);
        }
    }

    /// The later of two rows of one price counts: a level that is there after all keeps its orders.
    fn apply_delta(&mut self, bids: &[Level], asks: &[Level]) {
        self.levels.apply_delta(bids, asks);
        for (side, rows) in [(Side::Buy, bids), (Side::Sell, asks)] {
            for row in rows {
                if row.lots == 0 && self.levels.lots_at(side, row.price) == 0 {
                    self.queues.drop_level(side, row.price);
                }
            }
        }
    }

    fn apply_snapshot(&mut self, bids: &[Level], asks: &[Level]) {
        self.levels.apply_snapshot(bids, asks);
        self.queues.clear();
    }

    fn apply_orders(&mut self, orders: &[RestingOrder]) {
        orders.iter().for_each(|order| self.queues.set(order.clone()));
    }

    fn queue_place(&self, id: &OrderId) -> Option<QueuePlace> {
        self.queues.queue_place(id)
    }

    fn orders_at(&self, side: Side, price: i64) -> Vec<RestingOrder> {
        self.queues.orders_at(side, price).cloned().collect()
    }

    fn clear(&mut self) {
        self.levels.clear();
        self.queues.clear();
    }

    #[inline]
    fn bbo(&self) -> Bbo {
        self.levels.bbo()
    }

    fn lots_at(&self, side: Side, price: i64) -> i64 {
        self.levels.lots_at(side, price)
    }

    fn visit(&self, side: Side, visit: &mut dyn FnMut(Level) -> ControlFlow<()>) {
        self.levels.visit(side, visit);
    }

    fn depth(&self, side: Side, levels: usize, out: &mut Vec<Level>) {
        self.levels.depth(side, levels, out);
    }

    fn walk(&self, side: Side, lots: i64) -> Walk {
        self.levels.walk(side, lots)
    }

    fn len(&self) -> usize {
        self.levels.len()
    }

    fn memory_bytes(&self) -> usize {
        self.levels.memory_bytes() + self.queues.memory_bytes()
    }
}
