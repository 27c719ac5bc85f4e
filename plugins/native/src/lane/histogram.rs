//! Counts of latencies in log-linear buckets: the same buckets as `mainspring.telemetry.Histogram`.

#![forbid(unsafe_code)]

const SUB_BUCKET_BITS: u32 = 11;
const HALF_BITS: u32 = SUB_BUCKET_BITS - 1;

/// Latencies in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    sum: u128,
    max: u64,
}

impl Histogram {
    /// Counts a latency.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let shift = (u64::BITS - value.leading_zeros()).saturating_sub(SUB_BUCKET_BITS);
        let index = ((u64::from(shift) << HALF_BITS) + (value >> shift)) as usize;
        if index >= self.buckets.len() {
            self.buckets.resize(index + 1, 0);
        }
        self.buckets[index] += 1;
        self.count += 1;
        self.sum += u128::from(value);
        self.max = self.max.max(value);
    }

    /// The buckets that were hit with their counts, the sum and the largest of all values; and forgets them.
    pub fn take(&mut self) -> (Vec<(usize, u64)>, u128, u64) {
        let taken = std::mem::take(self);
        let hit = taken.buckets.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
        (hit, taken.sum, taken.max)
    }
}
