//! A pool of records, allocated once.

#![forbid(unsafe_code)]

use crate::orders::fixed::{Kind, Record};

const INDEX_BITS: u32 = 32;

/// A fixed number of places. A handle names a place and how often it was given out.
#[derive(Debug)]
pub struct Pool {
    records: Vec<Record>,
    /// Odd while the place is taken.
    generations: Vec<u32>,
    free: Vec<u32>,
}

impl Pool {
    /// Creates a pool of this many free places.
    pub fn new(capacity: u32) -> Pool {
        Pool {
            records: vec![Record::new(Kind::Accepted); capacity as usize],
            generations: vec![0; capacity as usize],
            free: (0..capacity).rev().collect(),
        }
    }

    /// How many places there are.
    pub fn capacity(&self) -> usize {
        self.records.len()
    }

    /// How many are taken.
    pub fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a record in a free place; `None` where all are taken.
    #[inline]
    pub fn take(&mut self, record: Record) -> Option<u64> {
        let index = self.free.pop()?;
        let generation = &mut self.generations[index as usize];
        *generation = generation.wrapping_add(1);
        self.records[index as usize] = record;
        Some(u64::from(*generation) << INDEX_BITS | u64::from(index))
    }

    /// The record in a place; `None` where the handle names none that is taken.
    #[inline]
    pub fn get(&mut self, handle: u64) -> Option<&mut Record> {
        let index = self.index(handle)?;
        self.records.get_mut(index)
    }

    /// Makes a place free; false where the handle names none that is taken.
    #[inline]
    pub fn release(&mut self, handle: u64) -> bool {
        let Some(index) = self.index(handle) else { return false };
        self.generations[index] = self.generations[index].wrapping_add(1);
        self.free.push(index as u32);
        true
    }

    fn index(&self, handle: u64) -> Option<usize> {
        let (index, generation) = (handle as u32 as usize, (handle >> INDEX_BITS) as u32);
        (generation % 2 == 1 && self.generations.get(index) == Some(&generation)).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_handle_is_known_as_such_and_nothing_is_allocated() {
        let mut pool = Pool::new(2);
        let record = Record::new(Kind::Fill);
        let (first, second) = (pool.take(record).expect("a place"), pool.take(record).expect("a place"));
        assert_eq!(pool.take(record), None);
        let places = pool.free.capacity();
        assert!(pool.release(first) && !pool.release(first));
        let third = pool.take(record).expect("the place that was released");
        assert!(third != first && pool.get(first).is_none() && pool.get(third).is_some() && pool.get(second).is_some());
        assert_eq!((pool.len(), pool.free.capacity()), (2, places));
    }
}
