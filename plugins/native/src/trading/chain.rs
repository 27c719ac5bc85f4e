//! Lists of orders that an order enters at the end and leaves from anywhere, in constant time and without allocating: the
//! links are kept with the orders. The twins are the ordered dictionaries of `mainspring.orders.tracker`.

#![forbid(unsafe_code)]

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

/// An order, its neighbours in each list, and when its answer is overdue.
#[derive(Debug)]
pub struct Slot {
    pub order: Order,
    pub links: [Link; 3],
    /// `None` if the order isn't in that list.
    pub due_ns: Option<i64>,
}

/// The neighbours in a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link {
    previous: Option<u32>,
    next: Option<u32>,
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
    pub fn push(&mut self, list: List, slots: &mut [Slot], at: u32) {
        slots[at as usize].links[list as usize] = Link { previous: self.last, next: None };
        match self.last.replace(at) {
            Some(last) => slots[last as usize].links[list as usize].next = Some(at),
            None => self.first = Some(at),
        }
    }

    /// Takes out an order that is in this list.
    pub fn remove(&mut self, list: List, slots: &mut [Slot], at: u32) {
        let Link { previous, next } = slots[at as usize].links[list as usize];
        match previous {
            Some(previous) => slots[previous as usize].links[list as usize].next = next,
            None => self.first = next,
        }
        match next {
            Some(next) => slots[next as usize].links[list as usize].previous = previous,
            None => self.last = previous,
        }
    }

    /// The orders, in the order in which they were added.
    pub fn iter(self, list: List, slots: &[Slot]) -> impl Iterator<Item = &Order> {
        let next = move |at: &u32| slots[*at as usize].links[list as usize].next;
        std::iter::successors(self.first, next).map(|at| &slots[at as usize].order)
    }
}
