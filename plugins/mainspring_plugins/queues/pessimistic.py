"""The queue model `pessimistic`: cancelled lots stood behind us, as far as anybody did."""

from mainspring.model import Instrument
from mainspring.seams import Catalogue, hookimpl

__all__ = ["PessimisticQueue", "register_queues"]


class PessimisticQueue:
    """Only trades take from those ahead, until fewer are displayed than that.

    It is hftbacktest's `RiskAdverseQueueModel`.
    """

    def __init__(self, instrument: Instrument) -> None:
        pass

    def lots_ahead(self, ahead_lots: int, behind_lots: int, cancelled_lots: int) -> int:
        """Returns how many of `ahead_lots` are left."""
        return min(ahead_lots, ahead_lots + behind_lots - cancelled_lots)


@hookimpl
def register_queues(catalogue: Catalogue) -> None:
    """Offers `pessimistic`."""
    catalogue.add(
        "pessimistic",
        PessimisticQueue,
        summary="What is cancelled stood behind us, as far as anybody did",
        capabilities={"in_runs": True},
    )
