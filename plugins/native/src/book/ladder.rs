//! A ladder: pages of 64 ticks, those around the touch in a dense window with a bitmap, the rest in a tree.
//!
//! A page has a bit for each of its ticks and the sizes of those that stand, packed. So setting a level costs two shifts
//! and a bit count, however many levels there are, and the next level is the next bit. Every page of the tree is worse
//! than every page of the window; the window moves when the touch comes near its end, and grows while more pages
//! lie outside than in it.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::book::two_sided::{Half, TwoSided};
use crate::book::{Level, Side};

/// A book of ladders.
pub type LadderBook = TwoSided<Ladder>;

const PAGE_BITS: u32 = 6;
const WORD: usize = 64;
/// The window's pages: a book of few levels begins small.
const MIN_PAGES: usize = 8;
const MAX_PAGES: usize = 512;
/// The best page is put at this share of the window, so that the touch can come nearer without a move.
const ROOM: usize = 8;

/// The levels of 64 prices that follow one another.
#[derive(Clone, Debug, Default)]
struct Page {
    mask: u64,
    lots: Vec<i64>,
}

/// One side.
#[derive(Clone, Debug)]
pub struct Ladder {
    /// Turns a price into its key and back: all bits of a bid's.
    flip: i64,
    /// The number of the window's first page. Pages are counted from the best prices on: see `Ladder::key`.
    base: i64,
    window: Vec<Page>,
    /// A bit for each page of the window that has a level.
    summary: Vec<u64>,
    far: BTreeMap<i64, Page>,
    count: usize,
    /// The key of the best level; `i64::MAX` where there is none: a level of that key is found again each time.
    best_key: i64,
    best: Level,
}

impl Page {
    /// Sets the size at a place; returns by how many the levels have grown.
    #[inline]
    fn set(&mut self, place: u32, lots: i64) -> isize {
        let bit = 1u64 << place;
        let rank = (self.mask & (bit - 1)).count_ones() as usize;
        if self.mask & bit != 0 {
            if lots == 0 {
                self.mask ^= bit;
                self.lots.remove(rank);
                return -1;
            }
            self.lots[rank] = lots;
            return 0;
        }
        if lots == 0 {
            return 0;
        }
        self.mask |= bit;
        self.lots.insert(rank, lots);
        1
    }

    fn lots_at(&self, place: u32) -> i64 {
        let bit = 1u64 << place;
        if self.mask & bit == 0 { 0 } else { self.lots[(self.mask & (bit - 1)).count_ones() as usize] }
    }

    /// Visits the levels, best first. `key` is that of the page's first place.
    fn visit(&self, ladder: &Ladder, page: i64, visit: &mut impl FnMut(Level) -> ControlFlow<()>) -> ControlFlow<()> {
        let mut mask = self.mask;
        for &lots in &self.lots {
            let place = mask.trailing_zeros();
            mask &= mask - 1;
            visit(Level { price: ladder.price(page, place), lots })?;
        }
        ControlFlow::Continue(())
    }
}

impl Ladder {
    /// The key of a price: keys rise from the best price on, so that both sides look alike from here.
    #[inline]
    fn key(&self, price: i64) -> i64 {
        price ^ self.flip
    }

    #[inline]
    fn price(&self, page: i64, place: u32) -> i64 {
        self.key((page << PAGE_BITS) | i64::from(place))
    }

    /// The number of the window's page, if the window has it.
    #[inline]
    fn at(&self, page: i64) -> Option<usize> {
        let at = page.wrapping_sub(self.base) as usize;
        (at < self.window.len()).then_some(at)
    }

    /// The first page of the window that has a level.
    #[inline]
    fn first(&self) -> Option<usize> {
        let word = self.summary.iter().position(|&word| word != 0)?;
        Some(word * WORD + self.summary[word].trailing_zeros() as usize)
    }

    #[inline]
    fn note(&mut self, at: usize) {
        let bit = 1u64 << (at % WORD);
        if self.window[at].mask == 0 {
            self.summary[at / WORD] &= !bit;
        } else {
            self.summary[at / WORD] |= bit;
        }
    }

