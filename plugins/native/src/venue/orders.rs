//! Our orders at the paper venue: one order, and one side of them. The twin is `mainspring.venue.paper_orders`.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;

use crate::book::Side;
use crate::trading::order::NewOrder;
use crate::venue::NEVER_NS;
use crate::venue::displayed::sign;
use crate::venue::levels::Levels;
use crate::venue::outbox::Known;

/// What becomes of an order's rest that can't trade at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeInForce {
    /// It waits.
    Gtc,
    /// It is cancelled.
    Ioc,
    /// Nothing trades unless all of it can.
    Fok,
    /// It waits until the trading day ends.
    Day,
    /// It waits until its time.
    Gtd,
}

impl TimeInForce {
    /// Its name, as `mainspring.model.TimeInForce` has it.
    pub fn name(self) -> &'static str {
        match self {
            TimeInForce::Gtc => "gtc",
            TimeInForce::Ioc => "ioc",
            TimeInForce::Fok => "fok",
            TimeInForce::Day => "day",
            TimeInForce::Gtd => "gtd",
        }
    }

    /// Every one, in the order of their codes in the order log.
    pub const ALL: [TimeInForce; 5] =
        [TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::Day, TimeInForce::Gtd];

    /// The one of this name, if there is one.
    pub fn named(name: &str) -> Option<TimeInForce> {
        TimeInForce::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether its time is over one day.
    pub fn ends(self) -> bool {
        matches!(self, TimeInForce::Day | TimeInForce::Gtd)
    }

    /// Whether what can't trade at once waits.
    pub fn waits(self) -> bool {
        !matches!(self, TimeInForce::Ioc | TimeInForce::Fok)
    }
}

/// An order at the venue.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields are those of `mainspring.model.NewOrder`")]
pub struct Order {
    pub order_id: i64,
    pub instrument: usize,
    pub side: Side,
    pub limit: bool,
    pub price: i64,
    pub size: i64,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    pub expires_ns: i64,
    pub reduce_only: bool,
    /// How much of it was filled.
    pub filled: i64,
    /// Whether it waits in the queue at its price.
    pub waits: bool,
}

impl Order {
    /// An order that was asked for, on its way to a venue that has its instrument at this place.
    #[inline]
    pub fn of(new: &NewOrder, place: usize) -> Order {
        Order {
            order_id: new.order_id,
            instrument: place,
            side: if new.buy { Side::Buy } else { Side::Sell },
            limit: new.limit,
            price: new.price_ticks,
            size: new.size_lots,
            time_in_force: new.time_in_force,
            post_only: new.post_only,
            expires_ns: new.expires_ns,
            reduce_only: new.reduce_only,
            filled: 0,
            waits: false,
        }
    }

    /// Why the venue can't take an order with such terms at a time. The twin is `terms_problem`.
    pub(super) fn terms_problem(&self, now_ns: i64) -> Option<&'static str> {
        let (waits, ends) = (self.time_in_force.waits(), self.time_in_force.ends());
        if self.size <= 0 || self.limit != (self.price > 0) || ends != (self.expires_ns > 0) {
            return Some("invalid-order");
        }
        if self.post_only && !waits || !self.limit && (self.post_only || ends) {
            return Some("invalid-order");
        }
        (ends && self.expires_ns <= now_ns).then_some("expired")
    }

    pub(super) fn leaves(&self) -> i64 {
        self.size - self.filled
    }

    pub(super) fn known(&self) -> Known {
        Known { order_id: self.order_id, instrument: self.instrument, side: self.side }
    }
}

/// The price levels on one side at which orders of ours wait.
#[derive(Debug)]
pub(super) struct PaperSide {
    pub(super) side: Side,
    pub(super) levels: Levels,
    pub(super) left: BTreeSet<i64>,
    pub(super) left_due_ns: i64,
}

impl PaperSide {
    pub(super) fn new(side: Side) -> Self {
        PaperSide { side, levels: Levels::new(side), left: BTreeSet::new(), left_due_ns: NEVER_NS }
    }

    /// Drops the level at a price if no order of ours waits there any more, nor the level for a print.
    pub(super) fn tidy(&mut self, price: i64) {
        let Some(level) = self.levels.get(price) else { return };
        if level.own_lots() != 0 {
            return;
        }
        if let Some(due_ns) = level.prints_due_ns() {
            self.left.insert(price);
            self.left_due_ns = self.left_due_ns.min(due_ns);
            return;
        }
        self.left.remove(&price);
        self.levels.remove(price);
    }

    /// Drops levels that our orders have left once no print of what fell there can come any more.
    pub(super) fn settle(&mut self, now_ns: i64) {
        self.left_due_ns = NEVER_NS;
        for price in self.left.iter().copied().collect::<Vec<_>>() {
            if let Some(level) = self.levels.get_mut(price) {
                level.settle(now_ns);
            }
            self.tidy(price);
        }
    }

    /// Whether our best order here stands at this price of the other side, or through it.
    pub(super) fn reaches(&self, price: i64) -> bool {
        self.levels.best().is_some_and(|best| (best - price) * sign(self.side) >= 0)
    }
}
