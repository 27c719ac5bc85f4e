"""Lanes for trials of recovery: a journal that outlives them, further plugins, and a lane's whole state."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from mainspring.errors import MainspringError
from mainspring.host.offers import Offer, freeze
from mainspring.host.registry import Registry
from mainspring.seams import SEAMS
from mainspring.session.lane_run import LaneRun

__all__ = ["KeptJournal", "make_offer", "run_whole", "state_of", "with_offers"]


class KeptJournal:
    """A journal in memory that outlives the sessions that write it, and can be cut."""

    def __init__(self) -> None:
        self.noted: Callable[[], object] | None = None
        """Called after each block."""
        self.kept: dict[int, list[bytes]] = {}

    def begin(self) -> int:
        """The number of a new session."""
        self.kept[len(self.kept) + 1] = []
        return len(self.kept)

    def append(self, session: int, number: int, block: bytes) -> None:
        """Keeps a block."""
        assert number == len(self.kept[session]) + 1
        self.kept[session].append(block)
        if self.noted is not None:
            self.noted()

    def sessions(self) -> Sequence[int]:
        """The numbers of all sessions."""
        return tuple(self.kept)

    def blocks(self, session: int) -> Iterator[tuple[int, bytes]]:
        """The blocks of a session with their numbers."""
        yield from enumerate(list(self.kept.get(session, ())), 1)

    def last_block(self, session: int) -> tuple[int, bytes] | None:
        """The last block of a session with its number; None if it has none."""
        blocks = self.kept.get(session)
        return (len(blocks), blocks[-1]) if blocks else None

    def close(self) -> None:
        """Does nothing."""

    def cut(self, session: int, blocks: int) -> "KeptJournal":
        """A copy whose session ends after that many blocks."""
        found = KeptJournal()
        found.kept = {number: list(kept) for number, kept in self.kept.items() if number <= session}
        del found.kept[session][blocks:]
        return found


def with_offers(registry: Registry, *offers: Offer) -> Registry:
    """A registry with further offers."""
    by_seam = {seam: dict(registry.offers(seam)) for seam in SEAMS}
    for offer in offers:
        by_seam[offer.seam][offer.name] = offer
    return Registry(freeze(by_seam), registry.blocked)


def make_offer(seam: str, name: str, factory: Callable[..., Any], **capabilities: bool) -> Offer:
    """An offer of an implementation of a seam."""
    return Offer(
        seam=seam,
        name=name,
        factory=factory,
        summary="of the tests",
        distribution="tests",
        version="1",
        capabilities=capabilities,
    )


def run_whole(run: LaneRun) -> None:
    """Runs a lane to its end, or to the error that ends it."""
    with run, suppress(MainspringError):
        while run.step():
            pass
        run.finish()


def state_of(manager: Any) -> dict[str, Any]:
    """The whole state of a lane's order side, as plain values."""
    tracker, portfolio, outbox = manager.tracker, manager.portfolio, manager.outbox
    return {
        "orders": {
            order_id: _order(order)
            for order_id in range(outbox.next_order_id)
            if (order := tracker.find(order_id)) is not None
        },
        "open": [order.order.order_id for order in tracker.all_open()],
        "open lots": [(lots.buy, lots.sell) for lots in tracker.open_lots],
        "stops": dict(tracker.stops),
        "due": tracker.due_ns,
        "next": outbox.next_order_id,
        "discrepancies": dict(manager.discrepancies),
        "positions": {
            key: _position(position)
            for key, position in [*enumerate(portfolio._positions), *sorted(portfolio._own.items())]  # noqa: SLF001  the whole state
            if not position.untouched
        },
        "checks": [_counted(check) for row in manager.gate.rows for check in row],
    }


_COUNTED = ("counts", "sent", "changes", "marks")


def _counted(check: Any) -> dict[str, Any]:
    """What a risk check has counted, and what it has stopped."""
    counted = {name: _state(getattr(check, name)) for name in _COUNTED if hasattr(check, name)}
    return {**counted, "stopped": dict(getattr(check, "stopped", {})), "days": repr(getattr(check, "days", None))}


def _state(counts: Any) -> Any:
    """What was counted. Which day it is matters only once something has been counted in it."""
    begun = not hasattr(counts, "day_begins_ns") or counts.cancels or counts.fills
    return counts.state() if begun else None


def _order(order: Any) -> tuple[Any, ...]:
    return (
        order.order,
        order.price_ticks,
        order.size_lots,
        order.filled_lots,
        order.exposure_lots,
        order.state,
        order.ended,
        order.awaits_answer,
        order.acknowledged,
        order.pending_cancels,
        order.pending_replaces,
    )


_UNITS = (
    *("position_lots", "bought_lots", "sold_lots", "bought_units", "sold_units"),
    *("cost_fine", "fees_ppb_units", "rebates_ppb_units"),
)


def _position(position: Any) -> tuple[Any, ...]:
    units = [getattr(position.units, name) for name in _UNITS]
    return (*units, position._reported_fees, position._reported_rebates, position._reported_funding)  # noqa: SLF001
