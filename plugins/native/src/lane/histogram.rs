//! Counts of latencies in log-linear buckets: the same buckets as `mainspring.telemetry.Histogram`.

#![forbid(unsafe_code)]

use std::time::Duration;

/// A time in nanoseconds; what is longer than 64 bits hold is as long as they hold.
#[inline]
pub fn nanoseconds(time: Duration) -> u64 {
    // Without a product of 128 bits, as `as_nanos` has.
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()))
}

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
