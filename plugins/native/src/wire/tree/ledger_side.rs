//! One side of a ledger: the levels of the book, and what a checksum has of each, sorted by price.
//!
//! Both change with nearly every row, so they share their places: a row finds its level once, and no more than one pair of
//! arrays moves for a level that comes or goes.

#![forbid(unsafe_code)]

use crate::book::{Level, Side};
use crate::wire::tree::short_text::ShortText;

/// A price, its size in the book, and what was sent of it last.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The price in ticks.
    pub price: i64,
    /// The size in the book; 0 where the book has no such level.
    pub lots: i64,
    /// The size that came with the text; 0 where there is none.
    pub sent_lots: i64,
    /// How much of the text is the price and its separator.
    pub price_length: usize,
    /// Price and size as a checksum has them, with a separator behind each.
    pub text: ShortText,
}

/// One side. The best price is last; an offer's key is the complement of its price, so that the lowest is last.
#[derive(Clone, Debug)]
pub struct LedgerSide {
    flip: i64,
    keys: Vec<i64>,
    /// Where each price is known: that doesn't move when another comes between them.
    places: Vec<u32>,
    known: Vec<Known>,
    free: Vec<u32>,
    /// How many levels the book has.
    count: usize,
    /// Where the last level was looked for.
    cursor: usize,
    /// What has this key or a better one counts for the last checksum.
    edge: i64,
    /// Whether anything that counts for it has changed since.
    changed: bool,
}

impl LedgerSide {
    /// A side that knows nothing.
    pub fn new(side: Side) -> LedgerSide {
        LedgerSide {
            flip: if side == Side::Buy { 0 } else { -1 },
            keys: Vec::new(),
            places: Vec::new(),
            known: Vec::new(),
            free: Vec::new(),
            count: 0,
            cursor: 0,
            edge: i64::MIN,
            changed: true,
        }
    }

    /// How many levels the book has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether no price is known at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The size at a price; 0 if the book has no such level.
    pub fn lots_at(&self, price: i64) -> i64 {
        let found = self.keys.binary_search(&(price ^ self.flip));
        found.map_or(0, |at| self.known[self.places[at] as usize].lots)
    }

    /// Sets a level of the book; 0 lots removes it.
    pub fn set(&mut self, level: Level) {
        let key = level.price ^ self.flip;
        self.changed |= key >= self.edge;
        match self.find(key) {
            Ok(at) => {
                let known = &mut self.known[self.places[at] as usize];
                self.count = self.count + usize::from(level.lots != 0) - usize::from(known.lots != 0);
                known.lots = level.lots;
                if known.lots == 0 && known.sent_lots == 0 {
                    self.forget(at);
                }
            }
            Err(at) if level.lots != 0 => {
                self.insert(at, key).lots = level.lots;
                self.count += 1;
            }
            Err(_) => {}
        }
    }

    /// Sets a level of the book that isn't of 0 lots, to take its text down.
    #[inline]
    pub fn place(&mut self, level: Level) -> &mut Known {
        let key = level.price ^ self.flip;
        self.changed |= key >= self.edge;
        let (known, count) = match self.find(key) {
            Ok(at) => (&mut self.known[self.places[at] as usize], &mut self.count),
            Err(at) => self.insert_counted(at, key),
        };
        *count += usize::from(known.lots == 0);
        known.lots = level.lots;
        known
    }

    /// Removes a level of the book, and its text.
    #[inline]
    pub fn remove(&mut self, price: i64) {
        let key = price ^ self.flip;
        self.changed |= key >= self.edge;
        let Ok(at) = self.find(key) else { return };
        self.count -= usize::from(self.known[self.places[at] as usize].lots != 0);
        self.forget(at);
    }

    /// What is known of a price, to take its text down.
    pub fn sent(&mut self, price: i64) -> &mut Known {
        let key = price ^ self.flip;
        self.changed |= key >= self.edge;
        match self.find(key) {
            Ok(at) => &mut self.known[self.places[at] as usize],
            Err(at) => self.insert(at, key),
        }
    }

    /// Forgets the text of a price.
    #[inline]
    pub fn forget_sent(&mut self, price: i64) {
        let key = price ^ self.flip;
        let Ok(at) = self.find(key) else { return };
        self.changed |= key >= self.edge;
        let known = &mut self.known[self.places[at] as usize];
        known.sent_lots = 0;
        if known.lots == 0 {
            self.forget(at);
        }
    }

    /// Empties the book for a snapshot. Texts stay: messages that were kept may be applied after it.
    pub fn start(&mut self) {
        self.changed = true;
        self.count = 0;
        for at in (0..self.keys.len()).rev() {
            let known = &mut self.known[self.places[at] as usize];
            known.lots = 0;
            if known.sent_lots == 0 {
                self.forget(at);
            }
        }
    }

    /// Forgets all levels and all texts.
    pub fn clear(&mut self) {
        (self.count, self.changed) = (0, true);
        self.keys.clear();
        self.places.clear();
        self.known.clear();
        self.free.clear();
    }

    /// Removes the level furthest from the best; returns its price.
    pub fn drop_worst(&mut self) -> Option<i64> {
        let at = self.places.iter().position(|&place| self.known[place as usize].lots != 0)?;
        let key = self.keys[at];
        self.changed |= key >= self.edge;
        self.count -= 1;
        self.forget(at);
        Some(key ^ self.flip)
    }

