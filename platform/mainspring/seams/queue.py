"""The queue seam: where in a price level's queue the lots stood that were cancelled."""

from typing import Protocol

from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["QueueModel", "register_queues"]


class QueueModel(Protocol):
    """Guesses how much of a fall that no trade explains was ahead of a place in the queue.

    A feed of price levels shows how many lots stand at a price and what is traded there, but not which orders were
    cancelled. A simulated venue asks the model once it knows that lots vanished without a trade.
    """

    def lots_ahead(self, ahead_lots: int, behind_lots: int, cancelled_lots: int) -> int:
        """Returns how many of `ahead_lots` are still ahead after `cancelled_lots` of the level were cancelled.

        `ahead_lots` and `behind_lots` are others' displayed lots on both sides of the place before that; neither is
        below 0, and `cancelled_lots` is between 1 and their sum. The answer is between
        `ahead_lots - cancelled_lots` (all were ahead; never below 0) and the smaller of `ahead_lots` and of what is
        left of the level. It depends on the arguments alone, and is the same on every machine: integers and the four
        basic operations on floats are, the C library's `log` and `pow` are not (`mainspring.venue.elementary` has such
        functions that are).
        """
        ...


@hookspec
def register_queues(catalogue: Catalogue) -> None:
    """Offers queue models.

    Called once, when the registry loads. Add each model with `catalogue.add(name, factory, summary=..., options=...)`;
    the factory is called as `factory(instrument)`, with `options=` if the offer declares them, once per instrument of
    a session, and returns an object that implements `mainspring.seams.QueueModel`. Simulated venues get them in
    `RouterContext.queues`. `mainspring.testing.check_queue` checks that it does.

    Capabilities: `in_runs` (bool, default False): the fused runs of our native decoder know the model themselves.
    """
