"""The loop that does nothing but read the clock: where two readings lie apart, something came between."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from array import array

__all__ = ["Clock", "Spun", "floor_ns", "spin"]

Clock = Callable[[], int]

_BLOCK = 512
_BLOCKS = 64


class Spun(NamedTuple):
    """A stretch of spinning: from when to when, in the clock's nanoseconds, and how many gaps were written."""

    begin_ns: int
    end_ns: int
    gaps: int


def spin(clock: Clock, duration_ns: int, threshold_ns: int, gaps: "array[int]") -> Spun:
    """Reads the clock for `duration_ns`, and writes each gap above the threshold into `gaps`.

    Ends early when `gaps` is full. Allocates nothing that is kept, and touches no memory but that of `gaps`: a pass
    without a gap costs one reading of the clock and two comparisons.
    """
    room = len(gaps)
    found = 0
    begin = last = clock()
    until_ns = begin + duration_ns
    while last < until_ns:
        now = clock()
        if now - last > threshold_ns:
            gaps[found] = now - last
            found += 1
            if found == room:
                return Spun(begin, now, found)
        last = now
    return Spun(begin, last, found)


def floor_ns(clock: Clock) -> int:
    """Returns the time of one pass of the loop: the fastest of 64 stretches of 512 passes, in nanoseconds per pass.

    The fastest stretch is one without interruptions, so it is the resolution of the loop.
    """
    fastest = min(_block_ns(clock) for _ in range(_BLOCKS))
    return max(1, round(fastest / _BLOCK))


def _block_ns(clock: Clock) -> int:
    # The same work as in `spin`, a threshold never being reached, and a counter in place of the end.
    threshold = 1 << 62
    begin = last = clock()
    for _ in range(_BLOCK):
        now = clock()
        if now - last > threshold:
            break
        last = now
    return last - begin
