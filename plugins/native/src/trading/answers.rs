//! How much a strategy asks for in answer to its own order events at one instant. The twin is a part of `mainspring.lane.requests`,
//! which says why there is an end to it.

#![forbid(unsafe_code)]

use rustc_hash::{FxHashMap, FxHashSet};

/// What was asked for at the latest instant at which anything was.
#[derive(Clone, Debug)]
pub struct Answers {
    most: u64,
    now_ns: i64,
    counts: FxHashMap<usize, u64>,
    cancelled: FxHashSet<i64>,
}

impl Answers {
    /// Counts up to so many requests of a strategy at one instant.
    pub fn new(most: u64) -> Self {
        Answers { most, now_ns: 0, counts: FxHashMap::default(), cancelled: FxHashSet::default() }
    }

    /// How many requests a strategy may make.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Counts an answer of a strategy; whether it is one too many. An order's first cancel isn't counted: `cancels` is the order.
    pub fn surplus(&mut self, strategy: usize, now_ns: i64, cancels: Option<i64>) -> bool {
        if now_ns != self.now_ns {
            self.now_ns = now_ns;
            self.counts.clear();
            self.cancelled.clear();
        }
        if cancels.is_some_and(|order_id| self.cancelled.insert(order_id)) {
            return false;
        }
        let count = self.counts.entry(strategy).or_default();
        *count += 1;
        *count > self.most
    }
}
