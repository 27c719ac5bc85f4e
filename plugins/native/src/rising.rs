//! A map by ids that rise, as those of orders do: a queue of them, in which an id is mostly as far from the last one as it is
//! smaller. Adding one writes at the end, and growing hashes nothing.

#![forbid(unsafe_code)]

use std::collections::VecDeque;

/// So few removed entries are left where they are.
const MOST_REMOVED: usize = 64;

/// What is known by an id. An id below the last one may be added too, at the cost of moving those above it.
#[derive(Debug)]
pub struct Rising<T> {
    /// By id. An entry that was removed is `None`; the first and the last aren't.
    entries: VecDeque<(i64, Option<T>)>,
    removed: usize,
}

impl<T> Default for Rising<T> {
    fn default() -> Self {
        Rising { entries: VecDeque::new(), removed: 0 }
    }
}

impl<T> Rising<T> {
    /// How many ids are known.
    pub fn len(&self) -> usize {
        self.entries.len() - self.removed
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an id, or changes what is known by it.
    #[inline]
    pub fn insert(&mut self, id: i64, value: T) {
        match self.place(id) {
            Err(at) if at == self.entries.len() => self.entries.push_back((id, Some(value))),
            Ok(at) => {
                let entry = &mut self.entries[at].1;
                self.removed -= usize::from(entry.is_none());
                *entry = Some(value);
            }
            Err(at) => self.entries.insert(at, (id, Some(value))),
        }
    }

    /// What is known by an id.
    #[inline]
    pub fn get(&self, id: i64) -> Option<&T> {
        self.entries[self.place(id).ok()?].1.as_ref()
    }

    /// Removes an id; returns what was known by it.
    pub fn remove(&mut self, id: i64) -> Option<T> {
        let at = self.place(id).ok()?;
        let found = self.entries[at].1.take()?;
        self.removed += 1;
        while let Some((_, None)) = self.entries.front() {
            self.entries.pop_front();
            self.removed -= 1;
        }
        while let Some((_, None)) = self.entries.back() {
            self.entries.pop_back();
            self.removed -= 1;
        }
        // Each entry that is moved stands for one that was removed.
        if self.removed > MOST_REMOVED && self.removed > self.entries.len() / 2 {
            self.entries.retain(|(_, value)| value.is_some());
            self.removed = 0;
        }
        Some(found)
    }

    /// Where an id is, or would be.
    #[inline]
    fn place(&self, id: i64) -> Result<usize, usize> {
        let Some((last, _)) = self.entries.back().filter(|(last, _)| id <= *last) else {
            return Err(self.entries.len());
        };
        // Ids that are further apart than 64 bits count have no such place.
        let back = usize::try_from(last.wrapping_sub(id)).ok();
        if let Some(at) = back.and_then(|back| (self.entries.len() - 1).checked_sub(back))
            && self.entries[at].0 == id
        {
            return Ok(at);
        }
        self.entries.binary_search_by_key(&id, |(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// It knows what a map knows, whatever is added and removed in whatever order, with gaps between ids and at the ends of 64
    /// bits.
    #[test]
    fn it_is_a_map() {
        for (seed, spread) in [(1u64, 1u64), (2, 3), (3, 1 << 40)] {
            let (mut rising, mut map) = (Rising::default(), BTreeMap::new());
            let (mut random, mut next) = (seed, 0i64);
            let mut draw = |most: u64| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (random >> 33) % most
            };
            for step in 0..20_000 {
                let known: Vec<i64> = map.keys().copied().collect();
                let one = known.get(draw(known.len().max(1) as u64) as usize).copied().unwrap_or(0);
                match draw(20) {
                    0..9 => {
                        next += 1 + draw(spread) as i64;
                        rising.insert(next, step);
                        map.insert(next, step);
                    }
                    9 => {
                        rising.insert(one - 1, step);
                        map.insert(one - 1, step);
                    }
                    10..19 => assert_eq!(rising.remove(one), map.remove(&one), "seed {seed}, step {step}"),
                    _ => assert_eq!(rising.remove(one + 1), map.remove(&(one + 1)), "seed {seed}, step {step}"),
                }
                for id in [one - 1, one, one + 1, next, next + 1, i64::MIN, i64::MAX] {
                    assert_eq!(rising.get(id), map.get(&id), "seed {seed}, step {step}");
                }
                assert_eq!((rising.len(), rising.is_empty()), (map.len(), map.is_empty()));
                assert!(rising.entries.len() <= 2 * map.len() + MOST_REMOVED + 1, "removed entries stay");
            }
            assert!(map.len() < 2_000, "hardly anything was removed");
        }
        let mut rising = Rising::default();
        for id in [i64::MIN, -1, i64::MAX] {
            rising.insert(id, id);
        }
        let found = [i64::MIN, -1, 0, i64::MAX].map(|id| rising.get(id).copied());
        assert_eq!(found, [Some(i64::MIN), Some(-1), None, Some(i64::MAX)]);
        assert_eq!(rising.remove(i64::MAX), Some(i64::MAX));
    }
}
