"""Measures how long the exchange of a book of 2 x 1,000 levels holds up a lane.

`python -m mainspring_tools.swap_pause` prints it. Each installed structure takes over from each other
one, and returns, many times; the levels are compared each time.
"""

import gc
import sys
from statistics import median
from time import thread_time_ns

from mainspring.host.registry import Registry
from mainspring.lane import BookSlot
from mainspring.lane.swaps import BookPairs, Candidate, Part
from mainspring.model import Side
from mainspring.testing.market import INSTRUMENT

__all__ = ["measure"]

_LEVELS = 1_000
_TIMES = 200


def measure(active: str, candidate: str, registry: Registry, times: int = _TIMES) -> tuple[list[int], list[int]]:
    """Returns the nanoseconds that a candidate took to come in from nothing, and to be exchanged while it stands by.

    They are the thread's processor time, so that what else runs on the host isn't in them. Raises `AssertionError` if
    the levels weren't the same afterwards.
    """
    slot = BookSlot(registry.get("book", active).factory(INSTRUMENT), active, "the tool")
    bids = [(10_000 - at, 1 + at % 7) for at in range(_LEVELS)]
    asks = [(10_001 + at, 1 + at % 5) for at in range(_LEVELS)]
    slot.apply_snapshot(bids, asks)
    offer = registry.get("book", candidate)
    parts = [Part(Candidate(active, {}), "the tool", None)]
    rest = lambda one, _: Part(one, "the tool", offer.factory(INSTRUMENT)), lambda _: None, lambda: 0
    pairs = BookPairs([slot], ["BTC/USDT"], parts, *rest, clock=thread_time_ns)
    entering, exchanging = [], []
    for _ in range(times):
        started = thread_time_ns()
        pairs.shadow(0, Candidate(candidate, {}))
        pairs.swap(0)
        entered = thread_time_ns()
        # An update since the last comparison, so that all levels have to be compared again.
        slot.apply_delta([bids[0]], [])
        pairs.swap(0)
        exchanging.append(thread_time_ns() - entered)
        entering.append(entered - started)
        assert (slot.depth(Side.BUY, _LEVELS), slot.depth(Side.SELL, _LEVELS)) == (bids, asks)
        pairs.end(0)
    return entering, exchanging


def main() -> int:
    """Prints the figures of each pair of structures."""
    registry = Registry.load()
    # As a live session's lanes do, so that no collection looks at what is there already.
    gc.freeze()
    names = [name for name, offer in registry.offers("book").items()]
    for active in names:
        for candidate in names:
            if active != candidate:
                entering, exchanging = measure(active, candidate, registry)
                said = ", ".join(
                    f"{what} median {median(found) / 1e6:.3f} ms, worst {max(found) / 1e6:.3f} ms"
                    for what, found in (("from nothing", entering), ("standing by", exchanging))
                )
                sys.stdout.write(f"{active} -> {candidate}: {said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
