//! Sorted vectors: prices and sizes of a side in two arrays, the best level last.
//!
//! An update near the touch, where most of the churn of a short book is, moves a few places at the end; one far from it
//! moves the rest by one `memmove`. The best level costs one load.

#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use crate::book::two_sided::{Half, TwoSided};
use crate::book::{Level, Side};

/// A book of sorted vectors.
pub type SortedVecBook = TwoSided<SortedVec>;

/// One side: keys rise towards the best level. An ask's key is the complement of its price, so that the lowest is last.
#[derive(Clone, Debug)]
pub struct SortedVec {
    flip: i64,
    keys: Vec<i64>,
    lots: Vec<i64>,
}

/// This many places from the end are searched one by one before a binary search of the rest.
const NEAR: usize = 8;

impl SortedVec {
    #[inline]
    fn find(&self, key: i64) -> Result<usize, usize> {
        let keys = &self.keys;
        let far = keys.len().saturating_sub(NEAR);
        if far > 0 && keys[far] > key {
            return keys[..far].binary_search(&key);
        }
        let at = far + keys[far..].iter().take_while(|&&known| known < key).count();
        if keys.get(at) == Some(&key) { Ok(at) } else { Err(at) }
    }
}

impl SortedVec {
    /// Removes the level furthest from the best; returns its price.
    pub fn drop_worst(&mut self) -> Option<i64> {
        if self.keys.is_empty() {
            return None;
        }
        self.lots.remove(0);
        Some(self.keys.remove(0) ^ self.flip)
    }
}

impl Half for SortedVec {
    fn new(side: Side) -> Self {
        let flip = match side {
            Side::Buy => 0,
            Side::Sell => -1,
        };
        SortedVec { flip, keys: Vec::new(), lots: Vec::new() }
    }

    #[inline]
    fn set(&mut self, price: i64, lots: i64) {
        let key = price ^ self.flip;
        match (self.find(key), lots) {
            (Ok(at), 0) => {
                self.keys.remove(at);
                self.lots.remove(at);
            }
            (Ok(at), _) => self.lots[at] = lots,
            (Err(_), 0) => {}
            (Err(at), _) => {
                self.keys.insert(at, key);
                self.lots.insert(at, lots);
            }
        }
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.lots.clear();
    }

    #[inline]
    fn best(&self) -> Option<Level> {
        Some(Level { price: self.keys.last()? ^ self.flip, lots: *self.lots.last()? })
    }

    fn lots_at(&self, price: i64) -> i64 {
        self.find(price ^ self.flip).map_or(0, |at| self.lots[at])
    }

    #[inline]
    fn visit(&self, mut visit: impl FnMut(Level) -> ControlFlow<()>) {
        for (&key, &lots) in self.keys.iter().zip(&self.lots).rev() {
            if visit(Level { price: key ^ self.flip, lots }).is_break() {
                return;
            }
        }
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Self>() + (self.keys.capacity() + self.lots.capacity()) * size_of::<i64>()
    }
}
