"""The queue model `log-probability-2`: f(behind) / f(behind + ahead) with f(x) = log(1 + x)."""

from mainspring.model import Instrument
from mainspring.seams import Catalogue, hookimpl
from mainspring.venue.elementary import log
from mainspring.venue.queue_probability import ProbabilityQueue

__all__ = ["LogProbability2Queue", "register_queues"]

_EVEN = 0.5  # sizes so small that 1 + x is 1


class LogProbability2Queue(ProbabilityQueue):
    """With a ahead and b behind, a cancelled lot was behind with the probability

        p = log(1 + b) / log(1 + b + a)

    The sizes are in the instrument's unit of quantity, not in lots: 1.5 BTC is 1.5. It is hftbacktest's
    `LogProbQueueFunc2` (https://hftbacktest.readthedocs.io/en/latest/order_fill.html).
    """

    def __init__(self, instrument: Instrument) -> None:
        lot_size = self.lot_size = float(instrument.lot_size)

        def behind_probability(ahead_lots: int, behind_lots: int) -> float:
            both = log(1.0 + (behind_lots + ahead_lots) * lot_size)
            return log(1.0 + behind_lots * lot_size) / both if both else _EVEN

        super().__init__(behind_probability)


@hookimpl
def register_queues(catalogue: Catalogue) -> None:
    """Offers `log-probability-2`."""
    catalogue.add(
        "log-probability-2",
        LogProbability2Queue,
        summary="Of a ahead and b behind, the cancelled ones were behind with p = log(1 + b) / log(1 + b + a)",
        capabilities={"in_runs": True},
    )
