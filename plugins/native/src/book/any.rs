//! A book of whichever structure was chosen, without a virtual call.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use crate::book::btree::BTreeBook;
use crate::book::ladder::LadderBook;
use crate::book::order_list::OrderListBook;
use crate::book::queues::{OrderId, QueuePlace, RestingOrder};
use crate::book::sorted_vec::SortedVecBook;
use crate::book::{Bbo, Book, Level, Side, Walk};

/// A structure of books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// Sorted vectors.
    SortedVec,
    /// B-trees.
    BTree,
    /// Ladders.
    Ladder,
    /// Single orders, next to ladders.
    OrderList,
}

/// Every structure.
pub const STRUCTURES: [Structure; 4] =
    [Structure::SortedVec, Structure::BTree, Structure::Ladder, Structure::OrderList];

impl Structure {
    /// Its name, as the config has it.
    pub fn name(self) -> &'static str {
        match self {
            Structure::SortedVec => "sorted-vec",
            Structure::BTree => "btree",
            Structure::Ladder => "ladder",
            Structure::OrderList => "order-list",
        }
    }

    /// The structure of a name.
    pub fn named(name: &str) -> Option<Structure> {
        STRUCTURES.into_iter().find(|structure| structure.name() == name)
    }
}

/// A book of one of the structures.
#[derive(Clone, Debug)]
pub enum AnyBook {
    /// Of sorted vectors.
    SortedVec(SortedVecBook),
    /// Of B-trees.
    BTree(BTreeBook),
    /// Of ladders.
    Ladder(LadderBook),
    /// Of single orders.
    OrderList(OrderListBook),
}

impl AnyBook {
    /// An empty book.
    pub fn new(structure: Structure) -> Self {
        match structure {
            Structure::SortedVec => AnyBook::SortedVec(SortedVecBook::new()),
            Structure::BTree => AnyBook::BTree(BTreeBook::new()),
            Structure::Ladder => AnyBook::Ladder(LadderBook::new()),
            Structure::OrderList => AnyBook::OrderList(OrderListBook::new()),
        }
    }
}

macro_rules! each {
    ($book:expr, $one:ident => $call:expr) => {
        match $book {
            AnyBook::SortedVec($one) => $call,
            AnyBook::BTree($one) => $call,
            AnyBook::Ladder($one) => $call,
            AnyBook::OrderList($one) => $call,
        }
    };
}

impl Book for AnyBook {
    #[inline]
    fn set(&mut self, side: Side, price: i64, lots: i64) {
        each!(self, book => book.set(side, price, lots));
    }

    #[inline]
    fn apply_delta(&mut self, bids: &[Level], asks: &[Level]) {
        each!(self, book => book.apply_delta(bids, asks));
    }

    fn apply_snapshot(&mut self, bids: &[Level], asks: &[Level]) {
        each!(self, book => book.apply_snapshot(bids, asks));
    }

    fn apply_orders(&mut self, orders: &[RestingOrder]) {
        each!(self, book => book.apply_orders(orders));
    }

    fn queue_place(&self, id: &OrderId) -> Option<QueuePlace> {
        each!(self, book => book.queue_place(id))
    }

    fn orders_at(&self, side: Side, price: i64) -> Vec<RestingOrder> {
        each!(self, book => book.orders_at(side, price))
    }

    fn clear(&mut self) {
        each!(self, book => book.clear());
    }

    #[inline]
    fn bbo(&self) -> Bbo {
        each!(self, book => book.bbo())
    }

    fn lots_at(&self, side: Side, price: i64) -> i64 {
        each!(self, book => book.lots_at(side, price))
    }

    fn visit(&self, side: Side, visit: &mut dyn FnMut(Level) -> ControlFlow<()>) {
        each!(self, book => book.visit(side, visit));
    }

    fn depth(&self, side: Side, levels: usize, out: &mut Vec<Level>) {
        each!(self, book => book.depth(side, levels, out));
    }

    fn walk(&self, side: Side, lots: i64) -> Walk {
        each!(self, book => book.walk(side, lots))
    }

    fn len(&self) -> usize {
        each!(self, book => book.len())
    }

    fn memory_bytes(&self) -> usize {
        each!(self, book => book.memory_bytes())
    }
}
