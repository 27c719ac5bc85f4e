//! A book made of two halves of one structure: what is the same for every structure stands here.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use crate::book::{Bbo, Book, Level, Side, Walk};

/// The levels of one side.
pub trait Half: Send {
    /// An empty side.
    fn new(side: Side) -> Self;

    /// Sets a level to its new size; 0 lots removes it.
    fn set(&mut self, price: i64, lots: i64);

    /// Removes all levels.
    fn clear(&mut self);

    /// Sets levels of a side that has none, as a snapshot does.
    fn fill(&mut self, levels: &[Level]) {
        levels.iter().for_each(|level| self.set(level.price, level.lots));
    }

    /// The best level; `None` where there is none.
    fn best(&self) -> Option<Level>;

    /// The size at a price; 0 if none stands there.
    fn lots_at(&self, price: i64) -> i64;

    /// Visits the levels, best first, until `visit` breaks.
    fn visit(&self, visit: impl FnMut(Level) -> ControlFlow<()>);

    /// How many levels there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes held, this struct included.
    fn memory_bytes(&self) -> usize;
}

/// A book of two halves.
#[derive(Clone, Debug)]
pub struct TwoSided<H> {
    /// Bids and asks. An index instead of a branch on the side: which side comes next can't be foreseen.
    halves: [H; 2],
}

impl<H: Half> TwoSided<H> {
    /// An empty book.
    pub fn new() -> Self {
        TwoSided { halves: [H::new(Side::Buy), H::new(Side::Sell)] }
    }

    #[inline]
    fn half(&self, side: Side) -> &H {
        &self.halves[side as usize]
    }
}

impl<H: Half> Default for TwoSided<H> {
    fn default() -> Self {
        Self::new()
    }
}

impl<H: Half> Book for TwoSided<H> {
    #[inline]
    fn set(&mut self, side: Side, price: i64, lots: i64) {
        self.halves[side as usize].set(price, lots);
    }

    #[inline]
    fn apply_delta(&mut self, bids: &[Level], asks: &[Level]) {
        for (half, rows) in self.halves.iter_mut().zip([bids, asks]) {
            for row in rows {
                half.set(row.price, row.lots);
            }
        }
    }

    fn apply_snapshot(&mut self, bids: &[Level], asks: &[Level]) {
        self.clear();
        for (half, rows) in self.halves.iter_mut().zip([bids, asks]) {
            half.fill(rows);
        }
    }

    fn clear(&mut self) {
        self.halves.iter_mut().for_each(H::clear);
    }

    #[inline]
    fn bbo(&self) -> Bbo {
        let [bids, asks] = &self.halves;
        Bbo { bid: bids.best().unwrap_or_default(), ask: asks.best().unwrap_or_default() }
    }

    fn lots_at(&self, side: Side, price: i64) -> i64 {
        self.half(side).lots_at(price)
    }

    fn visit(&self, side: Side, visit: &mut dyn FnMut(Level) -> ControlFlow<()>) {
        self.half(side).visit(visit);
    }

    fn depth(&self, side: Side, levels: usize, out: &mut Vec<Level>) {
        if levels == 0 {
            return;
        }
        let most = out.len().saturating_add(levels);
        self.half(side).visit(|level| {
            out.push(level);
            if out.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }

    fn walk(&self, side: Side, lots: i64) -> Walk {
        let mut walk = Walk { unfilled: lots, ..Walk::default() };
        if lots <= 0 {
            return walk;
        }
        let other = match side {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        };
        self.half(other).visit(|level| {
            let taken = level.lots.min(walk.unfilled);
            walk.cost += i128::from(level.price) * i128::from(taken);
            walk.unfilled -= taken;
            walk.worst = level.price;
            walk.levels += 1;
            if walk.unfilled == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        walk.filled = lots - walk.unfilled;
        walk
    }

    fn len(&self) -> usize {
        self.halves.iter().map(H::len).sum()
    }

    fn memory_bytes(&self) -> usize {
        self.halves.iter().map(H::memory_bytes).sum()
    }
}
