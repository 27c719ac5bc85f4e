//! The price levels at which our orders wait on one side, and which of them an update can have changed.

#![forbid(unsafe_code)]

use crate::book::{Level, Side};
use crate::venue::displayed::at;
use crate::venue::level::PaperLevel;

/// The prices between which an update changed each side of a book.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    from: [i64; 2],
    to: [i64; 2],
}

impl Changed {
    /// Nothing has changed.
    pub const NOTHING: Changed = Changed { from: [i64::MAX; 2], to: [i64::MIN; 2] };

    /// Anything may have changed.
    pub const ANYTHING: Changed = Changed { from: [i64::MIN; 2], to: [i64::MAX; 2] };

    /// What the levels of an update change.
    pub fn by(bids: &[Level], asks: &[Level]) -> Changed {
        let mut changed = Changed::NOTHING;
        for (side, levels) in [(Side::Buy, bids), (Side::Sell, asks)] {
            for level in levels {
                changed.add(side, level.price);
            }
        }
        changed
    }

    /// A level of a side changed, too.
    #[inline]
    pub fn add(&mut self, side: Side, price: i64) {
        let (from, to) = (&mut self.from[at(side)], &mut self.to[at(side)]);
        (*from, *to) = ((*from).min(price), (*to).max(price));
    }

    #[inline]
    fn may_be(&self, side: Side, price: i64) -> bool {
        self.from[at(side)] <= price && price <= self.to[at(side)]
    }
}

#[derive(Debug)]
struct Slot {
    price: i64,
    // Whether the level holds what the book has at its price, and nothing in it waits for time to pass. To look at it
    // again is then in vain until the book changes there.
    rests: bool,
    level: Box<PaperLevel>,
}

/// Levels by price. One that nothing has touched costs an update a comparison.
#[derive(Debug)]
pub(super) struct Levels {
    side: Side,
    // The lowest price first.
    slots: Vec<Slot>,
}

impl Levels {
    pub(super) fn new(side: Side) -> Self {
        Levels { side, slots: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn get(&self, price: i64) -> Option<&PaperLevel> {
        let place = self.place(price).ok()?;
        Some(&self.slots[place].level)
    }

    pub(super) fn get_mut(&mut self, price: i64) -> Option<&mut PaperLevel> {
        let place = self.place(price).ok()?;
        Some(self.slots[place].awake())
    }

    /// The level at a price, which is made if there is none.
    pub(super) fn get_or_insert(&mut self, price: i64, make: impl FnOnce() -> PaperLevel) -> &mut PaperLevel {
        let place = self.place(price).unwrap_or_else(|place| {
            self.slots.insert(place, Slot { price, rests: false, level: Box::new(make()) });
            place
        });
        self.slots[place].awake()
    }

    pub(super) fn remove(&mut self, price: i64) {
        if let Ok(place) = self.place(price) {
            self.slots.remove(place);
        }
    }

    /// The best price, on this side.
    #[inline]
    pub(super) fn best(&self) -> Option<i64> {
        let slot = if self.side == Side::Buy { self.slots.last() } else { self.slots.first() };
        slot.map(|slot| slot.price)
    }

    /// The prices that are `price` or better, the best first.
    pub(super) fn as_good_as(&self, price: i64) -> Vec<i64> {
        let place = |slot: &Slot| if self.side == Side::Buy { slot.price < price } else { slot.price <= price };
        let place = self.slots.partition_point(place);
        match self.side {
            Side::Buy => self.slots[place..].iter().rev().map(|slot| slot.price).collect(),
            Side::Sell => self.slots[..place].iter().map(|slot| slot.price).collect(),
        }
    }

    /// Every level, the lowest price first.
    pub(super) fn each(&mut self) -> impl Iterator<Item = (i64, &mut PaperLevel)> {
        self.slots.iter_mut().map(|slot| (slot.price, slot.awake()))
    }

    /// Has `observe` look at the levels that an update may concern. It says whether the level has what the book has now;
    /// `None` leaves that as it was.
    #[inline]
    pub(super) fn observe(&mut self, changed: &Changed, mut observe: impl FnMut(i64, &mut PaperLevel) -> Option<bool>) {
        for slot in &mut self.slots {
            if (!slot.rests || changed.may_be(self.side, slot.price))
                && let Some(agrees) = observe(slot.price, &mut slot.level)
            {
                slot.rests = agrees && slot.level.rests();
            }
        }
    }

    /// The book has changed unseen.
    pub(super) fn wake(&mut self) {
        for slot in &mut self.slots {
            slot.rests = false;
        }
    }

    fn place(&self, price: i64) -> Result<usize, usize> {
        self.slots.binary_search_by_key(&price, |slot| slot.price)
    }
}

impl Slot {
    fn awake(&mut self) -> &mut PaperLevel {
        self.rests = false;
        &mut self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::queue::Queue;

    /// Levels that rest are looked at when a change spans their price, and others each time.
    #[test]
    fn an_update_looks_at_levels_that_it_may_concern() {
        let mut levels = Levels::new(Side::Buy);
        for price in [30, 10, 20] {
            levels.get_or_insert(price, || PaperLevel::new(Some(5), Queue::Pessimistic, 1_000));
        }
        let seen = |levels: &mut Levels, changed: Changed, rests: bool| {
            let mut prices = Vec::new();
            levels.observe(&changed, |price, _| {
                prices.push(price);
                Some(rests)
            });
            prices
        };
        assert_eq!(seen(&mut levels, Changed::NOTHING, true), [10, 20, 30]);
        assert!(seen(&mut levels, Changed::NOTHING, true).is_empty());
        let bids = [Level { price: 20, lots: 1 }, Level { price: 25, lots: 1 }];
        assert_eq!(seen(&mut levels, Changed::by(&bids, &[]), true), [20]);
        assert!(seen(&mut levels, Changed::by(&[], &bids), true).is_empty());
        assert_eq!(seen(&mut levels, Changed::ANYTHING, false), [10, 20, 30]);
        assert_eq!(seen(&mut levels, Changed::NOTHING, true), [10, 20, 30]);
        assert!(levels.get_mut(30).is_some());
        assert_eq!(seen(&mut levels, Changed::NOTHING, true), [30]);
        levels.wake();
        assert_eq!(seen(&mut levels, Changed::NOTHING, true), [10, 20, 30]);
        assert_eq!((levels.best(), levels.as_good_as(20)), (Some(30), vec![30, 20]));
    }
}