    /// Finds the best level again.
    #[inline]
    fn find_best(&mut self) {
        (self.best_key, self.best) = (i64::MAX, Level::default());
        if let Some(at) = self.first() {
            let page = &self.window[at];
            let price = self.price(self.base + at as i64, page.mask.trailing_zeros());
            if let Some(&lots) = page.lots.first() {
                (self.best_key, self.best) = (self.key(price), Level { price, lots });
            }
        }
    }

    /// A page of the window has become empty: moves the window where the next levels are far from its beginning.
    #[cold]
    fn draw_near(&mut self) {
        match self.first() {
            None => {
                if let Some((&best, _)) = self.far.first_key_value() {
                    self.move_to(best);
                }
            }
            Some(first) if first > self.window.len() / 2 => self.move_to(self.base + first as i64),
            Some(_) => {}
        }
    }

    #[cold]
    fn set_far(&mut self, page: i64, place: u32, lots: i64) {
        if lots == 0 {
            if let Some(found) = self.far.get_mut(&page) {
                self.count = self.count.wrapping_add_signed(found.set(place, 0));
                if found.mask == 0 {
                    self.far.remove(&page);
                }
            }
            return;
        }
        let better = page < self.base;
        if self.count == 0 || better {
            self.far.entry(page).or_default().set(place, lots);
            self.count += 1;
            self.move_to(page);
            return;
        }
        self.count = self.count.wrapping_add_signed(self.far.entry(page).or_default().set(place, lots));
        let near: usize = self.summary.iter().map(|word| word.count_ones() as usize).sum();
        if self.window.len() < MAX_PAGES && self.far.len() > near {
            self.grow();
        }
    }

    /// Doubles the window, if more levels come into it by that.
    #[cold]
    fn grow(&mut self) {
        let end = self.base + self.window.len() as i64 * 2;
        if self.far.first_key_value().is_some_and(|(&page, _)| page < end) {
            let pages = self.window.len() * 2;
            let first = self.first().map_or(self.base, |at| self.base + at as i64);
            self.rebuild(first, pages);
        }
    }

    /// Puts an empty window where the levels of a side begin, as large as it would grow with them; returns its end.
    fn spread(&mut self, levels: &[Level], best: i64) -> i64 {
        let page = |level: &Level| self.key(level.price) >> PAGE_BITS;
        let count = |levels: &[Level]| levels.chunk_by(|one, next| page(one) == page(next)).count();
        let mut pages = self.window.len().max(MIN_PAGES);
        let end = |pages: usize| (best.saturating_sub((pages / ROOM) as i64).max(0)).saturating_add(pages as i64);
        while pages < MAX_PAGES {
            let (near, far) = levels.split_at(levels.partition_point(|level| page(level) < end(pages)));
            if far.first().is_none_or(|first| page(first) >= end(pages * 2)) || count(far) <= count(near) {
                break;
            }
            pages *= 2;
        }
        let end = end(pages);
        self.window.resize_with(pages, Page::default);
        self.summary.clear();
        self.summary.resize(pages.div_ceil(WORD), 0);
        self.base = end - pages as i64;
        end
    }

    /// Moves the window so that `best` is near its beginning.
    #[cold]
    fn move_to(&mut self, best: i64) {
        self.rebuild(best, self.window.len().max(MIN_PAGES));
    }

    fn rebuild(&mut self, best: i64, pages: usize) {
        let base = self.base;
        for (at, page) in self.window.iter_mut().enumerate() {
            if page.mask != 0 {
                self.far.insert(base + at as i64, std::mem::take(page));
            }
        }
        self.base = best.saturating_sub((pages / ROOM) as i64).max(0);
        self.window.resize_with(pages, Page::default);
        self.summary.clear();
        self.summary.resize(pages.div_ceil(WORD), 0);
        let end = self.base.saturating_add(pages as i64);
        let rest = self.far.split_off(&end);
        for (page, levels) in std::mem::replace(&mut self.far, rest) {
            let at = (page - self.base) as usize;
            self.window[at] = levels;
            self.note(at);
        }
    }
}

impl Half for Ladder {
    fn new(side: Side) -> Self {
        let flip = match side {
            Side::Buy => i64::MAX,
            Side::Sell => 0,
        };
        Ladder {
            flip,
            base: 0,
            window: Vec::new(),
            summary: Vec::new(),
            far: BTreeMap::new(),
            count: 0,
            best_key: i64::MAX,
            best: Level::default(),
        }
    }

