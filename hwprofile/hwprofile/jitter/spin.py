"""A loop that only reads the clock: a gap between two readings is an interruption."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from array import array

__all__ = ["Clock", "Spun", "floor_ns", "spin"]

Clock = Callable[[], int]

_BLOCK = 512
_BLOCKS = 64


class Spun(NamedTuple):
    """One run of the loop: its start and end in the clock's nanoseconds, and the number of gaps written."""

    begin_ns: int
    end_ns: int
    gaps: int


def spin(clock: Clock, duration_ns: int, threshold_ns: int, gaps: "array[int]") -> Spun:
    """Reads the clock for `duration_ns`, and writes each gap above the threshold into `gaps`.

    Ends early if `gaps` is full. Keeps no allocation, and writes only to `gaps`: a pass without a gap costs one reading
    of the clock and two comparisons.
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
    """Measures the loop's own time for a pass in nanoseconds: the fastest of 64 runs of 512 passes.

    The fastest run wasn't interrupted, so its time is the loop's resolution.
    """
    fastest = min(_block_ns(clock) for _ in range(_BLOCKS))
    return max(1, round(fastest / _BLOCK))


def _block_ns(clock: Clock) -> int:
    # The same work as `spin` with a threshold that is never reached, and a counter instead of the end time.
    threshold = 1 << 62
    begin = last = clock()
    for _ in range(_BLOCK):
        now = clock()
        if now - last > threshold:
            break
        last = now
    return last - begin
