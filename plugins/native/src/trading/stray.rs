//! The fills of orders that aren't ours, so that each counts once. The twin is a part of `mainspring.orders.tracker`.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

/// The latest fills by order and fill id.
#[derive(Debug, Default)]
pub(super) struct StrayFills {
    known: FxHashSet<(i64, i64)>,
    oldest_first: VecDeque<(i64, i64)>,
}

impl StrayFills {
    pub fn contains(&self, key: (i64, i64)) -> bool {
        self.known.contains(&key)
    }

    /// Adds a fill that isn't there, and drops the oldest one beyond `most`.
    pub fn add(&mut self, key: (i64, i64), most: usize) {
        self.known.insert(key);
        self.oldest_first.push_back(key);
        if self.oldest_first.len() > most
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}
