"""Queue models by a probability that what was cancelled stood behind us."""

from collections.abc import Callable
from math import ceil

__all__ = ["ProbabilityQueue"]


class ProbabilityQueue:
    """Shares a fall out between those ahead and those behind by a probability of the place in the queue.

    `behind_probability` gets the lots ahead and behind, not both 0, and returns p, from 0 to 1: how likely a cancelled
    lot stood behind. With a lots ahead, b behind and c cancelled,

        ahead = a - (1 - p) c + min(b - p c, 0)

    is left: where fewer stood behind than p would have cancelled there, the rest was ahead. It is rounded up, against
    us, and bounded by what is possible.

    After Rigtorp (2013), "Estimating order queue position", https://rigtorp.se/2013/06/08/estimating-order-queue-position.html,
    in the form of hftbacktest's `ProbQueueModel` (https://hftbacktest.readthedocs.io/en/latest/order_fill.html).
    """

    __slots__ = ("_behind_probability",)

    def __init__(self, behind_probability: Callable[[int, int], float]) -> None:
        self._behind_probability = behind_probability

    def lots_ahead(self, ahead_lots: int, behind_lots: int, cancelled_lots: int) -> int:
        """Returns how many of `ahead_lots` are left. See `mainspring.seams.QueueModel`."""
        fewest = max(ahead_lots - cancelled_lots, 0)
        most = min(ahead_lots, ahead_lots + behind_lots - cancelled_lots)
        if fewest == most:
            return most
        p = self._behind_probability(ahead_lots, behind_lots)
        left = ahead_lots - (1.0 - p) * cancelled_lots + min(behind_lots - p * cancelled_lots, 0.0)
        return min(max(ceil(left), fewest), most)
