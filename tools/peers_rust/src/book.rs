//! A book of two `BTreeMap`s.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::{Prepared, inputs};

/// Ticks to lots, of each side.
#[derive(Default)]
pub struct Book {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl Book {
    /// Sets levels; 0 lots removes one.
    pub fn apply(&mut self, bids: impl Iterator<Item = (i64, i64)>, asks: impl Iterator<Item = (i64, i64)>) {
        set(&mut self.bids, bids);
        set(&mut self.asks, asks);
    }

    /// The best bid's and ask's price and size.
    pub fn best(&self) -> Option<(i64, i64, i64, i64)> {
        let (&bid_ticks, &bid_lots) = self.bids.last_key_value()?;
        let (&ask_ticks, &ask_lots) = self.asks.first_key_value()?;
        Some((bid_ticks, bid_lots, ask_ticks, ask_lots))
    }

    /// Every level, best first.
    pub fn sides(&self) -> (Value, Value) {
        (json!(self.bids.iter().rev().collect::<Vec<_>>()), json!(self.asks.iter().collect::<Vec<_>>()))
    }
}

fn set(side: &mut BTreeMap<i64, i64>, levels: impl Iterator<Item = (i64, i64)>) {
    for (ticks, lots) in levels {
        if lots == 0 {
            side.remove(&ticks);
        } else {
            side.insert(ticks, lots);
        }
    }
}

/// Deltas into a book, its best prices taken and added up after each.
pub fn prepare(folder: &Path) -> Prepared {
    let deltas = inputs::deltas(folder);
    let run = move || {
        let mut book = Book::default();
        let mut touch_sum = 0;
        for delta in &deltas {
            book.apply(delta.bids.iter().copied(), delta.asks.iter().copied());
            let (bid_ticks, _, ask_ticks, _) = book.best().expect("both sides have levels");
            touch_sum += bid_ticks + ask_ticks;
        }
        (book, touch_sum)
    };
    Prepared::new(run, |(book, touch_sum)| {
        let (bids, asks) = book.sides();
        json!({"bids": bids, "asks": asks, "touch_sum": touch_sum})
    })
}
