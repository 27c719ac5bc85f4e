"""The queue model `power-probability`: f(behind) / (f(behind) + f(ahead)) with f(x) = x^n."""

import msgspec

from mainspring.model import Instrument
from mainspring.seams import Catalogue, hookimpl
from mainspring.venue.elementary import power
from mainspring.venue.queue_probability import ProbabilityQueue

__all__ = ["PowerOptions", "PowerProbabilityQueue", "register_queues"]

_MOST_POWER = 100


class PowerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`n` is the power: above 1, the longer part of the queue lost more than its share; below 1, less."""

    n: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.n <= _MOST_POWER:
            raise ValueError(f"n must be above 0 and at most {_MOST_POWER}, not {self.n:g}")


class PowerProbabilityQueue(ProbabilityQueue):
    """With a lots ahead and b behind, a cancelled lot was behind with the probability

        p = b^n / (b^n + a^n)

    It is hftbacktest's `PowerProbQueueFunc(n)` (https://hftbacktest.readthedocs.io/en/latest/order_fill.html).
    """

    def __init__(self, instrument: Instrument, *, options: PowerOptions) -> None:
        n = self.n = options.n

        def behind_probability(ahead_lots: int, behind_lots: int) -> float:
            # By the ratio of both, which no power makes too large for a float.
            if ahead_lots <= behind_lots:
                return 1.0 / (1.0 + power(ahead_lots / behind_lots, n))
            ratio = power(behind_lots / ahead_lots, n)
            return ratio / (1.0 + ratio)

        super().__init__(behind_probability)


@hookimpl
def register_queues(catalogue: Catalogue) -> None:
    """Offers `power-probability`."""
    catalogue.add(
        "power-probability",
        PowerProbabilityQueue,
        summary="Of a lots ahead and b behind, the cancelled ones were behind with p = b^n / (b^n + a^n)",
        options=PowerOptions,
        capabilities={"in_runs": True},
    )
