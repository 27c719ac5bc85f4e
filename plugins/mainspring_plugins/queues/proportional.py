"""The queue model `proportional`: cancelled lots were spread evenly over the queue."""

from mainspring.model import Instrument
from mainspring.seams import Catalogue, hookimpl

__all__ = ["ProportionalQueue", "register_queues"]


class ProportionalQueue:
    """Of those ahead, the same share is left as of the whole level, rounded up, against us."""

    def __init__(self, instrument: Instrument) -> None:
        pass

    def lots_ahead(self, ahead_lots: int, behind_lots: int, cancelled_lots: int) -> int:
        """Returns how many of `ahead_lots` are left."""
        level_lots = ahead_lots + behind_lots
        return -(-ahead_lots * (level_lots - cancelled_lots) // level_lots)


@hookimpl
def register_queues(catalogue: Catalogue) -> None:
    """Offers `proportional`."""
    catalogue.add(
        "proportional",
        ProportionalQueue,
        summary="What is cancelled was spread evenly over the queue",
        rank=10,
        capabilities={"in_runs": True},
    )