    #[inline]
    fn set(&mut self, price: i64, lots: i64) {
        let key = self.key(price);
        let (page, place) = (key >> PAGE_BITS, (key & 63) as u32);
        match self.at(page) {
            Some(at) => {
                let grown = self.window[at].set(place, lots);
                if grown != 0 {
                    self.count = self.count.wrapping_add_signed(grown);
                    self.note(at);
                    if grown < 0 && self.window[at].mask == 0 && !self.far.is_empty() {
                        self.draw_near();
                    }
                }
            }
            None => self.set_far(page, place, lots),
        }
        // A level behind the best changes nothing of it, and most are behind it.
        if key <= self.best_key {
            if lots != 0 {
                (self.best_key, self.best) = (key, Level { price, lots });
            } else {
                self.find_best();
            }
        }
    }

    fn clear(&mut self) {
        for page in &mut self.window {
            page.mask = 0;
            page.lots.clear();
        }
        self.summary.fill(0);
        self.far.clear();
        self.count = 0;
        self.find_best();
    }

    fn fill(&mut self, levels: &[Level]) {
        let keys = |at: usize| levels.get(at).map(|level| self.key(level.price));
        let sorted = (1..levels.len()).all(|at| keys(at - 1) < keys(at)) && levels.iter().all(|level| level.lots != 0);
        let Some(best) = keys(0).filter(|&best| sorted && best >= 0) else {
            return levels.iter().for_each(|level| self.set(level.price, level.lots));
        };
        let end = self.spread(levels, best >> PAGE_BITS);
        let (near, far) = levels.split_at(levels.partition_point(|level| self.key(level.price) >> PAGE_BITS < end));
        for level in near {
            let key = self.key(level.price);
            let at = ((key >> PAGE_BITS) - self.base) as usize;
            let page = &mut self.window[at];
            page.mask |= 1 << (key & 63);
            page.lots.push(level.lots);
            self.summary[at / WORD] |= 1 << (at % WORD);
        }
        let page = |level: &Level| self.key(level.price) >> PAGE_BITS;
        let pages = far.chunk_by(|one, next| page(one) == page(next)).map(|levels| {
            let mask = levels.iter().fold(0, |mask, level| mask | 1 << (self.key(level.price) & 63));
            (page(&levels[0]), Page { mask, lots: levels.iter().map(|level| level.lots).collect() })
        });
        if !far.is_empty() {
            self.far = pages.collect();
        }
        self.count = levels.len();
        self.find_best();
    }

    #[inline]
    fn best(&self) -> Option<Level> {
        (self.best.lots != 0).then_some(self.best)
    }

    fn lots_at(&self, price: i64) -> i64 {
        let key = self.key(price);
        let (page, place) = (key >> PAGE_BITS, (key & 63) as u32);
        let found = match self.at(page) {
            Some(at) => Some(&self.window[at]),
            None => self.far.get(&page),
        };
        found.map_or(0, |page| page.lots_at(place))
    }

    fn visit(&self, mut visit: impl FnMut(Level) -> ControlFlow<()>) {
        for (word, &bits) in self.summary.iter().enumerate() {
            let mut bits = bits;
            while bits != 0 {
                let at = word * WORD + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if self.window[at].visit(self, self.base + at as i64, &mut visit).is_break() {
                    return;
                }
            }
        }
        for (&number, page) in &self.far {
            if page.visit(self, number, &mut visit).is_break() {
                return;
            }
        }
    }

    fn len(&self) -> usize {
        self.count
    }

    /// The tree's nodes are counted as two thirds full.
    fn memory_bytes(&self) -> usize {
        let pages = self.window.iter().chain(self.far.values());
        let lots: usize = pages.map(|page| page.lots.capacity() * size_of::<i64>()).sum();
        let window = self.window.capacity() * size_of::<Page>() + self.summary.capacity() * size_of::<u64>();
        size_of::<Self>() + window + lots + self.far.len() * (size_of::<Page>() + size_of::<i64>()) * 3 / 2
    }
}
