//! Instants between which stages are timed.

#![forbid(unsafe_code)]

use std::sync::LazyLock;
use std::time::Instant as SystemInstant;

use quanta::Clock;

/// The processor's time-stamp counter where that runs at one rate, and else the system's clock.
struct Counter {
    clock: Clock,
    /// Nanoseconds for a count, times 2^32.
    scale: u64,
}

static COUNTER: LazyLock<Counter> = LazyLock::new(Counter::new);

impl Counter {
    /// Its rate is measured over a millisecond. `quanta` measures it too, but is a percent off where the process is
    /// interrupted between two readings.
    fn new() -> Counter {
        let clock = Clock::new();
        let (first, first_count) = pair(&clock);
        while first.elapsed().as_micros() < 1_000 {}
        let (last, last_count) = pair(&clock);
        let (ns, counts) = ((last - first).as_nanos(), u128::from(last_count.saturating_sub(first_count)));
        let scale = u64::try_from((ns << 32) / counts.max(1)).unwrap_or(u64::MAX);
        Counter { clock, scale }
    }
}

/// What both clocks show at one time: of ten readings, the one that took least.
fn pair(clock: &Clock) -> (SystemInstant, u64) {
    let mut best: Option<(u64, (SystemInstant, u64))> = None;
    for _ in 0..10 {
        let before = clock.raw();
        let now = SystemInstant::now();
        let took = clock.raw().saturating_sub(before);
        if best.is_none_or(|(least, _)| took < least) {
            best = Some((took, (now, before + took / 2)));
        }
    }
    best.map_or_else(|| (SystemInstant::now(), clock.raw()), |(_, pair)| pair)
}

/// A moment. To read it costs half of what `std::time::Instant` does.
#[derive(Clone, Copy, Debug)]
pub struct Instant(u64);

impl Instant {
    /// This moment.
    #[inline]
    pub fn now() -> Instant {
        Instant(COUNTER.clock.raw())
    }

    /// Nanoseconds from an earlier moment to this one; 0 if it is later.
    #[inline]
    pub fn ns_since(self, earlier: Instant) -> u64 {
        let ns = (u128::from(self.0.saturating_sub(earlier.0)) * u128::from(COUNTER.scale)) >> 32;
        u64::try_from(ns).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both clocks agree about a stretch of time that lies between a longer and a shorter one of the other's.
    #[test]
    fn it_counts_the_nanoseconds_that_the_system_counts() {
        let outer = SystemInstant::now();
        let started = Instant::now();
        let inner = SystemInstant::now();
        while inner.elapsed().as_millis() < 20 {}
        let least = inner.elapsed().as_nanos() as u64;
        let took = Instant::now().ns_since(started);
        let most = outer.elapsed().as_nanos() as u64;
        assert!(took <= most + most / 1_000, "{took} ns, but {most} ns at most");
        assert!(took >= least - least / 1_000, "{took} ns, but {least} ns at least");
        assert_eq!(started.ns_since(Instant::now()), 0);
    }
}
