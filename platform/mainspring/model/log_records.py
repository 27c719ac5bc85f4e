"""The records of the order log: every request, decision and order event of a session."""

from typing import TypeAlias

import msgspec

from mainspring.model.orders import (
    Accepted,
    Cancelled,
    Expired,
    Fill,
    Funding,
    NewOrder,
    Rejected,
    Replaced,
    RequestKind,
)

__all__ = [
    "CancelRequested",
    "Discrepancy",
    "DiscrepancyCleared",
    "GroupChanged",
    "LogRecord",
    "MarkedUnknown",
    "ReplaceRequested",
    "RequestApproved",
    "RequestRefused",
    "SessionStarted",
    "SubmitRequested",
]


class SessionStarted(msgspec.Struct, frozen=True, gc=False, tag="session"):
    """Before the first request: the session's part of client order ids, and the lane's number in it.

    `mainspring.orders.client_order_id` makes an order's id of these and its `order_id`.
    """

    time_ns: int
    session: str
    lane: int


class SubmitRequested(msgspec.Struct, frozen=True, gc=False, tag="submit"):
    """A strategy asked for a new order."""

    time_ns: int
    order: NewOrder


class CancelRequested(msgspec.Struct, frozen=True, gc=False, tag="cancel"):
    """A strategy asked for an order to be cancelled."""

    time_ns: int
    order_id: int


class ReplaceRequested(msgspec.Struct, frozen=True, gc=False, tag="replace"):
    """A strategy asked for an order to stand at another price or total size."""

    time_ns: int
    order_id: int
    price_ticks: int
    size_lots: int


class RequestApproved(msgspec.Struct, frozen=True, gc=False, tag="approved"):
    """The risk gate approved a request, which goes to the router."""

    time_ns: int
    order_id: int
    request: RequestKind = "new"


class RequestRefused(msgspec.Struct, frozen=True, gc=False, tag="refused"):
    """A request was refused, for this reason, before it reached the router."""

    time_ns: int
    order_id: int
    reason: str
    detail: str = ""
    request: RequestKind = "new"


class Discrepancy(msgspec.Struct, frozen=True, gc=False, tag="discrepancy"):
    """What a venue reported of an order against what we know of it.

    `what` is one of the codes of `mainspring.orders.discrepancy`, and `detail` gives the figures for a person.
    `time_ns` is the lane's time.
    """

    time_ns: int
    order_id: int
    instrument: int
    what: str
    detail: str


class DiscrepancyCleared(msgspec.Struct, frozen=True, gc=False, tag="discrepancy-cleared"):
    """A command let new orders go out again in an instrument where a discrepancy had stopped them."""

    time_ns: int
    instrument: int


class MarkedUnknown(msgspec.Struct, frozen=True, gc=False, tag="unknown"):
    """The state of an order isn't known any more: `reason` is "no-answer" or "connection-down"."""

    time_ns: int
    order_id: int
    reason: str


class GroupChanged(msgspec.Struct, frozen=True, gc=False, tag="group"):
    """A group of orders that depend on each other changed: see `mainspring.orders.contingent`.

    `what` is "opened", with its terms as JSON in `detail`; "linked", when `order_id` became an order of it, with the
    order's role; "triggered", when the price reached its stop; "given-up" by the strategy; or "ended", with the reason.
    """

    time_ns: int
    group_id: int
    order_id: int
    what: str
    detail: str


LogRecord: TypeAlias = (
    SessionStarted
    | SubmitRequested
    | CancelRequested
    | ReplaceRequested
    | RequestApproved
    | RequestRefused
    | Accepted
    | Rejected
    | Fill
    | Cancelled
    | Expired
    | Replaced
    | Discrepancy
    | DiscrepancyCleared
    | MarkedUnknown
    | Funding
    | GroupChanged
)
"""What is in an order log."""
