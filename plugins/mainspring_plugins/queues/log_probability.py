"""The queue model `log-probability`: f(behind) / (f(behind) + f(ahead)) with f(x) = log(1 + x)."""

from mainspring.model import Instrument
from mainspring.seams import Catalogue, hookimpl
from mainspring.venue.elementary import log
from mainspring.venue.queue_probability import ProbabilityQueue

__all__ = ["LogProbabilityQueue", "register_queues"]

_EVEN = 0.5  # sizes so small that 1 + x is 1


class LogProbabilityQueue(ProbabilityQueue):
    """With a ahead and b behind, a cancelled lot was behind with the probability

        p = log(1 + b) / (log(1 + b) + log(1 + a))

    The sizes are in the instrument's unit of quantity, not in lots: 1.5 BTC is 1.5. It is hftbacktest's
    `LogProbQueueFunc` (https://hftbacktest.readthedocs.io/en/latest/order_fill.html).
    """

    def __init__(self, instrument: Instrument) -> None:
        lot_size = self.lot_size = float(instrument.lot_size)

        def behind_probability(ahead_lots: int, behind_lots: int) -> float:
            behind = log(1.0 + behind_lots * lot_size)
            both = behind + log(1.0 + ahead_lots * lot_size)
            return behind / both if both else _EVEN

        super().__init__(behind_probability)


@hookimpl
def register_queues(catalogue: Catalogue) -> None:
    """Offers `log-probability`."""
    catalogue.add(
        "log-probability",
        LogProbabilityQueue,
        summary="Of a ahead and b behind, those cancelled were behind with p = log(1 + b) / (log(1 + b) + log(1 + a))",
        capabilities={"in_runs": True},
    )
