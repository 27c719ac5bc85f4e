"""The router seam: sends approved orders to a venue and returns the order events."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from mainspring.model import (
    Approved,
    CancelRequest,
    Funding,
    Instrument,
    MarketEvent,
    NewOrder,
    OrderEvent,
    ReplaceRequest,
)
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.latency import LatencyModel
from mainspring.seams.market import BookView
from mainspring.seams.queue import QueueModel

__all__ = ["NEVER_NS", "Router", "RouterContext", "register_routers"]

NEVER_NS = 2**63 - 1
"""A `due_ns` that is never reached."""


class RouterContext(msgspec.Struct, frozen=True):
    """What wiring passes to a router's factory: a feed's instruments, a view of each one's book, the session's seed.

    Simulated venues match against the books. `queues` and `latencies` are the models that they ask, one of each for
    each instrument; a router that sends real orders needs neither. `first_index` is the index of the first instrument
    in the lane: requests and events name an instrument by `first_index` plus its place here. `client_order_id` returns
    the id that the venue shall know an order by: unique everywhere, sortable, 36 characters of `[0-9a-z-]`.
    """

    instruments: tuple[Instrument, ...]
    books: tuple[BookView, ...]
    seed: int
    queues: tuple[QueueModel, ...] = ()
    latencies: tuple[LatencyModel, ...] = ()
    first_index: int = 0
    client_order_id: Callable[[int], str] = str


class Router(Protocol):
    """Sends order requests to a venue. It accepts approved ones only, sends each once, and loses no answer.

    Times are the lane's, in nanoseconds, and never go backwards. The first event of every order is exactly one of
    `Accepted` and `Rejected`; it ends with a `Fill` that completes it, a `Cancelled`, an `Expired`, or that `Rejected`.

    A router that watches the market may have an attribute `idle`: True while no market event can lead to an event of
    the router's. Market events may then be conflated. Before its next call it gets, for each instrument, the last
    quote, delta, snapshot, status and invalidation that were conflated, in order, deltas and snapshots without their
    rows. Mark prices are never conflated.
    """

    @property
    def due_ns(self) -> int:
        """`poll` returns no event before this time. The lane compares it instead of calling `poll` each time."""
        ...

    def submit(self, order: Approved[NewOrder], now_ns: int) -> None:
        """Sends a new order."""
        ...

    def cancel(self, cancel: Approved[CancelRequest], now_ns: int) -> None:
        """Requests a cancel of the rest of an order. If it is too late, a `Rejected` with request "cancel" follows."""
        ...

    def replace(self, replace: Approved[ReplaceRequest], now_ns: int) -> None:
        """Requests another price or total size. If the venue refuses, a `Rejected` with request "replace" follows."""
        ...

    def poll(self, now_ns: int) -> Sequence[OrderEvent | Funding]:
        """Returns the events that have reached us by `now_ns`, in that order, settled funding among them, each once.

        Those of one instrument are in the order of their own times, which are the venue's.
        """
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
    then refused; `in_runs` (bool, default False) is True if the fused runs of our native decoder send to it themselves.
    """
