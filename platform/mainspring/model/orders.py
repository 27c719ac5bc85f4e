"""Orders, order events and refusals."""

import enum
from typing import Literal, TypeAlias

import msgspec

__all__ = [
    "Accepted",
    "ApprovedOrder",
    "Cancelled",
    "Fill",
    "NewOrder",
    "OrderEvent",
    "OrderKind",
    "Refusal",
    "Rejected",
    "Replaced",
    "Side",
    "TimeInForce",
]

OrderKind = Literal["limit", "market"]
TimeInForce = Literal["gtc", "ioc", "fok"]


class Side(enum.IntEnum):
    """The side of an order. The value is the sign of the resulting position."""

    BUY = 1
    SELL = -1


class NewOrder(msgspec.Struct, frozen=True, gc=False):
    """A request for a new order, not yet approved.

    `order_id` is ours: unique in the session and increasing. `price_ticks` is 0 for a market order. `post_only` asks
    the venue to reject the order rather than let it take liquidity. `created_ns` is the lane's time at the request.
    """

    order_id: int
    instrument: int
    side: Side
    kind: OrderKind
    price_ticks: int
    size_lots: int
    created_ns: int
    time_in_force: TimeInForce = "gtc"
    post_only: bool = False
    strategy: str = ""


class ApprovedOrder(msgspec.Struct, frozen=True, gc=False):
    """An order that passed every risk check. Only the risk gate makes one, and routers accept nothing else."""

    order: NewOrder
    approved_ns: int


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Why a request was refused. `reason` is a stable code; `detail` gives the figures for a person."""

    reason: str
    detail: str = ""


class Accepted(msgspec.Struct, frozen=True, gc=False, tag="accepted"):
    """The venue accepted the order."""

    order_id: int
    instrument: int
    time_ns: int


class Rejected(msgspec.Struct, frozen=True, gc=False, tag="rejected"):
    """The venue, or our own risk gate, rejected a new, cancel or replace request.

    `request` is "new", "cancel" or "replace": only a rejected "new" ends the order.
    """

    order_id: int
    instrument: int
    time_ns: int
    reason: str
    request: Literal["new", "cancel", "replace"] = "new"


class Fill(msgspec.Struct, frozen=True, gc=False, tag="fill"):
    """An order was filled, wholly or in part.

    `fee_ppb` is the fee rate in parts per billion of the notional; a rebate is negative.
    """

    order_id: int
    instrument: int
    time_ns: int
    fill_id: int
    side: Side
    price_ticks: int
    size_lots: int
    maker: bool
    fee_ppb: int


class Cancelled(msgspec.Struct, frozen=True, gc=False, tag="cancelled"):
    """The rest of the order was cancelled."""

    order_id: int
    instrument: int
    time_ns: int
    remaining_lots: int
    reason: str


class Replaced(msgspec.Struct, frozen=True, gc=False, tag="replaced"):
    """The order now has this price and this total size, which includes what was filled before."""

    order_id: int
    instrument: int
    time_ns: int
    price_ticks: int
    size_lots: int


OrderEvent: TypeAlias = Accepted | Rejected | Fill | Cancelled | Replaced
