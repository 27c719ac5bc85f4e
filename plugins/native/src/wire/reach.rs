//! How far a book is known whose snapshot was cut. The twin is `mainspring.wire._reach`, which has the rules in words.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use crate::book::Level;

/// The market is near the edge where it is within a tenth of the snapshot's levels.
const NEAR: usize = 10;

/// What was kept aside joins the known levels where it begins within this part of the price.
const HUNDREDTH: i64 = 100;

/// What a delta is to the reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covered {
    /// The book may take all of it.
    Within,
    /// The book may take these rows: bids, asks.
    Part(Vec<Level>, Vec<Level>),
    /// What was kept aside is let go: bids and asks with the delta's own behind it.
    Joined(Vec<Level>, Vec<Level>),
    /// The price has left what the snapshot covers.
    Left,
}

/// One side, its prices as keys that rise towards the best: a bid's price, an offer's negated.
#[derive(Clone, Debug)]
struct Side {
    sign: i64,
    /// The worst key and the near one; `None` where the side had no levels and covers all prices.
    limits: Option<(i64, i64)>,
    widest: i64,
    beyond: BTreeMap<i64, i64>,
}

impl Side {
    fn new(sign: i64, levels: &[Level], others: &[Level]) -> Side {
        let shown = levels.iter().filter(|level| level.lots != 0);
        let mut keys: Vec<i64> = shown.map(|level| sign * level.price).collect();
        keys.sort_unstable();
        keys.dedup();
        let (best, worst) = keys.last().copied().zip(keys.first().copied()).unwrap_or_default();
        let across = others.iter().filter(|level| level.lots != 0).map(|level| -sign * level.price).max();
        let spread = across.map_or(0, |across| (across + best).abs());
        let allowed = ((best - worst) / NEAR as i64).max(worst.abs() / HUNDREDTH).max(spread);
        let near = (keys.len() / NEAR).max(1) - 1;
        Side {
            sign,
            limits: keys.first().copied().zip(keys.get(near).copied()),
            widest: keys.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0).max(allowed),
            beyond: BTreeMap::new(),
        }
    }

    /// Keeps the rows aside that aren't covered; true if there are any.
    #[inline]
    fn keep(&mut self, rows: &[Level]) -> bool {
        let Some((edge, _)) = self.limits else { return false };
        let mut any = false;
        for level in rows.iter().filter(|level| level.price * self.sign < edge) {
            any = true;
            if level.lots == 0 {
                self.beyond.remove(&level.price);
            } else {
                self.beyond.insert(level.price, level.lots);
            }
        }
        any
    }

    fn known<'a>(&'a self, rows: &'a [Level]) -> impl Iterator<Item = Level> + 'a {
        rows.iter().copied().filter(|level| self.limits.is_none_or(|(edge, _)| level.price * self.sign >= edge))
    }

    /// Whether a level of the other side stands at that key or beyond.
    #[inline]
    fn meets(&self, others: &[Level], limit: i64) -> bool {
        others.iter().any(|level| level.price * self.sign <= limit && level.lots != 0)
    }

    /// Whether what was kept aside begins near enough to the edge, or to the other side's levels in a delta.
    fn joins(&self, others: &[Level]) -> bool {
        let best = if self.sign > 0 { self.beyond.last_key_value() } else { self.beyond.first_key_value() };
        let (Some((price, _)), Some((edge, _))) = (best, self.limits) else { return false };
        let best = price * self.sign;
        // What isn't known could only stand between the two sides, and there is no more room there than usual.
        let across = others.iter().filter(|level| level.lots != 0).map(|level| level.price * self.sign).min();
        edge - best <= self.widest || across.is_some_and(|across| across - best <= self.widest)
    }

    fn all(&self, rows: &[Level]) -> Vec<Level> {
        let kept = self.beyond.iter().map(|(&price, &lots)| Level { price, lots });
        kept.chain(self.known(rows)).collect()
    }
}

/// The reach of one book.
#[derive(Clone, Debug)]
pub struct Reach {
    bids: Side,
    asks: Side,
    /// Whether the market came near its edge, so that another snapshot is wanted.
    pub near: bool,
}

impl Reach {
    /// That of a snapshot.
    pub fn new(bids: &[Level], asks: &[Level]) -> Reach {
        Reach { bids: Side::new(1, bids, asks), asks: Side::new(-1, asks, bids), near: false }
    }

    /// What a delta is, and what of it the book may take.
    #[inline]
    pub fn take(&mut self, bids: &[Level], asks: &[Level]) -> Covered {
        // Most deltas lie well within: one look at each row's price says so.
        let (lowest, near_low) = self.bids.limits.unwrap_or((-1, -1));
        let (highest, near_high) = self.asks.limits.map_or((i64::MAX, i64::MAX), |(edge, near)| (-edge, -near));
        let within = bids.iter().fold(true, |all, level| all & (level.price >= lowest) & (level.price < near_high))
            & asks.iter().fold(true, |all, level| all & (level.price <= highest) & (level.price > near_low));
        if within {
            return Covered::Within;
        }
        let part = self.bids.keep(bids) | self.asks.keep(asks);
        let is_close = |side: &Side, others| side.limits.is_some_and(|(_, near)| side.meets(others, near));
        let (close_bids, close_asks) = (is_close(&self.bids, asks), is_close(&self.asks, bids));
        if close_bids || close_asks {
            self.near = true;
            let has_left = |side: &Side, others: &[Level]| {
                side.limits.is_some_and(|(edge, _)| side.meets(others, edge)) && !side.joins(others)
            };
            if (close_bids && has_left(&self.bids, asks)) || (close_asks && has_left(&self.asks, bids)) {
                return Covered::Left;
            }
            if (close_bids && self.bids.joins(asks)) || (close_asks && self.asks.joins(bids)) {
                return Covered::Joined(self.bids.all(bids), self.asks.all(asks));
            }
        }
        if part {
            Covered::Part(self.bids.known(bids).collect(), self.asks.known(asks).collect())
        } else {
            Covered::Within
        }
    }
}
