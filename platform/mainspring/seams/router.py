"""The router seam: approved orders go to a venue, and what becomes of them comes back."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from mainspring.model import ApprovedOrder, Instrument, MarketEvent, OrderEvent
from mainspring.seams.book import Book
from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["NEVER_NS", "Router", "RouterContext", "register_routers"]

NEVER_NS = 2**63 - 1
"""A `due_ns` that no clock reaches."""


class RouterContext(msgspec.Struct, frozen=True):
    """What wiring hands to a router's factory: instruments, in order, the lane's book of each, and the session's seed.

    The books are the lane's own, read-only: the simulated venues fill against them.
    """

    instruments: tuple[Instrument, ...]
    books: tuple[Book, ...]
    seed: int


class Router(Protocol):
    """Carries orders to a venue. It takes approved orders only, never sends one twice, and loses no answer.

    Times are the lane's, in nanoseconds, and never run backwards. Every order gets exactly one of `Accepted` and
    `Rejected` before anything else, and ends with a `Fill` that completes it, a `Cancelled` or that `Rejected`.

    One that watches the market may have a further attribute, `idle`: True while nothing that a market does can lead to
    an event of the router's. Events may be passed over then. Before it is called the next time it is handed, of each
    instrument, the last quote, delta, snapshot, status and invalidation that were passed over, in their order, deltas
    and snapshots without their rows.
    """

    due_ns: int
    """No event will come from `poll` before this time. The lane compares it, instead of calling `poll` each time."""

    def submit(self, order: ApprovedOrder, now_ns: int) -> None:
        """Sends a new order."""
        ...

    def cancel(self, order_id: int, now_ns: int) -> None:
        """Asks for the rest of an order to be cancelled. Too late is a `Rejected` with request "cancel"."""
        ...

    def replace(self, order_id: int, price_ticks: int, size_lots: int, now_ns: int) -> None:
        """Asks for an order to stand at another price or total size. Refused: a `Rejected` with request "replace"."""
        ...

    def poll(self, now_ns: int) -> Sequence[OrderEvent]:
        """The events that have happened up to `now_ns`, in order of time. Each is handed out once."""
        ...

    def on_market(self, event: MarketEvent) -> None:
        """For a router with the capability `watches_market`: a market event, after the lane's book has taken it."""
        ...


@hookspec
def register_routers(catalogue: Catalogue) -> None:
    """Offers routers.

    Called once, when the registry loads. Add each router by `catalogue.add(name, factory, summary=..., options=...,
    capabilities=...)`; the factory is called as `factory(context)` with a `RouterContext`, and `options=` where the
    offer declares them, once for each lane, and returns an object that keeps the contract of
    `mainspring.seams.Router`. `mainspring.testing.check_router` checks that it does.

    Capabilities: `simulated` (bool, default False) is True where no real order goes out; `watches_market` (bool,
    default False) is True where `on_market` wants every market event; `across_instruments` (bool, default False) is
    True where one router has to carry all orders of a session: with several lanes or feeds, each of which makes its
    own, the session is refused then.
    """
