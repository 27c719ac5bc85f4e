//! How much a strategy asks for in answer to its own order events at one instant. The twin is a part of `mainspring.lane.outbox`,
//! which says why there is an end to it.

#![forbid(unsafe_code)]

use rustc_hash::FxHashSet;

/// How many requests it may make.
pub const MOST_ANSWERS: u32 = 1_000;

/// What was asked for at the latest instant at which anything was.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Whether the strategy hears of an order just now.
    pub answering: bool,
    now_ns: i64,
    count: u32,
    cancelled: FxHashSet<i64>,
}

impl Answers {
    /// Counts a request, or an order's second cancel; whether it is one too many.
    pub fn surplus(&mut self, now_ns: i64, cancels: Option<i64>) -> bool {
        if !self.answering {
            return false;
        }
        if now_ns != self.now_ns {
            (self.now_ns, self.count) = (now_ns, 0);
            self.cancelled.clear();
        }
        if cancels.is_some_and(|order_id| self.cancelled.insert(order_id)) {
            return false;
        }
        self.count = self.count.saturating_add(1);
        self.count > MOST_ANSWERS
    }
}
