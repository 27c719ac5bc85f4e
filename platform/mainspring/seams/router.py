"""The router seam: sends approved orders to a venue and returns the order events."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import msgspec

from mainspring.model import (
    Approved,
    CancelRequest,
    Funding,
    Instrument,
    MarketEvent,
    NewOrder,
    OrderConnection,
    OrderEvent,
    Query,
    ReplaceRequest,
    VenueReport,
)
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.latency import LatencyModel
from mainspring.seams.market import BookView
from mainspring.seams.queue import QueueModel

__all__ = ["NEVER_NS", "AnsweringRouter", "Router", "RouterContext", "RouterReport", "register_routers"]

RouterReport: TypeAlias = OrderEvent | Funding | OrderConnection | VenueReport
"""What a router may hand out."""


def _not_ours(client_order_id: str) -> int | None:  # noqa: ARG001  a default
    return None


NEVER_NS = 2**63 - 1
"""A `due_ns` that is never reached."""


class RouterContext(msgspec.Struct, frozen=True):
    """What wiring passes to a router's factory: a feed's instruments, a view of each one's book, the session's seed.

    Simulated venues match against the books. `queues` and `latencies` are the models that they ask, one of each for
    each instrument; a router that sends real orders needs neither. `first_index` is the index of the first instrument
    in the lane: requests and events name an instrument by `first_index` plus its place here. `client_order_id` returns
    the id that the venue shall know an order by: unique everywhere, sortable, 36 characters of `[0-9a-z-]`;
    `order_id_of` returns the order of such an id, also of one that an earlier process of this lane sent, and None for
    any other id. `queried` says that the venue will be asked: see `AnsweringRouter`.
    """

    instruments: tuple[Instrument, ...]
    books: tuple[BookView, ...]
    seed: int
    queues: tuple[QueueModel, ...] = ()
    latencies: tuple[LatencyModel, ...] = ()
    first_index: int = 0
    client_order_id: Callable[[int], str] = str
    order_id_of: Callable[[str], int | None] = _not_ours
    queried: bool = False


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

    def poll(self, now_ns: int) -> Sequence[RouterReport]:
        """Returns the events that have reached us by `now_ns`, in that order, settled funding among them, each once.

        Those of one instrument are in the order of their own times, which are the venue's. An `OrderConnection` says
        that the stream of executions went down or is up again: between the two, executions may have been missed.
        """
        ...

    def on_market(self, event: MarketEvent) -> None:
        """Takes a market event, after the lane's book has applied it. Only for the capability `watches_market`."""
        ...


class AnsweringRouter(Router, Protocol):
    """A router whose venue can be asked what it knows: it has the capability `answers_queries`.

    Reconciliation needs that: after a crash, when an answer is overdue, and to find executions that never came.

    A simulated venue that lives in the lane's process forgets everything with it. It may have a method
    `restore(orders, positions)`, which is called before the first query, with an `OrderReport` for each order that was
    open and a `PositionReport` for each instrument: it takes up the positions and ends the orders.
    """

    def query(self, query: Query, now_ns: int) -> None:
        """Asks the venue. `poll` hands out what it answers: reports, in any number of polls, then a `QueryEnded`.

        Executions may come between them; a report is as of its own time, so it may be older than what the stream has
        said. Every query is ended, by a problem if the venue doesn't answer. The router may ask the venue again, since
        a query changes nothing there, and spaces its requests as the venue demands.
        """
        ...


@hookspec
def register_routers(catalogue: Catalogue) -> None:
    """Offers routers.

    Called once, when the registry loads. Add each router with `catalogue.add(name, factory, summary=..., options=...,
    capabilities=...)`; the factory is called as `factory(context)` with a `RouterContext`, and `options=` if the offer
    declares them, once per lane, and returns an object that implements `mainspring.seams.Router`.
    `mainspring.testing.check_router` checks that it does.

    Capabilities: `simulated` (bool, default False) is True if no real order is sent; `connects` (bool, default False)
    is True if it is a `mainspring.wire.ConnectedRouter`, whose orders reach a venue: for live sessions, and no others;
    `watches_market` (bool, default False) is True if `on_market` needs every market event; `across_instruments` (bool,
    default False) is True if one router must carry all orders of a session: a session with several lanes or feeds, each
    of which makes its own, is then refused; `in_runs` (bool, default False) is True if the fused runs of our native
    decoder send to it themselves; `answers_queries` (bool, default False) is True if it is an `AnsweringRouter`
    wherever the context says `queried`;
    `terms` (text, default "ioc,fok,post-only") lists the terms of orders that the venue does, of `ioc`, `fok`, `day`,
    `gtd`, `post-only` and `reduce-only`: an order with another one is never sent to it.
    """
