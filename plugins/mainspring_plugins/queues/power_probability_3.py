"""The queue model `power-probability-3`: 1 - f(ahead / (ahead + behind)) with f(x) = x^n."""

import msgspec

from mainspring.model import Instrument
from mainspring.seams import Catalogue, hookimpl
from mainspring.venue.elementary import power
from mainspring.venue.queue_probability import ProbabilityQueue

__all__ = ["PowerOptions", "PowerProbability3Queue", "register_queues"]

_MOST_POWER = 100


class PowerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`n` is the power: above 1, less was cancelled ahead of us than an even share; below 1, more."""

    n: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.n <= _MOST_POWER:
            raise ValueError(f"n must be above 0 and at most {_MOST_POWER}, not {self.n:g}")


class PowerProbability3Queue(ProbabilityQueue):
    """With a lots ahead and b behind, a cancelled lot was behind with the probability

        p = 1 - (a / (a + b))^n

    It is hftbacktest's `PowerProbQueueFunc3(n)` (https://hftbacktest.readthedocs.io/en/latest/order_fill.html).
    """

    def __init__(self, instrument: Instrument, *, options: PowerOptions) -> None:
        n = self.n = options.n

        def behind_probability(ahead_lots: int, behind_lots: int) -> float:
            return 1.0 - power(ahead_lots / (ahead_lots + behind_lots), n)

        super().__init__(behind_probability)


@hookimpl
def register_queues(catalogue: Catalogue) -> None:
    """Offers `power-probability-3`."""
    catalogue.add(
        "power-probability-3",
        PowerProbability3Queue,
        summary="Of a lots ahead and b behind, the cancelled ones were behind with p = 1 - (a / (a + b))^n",
        options=PowerOptions,
        capabilities={"in_runs": True},
    )
