//! Values at places that stay theirs: in blocks, so that growing copies nothing and asks for a little memory at a time.

#![forbid(unsafe_code)]

use std::ops::{Index, IndexMut};

const BLOCK_BITS: u32 = 6;
const BLOCK: usize = 1 << BLOCK_BITS;

/// Values by place. A place that was freed is taken again first.
#[derive(Debug)]
pub struct Slab<T> {
    blocks: Vec<Vec<T>>,
    count: u32,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { blocks: Vec::new(), count: 0, free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// How many places there are, free ones included.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is no place.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Puts a value at a place, which is returned; `None` if there are more than 32 bits count.
    #[inline]
    pub fn insert(&mut self, value: T) -> Option<u32> {
        if let Some(at) = self.free.pop() {
            self[at] = value;
            return Some(at);
        }
        let at = self.count;
        let next = at.checked_add(1)?;
        match self.blocks.last_mut().filter(|last| last.len() < BLOCK) {
            Some(last) => last.push(value),
            None => self.add_block(value),
        }
        self.count = next;
        Some(at)
    }

    #[cold]
    fn add_block(&mut self, first: T) {
        let mut block = Vec::with_capacity(BLOCK);
        block.push(first);
        self.blocks.push(block);
    }

    /// Frees a place. Its value stays until another takes the place.
    pub fn free(&mut self, at: u32) {
        self.free.push(at);
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: u32) -> &T {
        &self.blocks[(at >> BLOCK_BITS) as usize][at as usize % BLOCK]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.blocks[(at >> BLOCK_BITS) as usize][at as usize % BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values keep their places over blocks, and a freed place is taken before a new one.
    #[test]
    fn values_stay_at_their_places() {
        let mut slab = Slab::default();
        assert!(slab.is_empty());
        let places: Vec<u32> = (0..200).map(|value| slab.insert(value).unwrap()).collect();
        assert!(places.iter().all(|at| slab[*at] == *at));
        slab.free(70);
        slab.free(3);
        assert_eq!((slab[70], slab.len()), (70, 200));
        assert_eq!([slab.insert(1_003), slab.insert(1_070), slab.insert(1_200)], [Some(3), Some(70), Some(200)]);
        assert_eq!([slab[3], slab[70], slab[200], slab[199]], [1_003, 1_070, 1_200, 199]);
    }
}
