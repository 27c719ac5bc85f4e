//! Instants between which stages are timed.

use std::sync::LazyLock;

use quanta::Clock;

static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::new);

/// A moment, read from the processor's time-stamp counter where that runs at one rate, and else from the system. To read it
/// costs half of what `std::time::Instant` does.
#[derive(Clone, Copy, Debug)]
pub struct Instant(u64);

impl Instant {
    /// This moment.
    #[inline]
    pub fn now() -> Instant {
        Instant(CLOCK.raw())
    }

    /// Nanoseconds from an earlier moment to this one; 0 if it is later.
    #[inline]
    pub fn ns_since(self, earlier: Instant) -> u64 {
        CLOCK.delta_as_nanos(earlier.0, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both clocks agree about a stretch of time, which the outer one reads a little longer.
    #[test]
    fn it_counts_the_nanoseconds_that_the_system_counts() {
        let (outer, inner) = (std::time::Instant::now(), Instant::now());
        while outer.elapsed().as_millis() < 20 {}
        let took = Instant::now().ns_since(inner);
        let most = outer.elapsed().as_nanos() as u64;
        assert!(took <= most + most / 1_000, "{took} ns, but {most} ns at most");
        assert!(took >= 19_900_000, "{took} ns of 20 ms");
        assert_eq!(inner.ns_since(Instant::now()), 0);
    }
}
