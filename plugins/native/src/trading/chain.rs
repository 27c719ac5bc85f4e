//! Lists of orders that an order enters at the end and leaves from anywhere, in constant time and without allocating: the
//! links are kept with the orders. The twins are the ordered dictionaries of `mainspring.orders.tracker`.

#![forbid(unsafe_code)]

use crate::slab::Slab;
use crate::trading::order::Order;

/// The lists that an order can be in, by the place of its link in `Slot::links`.
#[derive(Clone, Copy, Debug)]
pub enum List {
    /// Of all open orders, or of those of one strategy in one instrument.
    Open,
    OpenOfStrategy,
    /// Of orders whose answer can be overdue.
    Due,
}

/// When no answer of an order can be overdue. No time is, as it is some time after another.
pub const NOT_DUE_NS: i64 = i64::MIN;

/// An order, its neighbours in each list, and when its answer is overdue.
#[derive(Debug)]
pub struct Slot {
    pub order: Order,
    pub links: [Link; 3],
    /// `NOT_DUE_NS` if the order isn't in that list.
    pub due_ns: i64,
}

impl Slot {
    /// An order that is in no list.
    #[inline]
    pub fn new(order: Order) -> Slot {
        Slot { order, links: [Link { previous: NONE, next: NONE }; 3], due_ns: NOT_DUE_NS }
    }
}

/// The neighbours in a list: their places, or `NONE`.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    previous: u32,
    next: u32,
}

/// No place: a slab hasn't as many.
const NONE: u32 = u32::MAX;

fn known(place: u32) -> Option<u32> {
    (place != NONE).then_some(place)
}

/// The ends of a list of orders, by their slots.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chain {
    first: Option<u32>,
    last: Option<u32>,
}

impl Chain {
    /// The slot of the first order.
    pub fn first(&self) -> Option<u32> {
        self.first
    }

    /// Adds an order that isn't in this list.
    pub fn push(&mut self, list: List, slots: &mut Slab<Slot>, at: u32) {
        slots[at].links[list as usize] = Link { previous: self.last.unwrap_or(NONE), next: NONE };
        match self.last.replace(at) {
            Some(last) => slots[last].links[list as usize].next = at,
            None => self.first = Some(at),
        }
    }

    /// Takes out an order that is in this list.
    pub fn remove(&mut self, list: List, slots: &mut Slab<Slot>, at: u32) {
        let Link { previous, next } = slots[at].links[list as usize];
        match known(previous) {
            Some(previous) => slots[previous].links[list as usize].next = next,
            None => self.first = known(next),
        }
        match known(next) {
            Some(next) => slots[next].links[list as usize].previous = previous,
            None => self.last = known(previous),
        }
    }

    /// The orders, in the order in which they were added.
    pub fn iter(self, list: List, slots: &Slab<Slot>) -> impl Iterator<Item = &Order> {
        let next = move |at: &u32| known(slots[*at].links[list as usize].next);
        std::iter::successors(self.first, next).map(|at| &slots[at].order)
    }
}