    /// The best levels of the book, so many at most.
    #[inline]
    pub fn best(&self, levels: usize) -> BestFirst<'_> {
        BestFirst { places: &self.places, known: &self.known, left: levels }
    }

    /// Whether anything has changed that counts for a checksum since `computed`.
    #[inline]
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// A checksum was computed of as many of the best levels.
    #[inline]
    pub fn computed(&mut self, levels: usize) {
        let every = self.count == self.keys.len();
        self.edge = match self.keys.len().checked_sub(levels) {
            // The last that counts; which one that is isn't worth a search where prices are known that the book hasn't.
            Some(at) if every && levels > 0 => self.keys[at],
            _ => i64::MIN,
        };
        self.changed = false;
    }

    /// Where a key is, or belongs. A message's levels come from the best on, often one next to the other.
    #[inline]
    fn find(&mut self, key: i64) -> Result<usize, usize> {
        let keys = self.keys.as_slice();
        let next = self.cursor.wrapping_sub(1);
        let found = if keys.get(next) == Some(&key) {
            Ok(next)
        } else if keys.last().is_none_or(|&best| best < key) {
            // A whole book is put in from its worst level on.
            Err(keys.len())
        } else {
            keys.binary_search(&key)
        };
        self.cursor = found.unwrap_or_else(|at| at);
        found
    }

    #[inline]
    fn insert(&mut self, at: usize, key: i64) -> &mut Known {
        self.insert_counted(at, key).0
    }

    /// What is known of a new price, which is nothing yet, and how many levels the book has.
    fn insert_counted(&mut self, at: usize, key: i64) -> (&mut Known, &mut usize) {
        let place = match self.free.pop() {
            Some(place) => {
                let known = &mut self.known[place as usize];
                (known.price, known.lots, known.sent_lots) = (key ^ self.flip, 0, 0);
                place
            }
            None => {
                self.known.push(Known { price: key ^ self.flip, ..Known::default() });
                self.known.len() as u32 - 1
            }
        };
        self.keys.insert(at, key);
        self.places.insert(at, place);
        (&mut self.known[place as usize], &mut self.count)
    }

    /// Forgets the price at `at`.
    #[inline]
    fn forget(&mut self, at: usize) {
        self.keys.remove(at);
        let place = self.places.remove(at);
        self.known[place as usize].sent_lots = 0;
        self.free.push(place);
    }
}

/// Levels of a book, best first.
#[derive(Clone, Copy, Debug)]
pub struct BestFirst<'a> {
    places: &'a [u32],
    known: &'a [Known],
    left: usize,
}

impl<'a> Iterator for BestFirst<'a> {
    type Item = &'a Known;

    #[inline(always)]
    fn next(&mut self) -> Option<&'a Known> {
        self.left = self.left.checked_sub(1)?;
        loop {
            let (&place, rest) = self.places.split_last()?;
            self.places = rest;
            let known = self.known.get(place as usize)?;
            if known.lots != 0 {
                return Some(known);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The book and the texts of a side, each in a map of its own.
    #[derive(Default)]
    struct Model {
        book: BTreeMap<i64, i64>,
        sent: BTreeMap<i64, i64>,
    }

    impl Model {
        fn best_first(&self, side: Side) -> Vec<(i64, i64, i64)> {
            let sent = |price: &i64| self.sent.get(price).copied().unwrap_or_default();
            let mut all: Vec<_> = self.book.iter().map(|(price, &lots)| (*price, lots, sent(price))).collect();
            if side == Side::Buy {
                all.reverse();
            }
            all
        }
    }

    #[test]
    fn a_side_is_its_book_and_its_texts_after_any_commands() {
        let mut seed = 3_u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((seed >> 33) % below) as i64
        };
        for side in [Side::Buy, Side::Sell] {
            let (mut known, mut model) = (LedgerSide::new(side), Model::default());
            let counted = 5;
            let mut top = Vec::new();
            for step in 0..20_000 {
                let (price, lots) = (draw(40), draw(4));
                match draw(1_000) {
                    0 => {
                        known.start();
                        model.book.clear();
                    }
                    1 => {
                        known.clear();
                        model = Model::default();
                    }
                    2..=40 => {
                        let worst = model.best_first(side).last().map(|one| one.0);
                        assert_eq!(known.drop_worst(), worst, "step {step}");
                        if let Some(worst) = worst {
                            model.book.remove(&worst);
                            model.sent.remove(&worst);
                        }
                    }
                    41..=500 if lots == 0 => {
                        known.forget_sent(price);
                        model.sent.remove(&price);
                    }
                    41..=500 => {
                        known.sent(price).sent_lots = lots;
                        model.sent.insert(price, lots);
                    }
                    501..=700 if lots == 0 => {
                        known.remove(price);
                        model.sent.remove(&price);
                        model.book.remove(&price);
                    }
                    501..=700 => {
                        known.place(Level { price, lots }).sent_lots = lots;
                        model.sent.insert(price, lots);
                        model.book.insert(price, lots);
                    }
                    _ => {
                        known.set(Level { price, lots });
                        model.book.insert(price, lots);
                        model.book.retain(|_, lots| *lots != 0);
                    }
                }
                let right = model.best_first(side);
                let found: Vec<_> = known.best(40).map(|one| (one.price, one.lots, one.sent_lots)).collect();
                assert_eq!(found, right, "step {step}");
                assert_eq!((known.len(), known.lots_at(price)), (right.len(), *model.book.get(&price).unwrap_or(&0)));
                let best = &right[..right.len().min(counted)];
                assert!(known.has_changed() || top == best, "step {step}: a change that counts went unnoticed");
                if draw(3) == 0 {
                    known.computed(counted);
                    top = best.to_vec();
                }
            }
        }
    }
}
