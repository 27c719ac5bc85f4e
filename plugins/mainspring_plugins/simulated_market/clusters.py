"""When events happen: a Hawkes process, generated from its clusters."""

import random
from heapq import heappop, heappush

from mainspring_plugins.simulated_market.calibration import CHILDREN, DELAY_NS, EXPONENTIAL
from mainspring_plugins.simulated_market.inverse_cdf import BITS, MASK, expand

__all__ = ["HawkesTimes"]

_MEAN_PAUSE_NS = 99_000_000.0
"""Between two events that nothing excited."""


_MOST_WAITING = 10_000
"""With more events than this to come, none is added to an event's share: far beyond what a session reaches."""


class HawkesTimes:
    """The times of events that excite one another, in order. `rate` multiplies their speed.

    The cluster form of the process (Hawkes and Oakes 1974, A cluster process representation of a self-exciting
    process): events without a cause come as a Poisson process; every event has a few children, each after a delay of
    its own. The kernel is the distribution of delays and may have any shape: no exponential is needed. On average an
    event has fewer than one child, so clusters die out and the waiting list stays short.

    `next_ns` is when the next event comes; `advance` takes it.
    """

    __slots__ = ("_children", "_delays_ns", "_getrandbits", "_pauses_ns", "_spontaneous_ns", "_waiting", "next_ns")

    def __init__(self, rng: random.Random, start_ns: int, rate: float) -> None:
        self._getrandbits = rng.getrandbits
        self._children = expand(CHILDREN)
        self._delays_ns = expand(DELAY_NS, scale=1 / rate, least=1)
        self._pauses_ns = expand(EXPONENTIAL, scale=_MEAN_PAUSE_NS / rate, least=1)
        self._waiting: list[int] = []
        self._spontaneous_ns = self.next_ns = start_ns + self._pauses_ns[rng.getrandbits(BITS)]

    def advance(self) -> None:
        """Lets the event at `next_ns` happen: adds its children to the waiting list and sets the next event's time."""
        waiting, bits = self._waiting, self._getrandbits(32)
        if self.next_ns == self._spontaneous_ns:
            self._spontaneous_ns += self._pauses_ns[bits >> 20]
        else:
            heappop(waiting)
        for _ in range(self._children[bits & MASK]):
            heappush(waiting, self.next_ns + self._delays_ns[self._getrandbits(BITS)])
        spontaneous_ns = self._spontaneous_ns
        self.next_ns = waiting[0] if waiting and waiting[0] < spontaneous_ns else spontaneous_ns

    def excite(self, children: int) -> None:
        """Gives the last event `children` more children than its share, as a large trade does."""
        if len(self._waiting) > _MOST_WAITING:
            return
        for _ in range(children):
            heappush(self._waiting, self.next_ns + self._delays_ns[self._getrandbits(BITS)])
