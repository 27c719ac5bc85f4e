//! What messages about single orders do to one instrument's book. The twin is `mainspring.wire._order_ledger`.

#![forbid(unsafe_code)]

use rustc_hash::FxHashSet;

use crate::book::queues::{OrderId, Queues, RestingOrder};
use crate::book::{Level, Side};
use crate::wire::tree::orders::{Action, OrderChange};

/// How many levels are looked through one by one.
const FEW: usize = 16;

/// An execution of an order.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.Trade`")]
pub struct Print {
    pub price_ticks: i64,
    pub fraction_nanoticks: i64,
    pub size_lots: i64,
    pub aggressor: i64,
    pub trade_id: i64,
}

impl Print {
    /// Whether something was traded.
    pub fn is_trade(&self) -> bool {
        (self.price_ticks != 0 || self.fraction_nanoticks != 0) && self.size_lots != 0
    }
}

/// What a message changes of a book.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The levels that changed: bids and offers.
    pub levels: [Vec<Level>; 2],
    /// The orders that changed, as they stand now.
    pub orders: Vec<RestingOrder>,
    /// What was printed.
    pub prints: Vec<Print>,
}

/// The orders of one book.
#[derive(Clone, Debug, Default)]
pub struct OrderLedger {
    /// The orders.
    pub queues: Queues,
    touched: Vec<(Side, i64)>,
    seen: FxHashSet<(bool, i64)>,
    made: Made,
}

impl OrderLedger {
    /// Applies changes, of a `whole` book or to the one that there is. False if one is about an order that should be
    /// there and isn't, or that has less than is taken off it.
    pub fn take(&mut self, changes: &[OrderChange], whole: bool) -> bool {
        if whole {
            self.queues.clear();
        }
        self.touched.clear();
        self.seen.clear();
        self.made.orders.clear();
        self.made.prints.clear();
        self.made.levels.iter_mut().for_each(Vec::clear);
        for change in changes {
            let taken = if change.action == Action::Sets { self.set(change) } else { self.change(change) };
            if !taken && !change.passes {
                return false;
            }
        }
        for &(side, price) in &self.touched {
            let lots = self.queues.lots_at(side, price).min(i128::from(i64::MAX)) as i64;
            self.made.levels[side as usize].push(Level { price, lots });
        }
        true
    }

    /// What the last message changed, to be given back.
    pub fn take_made(&mut self) -> Made {
        std::mem::take(&mut self.made)
    }

    /// Keeps the memory of what was taken.
    pub fn give_back(&mut self, made: Made) {
        self.made = made;
    }

    fn set(&mut self, change: &OrderChange) -> bool {
        let known = self.queues.find(change.replaces.as_ref().unwrap_or(&change.id));
        let said = match change.side {
            0 => None,
            1.. => Some(Side::Buy),
            _ => Some(Side::Sell),
        };
        let Some((side, price)) = known.map(|known| (known.side, known.price)) else {
            let (Some(side), Some(price)) = (said, change.ticks) else { return false };
            if change.replaces.is_some() && !change.passes {
                return false;
            }
            self.put(&change.id, side, price, change.lots);
            return true;
        };
        if let Some(replaced) = &change.replaces {
            self.put(replaced, side, price, 0);
        }
        self.put(&change.id, said.unwrap_or(side), change.ticks.unwrap_or(price), change.lots);
        true
    }

    fn change(&mut self, change: &OrderChange) -> bool {
        let Some(known) = self.queues.find(&change.id) else { return false };
        let (side, price, before) = (known.side, known.price, known.lots);
        let said = change.ticks.unwrap_or(price);
        match change.action {
            Action::Changes => self.put(&change.id, side, said, change.lots),
            Action::Deletes => self.put(&change.id, side, price, 0),
            _ => {
                let left = before - change.lots;
                if left < 0 {
                    return false;
                }
                if change.action == Action::Executes {
                    let aggressor = if side == Side::Buy { -1 } else { 1 };
                    let (size_lots, trade_id) = (change.lots, change.trade_id);
                    let fraction_nanoticks = change.fraction_nanoticks;
                    let print = Print { price_ticks: said, fraction_nanoticks, size_lots, aggressor, trade_id };
                    self.made.prints.push(print);
                }
                self.put(&change.id, side, price, left);
            }
        }
        true
    }

    fn put(&mut self, id: &OrderId, side: Side, price: i64, lots: i64) {
        if let Some(known) = self.queues.find(id) {
            let place = (known.side, known.price);
            self.touch(place);
        }
        self.touch((side, price));
        let order = RestingOrder { id: id.clone(), side, price, lots };
        self.queues.set(order.clone());
        self.made.orders.push(order);
    }

    fn touch(&mut self, place: (Side, i64)) {
        // Most messages touch a level or two, which are found faster one by one than by their hashes.
        if self.touched.len() < FEW {
            if !self.touched.contains(&place) {
                self.touched.push(place);
            }
            return;
        }
        let key = |(side, price): (Side, i64)| (side == Side::Buy, price);
        if self.seen.is_empty() {
            self.seen.extend(self.touched.iter().copied().map(key));
        }
        if self.seen.insert(key(place)) {
            self.touched.push(place);
        }
    }
}
