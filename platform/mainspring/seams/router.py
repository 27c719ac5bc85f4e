"""The router seam: sends approved orders to a venue and returns the order events."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from mainspring.model import ApprovedOrder, Instrument, MarketEvent, OrderEvent
from mainspring.seams.book import Book
from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["NEVER_NS", "Router", "RouterContext", "register_routers"]

NEVER_NS = 2**63 - 1
"""A `due_ns` that is never reached."""


class RouterContext(msgspec.Struct, frozen=True):
    """What wiring passes to a router's factory: the instruments, the lane's book of each, and the session's seed.

    The books are the lane's own, read-only: the simulated venues match against them.
    """

    instruments: tuple[Instrument, ...]
    books: tuple[Book, ...]
    seed: int


class Router(Protocol):
    """Sends orders to a venue. It accepts approved orders only, sends each once, and loses no answer.

    Times are the lane's, in nanoseconds, and never go backwards. The first event of every order is exactly one of
    `Accepted` and `Rejected`; it ends with a `Fill` that completes it, a `Cancelled`, or that `Rejected`.

    A router that watches the market may have an attribute `idle`: True while no market event can lead to an event of
    the router's. Market events may then be conflated. Before its next call it gets, for each instrument, the last
    quote, delta, snapshot, status and invalidation that were conflated, in order, deltas and snapshots without their
    rows.
    """

    due_ns: int
    """`poll` returns no event before this time. The lane compares it instead of calling `poll` each time."""

    def submit(self, order: ApprovedOrder, now_ns: int) -> None:
        """Sends a new order."""
        ...

    def cancel(self, order_id: int, now_ns: int) -> None:
        """Requests a cancel of the rest of an order. If it is too late, a `Rejected` with request "cancel" follows."""
        ...

    def replace(self, order_id: int, price_ticks: int, size_lots: int, now_ns: int) -> None:
        """Requests another price or total size. If the venue refuses, a `Rejected` with request "replace" follows."""
        ...

    def poll(self, now_ns: int) -> Sequence[OrderEvent]:
        """Returns the events up to `now_ns`, in order of time. Each is returned once."""
        ...

    def on_market(self, event: MarketEvent) -> None:
        """Takes a market event, after the lane's book has applied it. Only for the capability `watches_market`."""
        ...


@hookspec
def register_routers(catalogue: Catalogue) -> None:
    """Offers routers.

    Called once, when the registry loads. Add each router with `catalogue.add(name, factory, summary=..., options=...,
    capabilities=...)`; the factory is called as `factory(context)` with a `RouterContext`, and `options=` if the offer
    declares them, once per lane, and returns an object that implements `mainspring.seams.Router`.
    `mainspring.testing.check_router` checks that it does.

    Capabilities: `simulated` (bool, default False) is True if no real order is sent; `watches_market` (bool, default
    False) is True if `on_market` needs every market event; `across_instruments` (bool, default False) is True if one
    router must carry all orders of a session: a session with several lanes or feeds, each of which makes its own, is
    then refused.
    """
