//! Samples in bounded memory. The twin is `mainspring.lane.trace`, which explains it.

#![forbid(unsafe_code)]

/// Keeps every sample until the limit is reached, and then every second, every fourth, and so on.
#[derive(Clone, Debug)]
pub struct Trace<T> {
    /// What was kept.
    pub samples: Vec<T>,
    /// How many samples there were.
    pub seen: u64,
    limit: usize,
    stride: u64,
}

impl<T> Trace<T> {
    /// A trace of fewer than `limit` samples.
    pub fn new(limit: usize) -> Self {
        Trace { samples: Vec::new(), seen: 0, limit, stride: 1 }
    }

    /// Takes a sample, or passes over it.
    pub fn add(&mut self, sample: impl FnOnce() -> T) {
        if self.seen.is_multiple_of(self.stride) {
            self.samples.push(sample());
            if self.samples.len() >= self.limit {
                let mut at = 0;
                self.samples.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.stride *= 2;
            }
        }
        self.seen += 1;
    }
}
