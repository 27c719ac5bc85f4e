"""Order requests, their approval or refusal, and order events."""

import enum
from decimal import Decimal
from typing import Generic, Literal, TypeAlias, TypeVar

import msgspec

__all__ = [
    "DEFAULT_MAX_ANSWERS",
    "Accepted",
    "Approved",
    "CancelRequest",
    "Cancelled",
    "Expired",
    "Fill",
    "Funding",
    "NewOrder",
    "OrderEvent",
    "OrderKind",
    "OrderRequest",
    "Refusal",
    "Rejected",
    "ReplaceRequest",
    "Replaced",
    "RequestKind",
    "Side",
    "TimeInForce",
]

DEFAULT_MAX_ANSWERS = 1_000
"""How many requests a strategy may make at one instant in answer to its own order events, unless a config says."""

OrderKind = Literal["limit", "market"]
TimeInForce = Literal["gtc", "ioc", "fok", "day", "gtd"]
RequestKind = Literal["new", "cancel", "replace"]


class Side(enum.IntEnum):
    """The side of an order. The value is the sign of the resulting position."""

    BUY = 1
    SELL = -1


class NewOrder(msgspec.Struct, frozen=True, gc=False):
    """A request for a new order, not yet approved.

    `order_id` is ours: unique in the session and increasing. `price_ticks` is 0 for a market order. `post_only` asks
    the venue to reject the order rather than let it take liquidity. `created_ns` is the lane's time at the request.
    `expires_ns` is when an order that is good for a day or till a date ends, in nanoseconds since the Unix epoch; 0 if
    it doesn't, or if nobody knows when the day ends. `reduce_only` forbids it to open a position or to turn one.
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
    expires_ns: int = 0
    reduce_only: bool = False


class ReplaceRequest(msgspec.Struct, frozen=True, gc=False):
    """A request for another price and total size of an order, not yet approved.

    `size_lots` includes what was filled before. `created_ns` is the lane's time at the request.
    """

    order_id: int
    instrument: int
    price_ticks: int
    size_lots: int
    created_ns: int
    strategy: str = ""


class CancelRequest(msgspec.Struct, frozen=True, gc=False):
    """A request to cancel the rest of an order, not yet approved. `created_ns` is the lane's time at the request."""

    order_id: int
    instrument: int
    created_ns: int
    strategy: str = ""


OrderRequest: TypeAlias = NewOrder | ReplaceRequest | CancelRequest

RequestT_co = TypeVar("RequestT_co", bound=OrderRequest, covariant=True)


class Approved(msgspec.Struct, Generic[RequestT_co], frozen=True, gc=False):
    """A request that the risk gate approved. Only the gate makes one, and routers accept nothing else.

    `approved_ns` is the lane's time of the approval.
    """

    request: RequestT_co
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
    request: RequestKind = "new"


class Fill(msgspec.Struct, frozen=True, gc=False, tag="fill", omit_defaults=True):
    """An order was filled, wholly or in part.

    The fee is either a rate or what the venue reported. `fee_ppb` is the rate in parts per billion of the notional, in
    the currency of the instrument's profit. If `fee_amount` isn't None, the rate doesn't count: the fee is that amount
    of `fee_currency`, which may be any currency; an empty one is that of the profit. A rebate is negative.
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
    fee_amount: Decimal | None = None
    fee_currency: str = ""

    def __post_init__(self) -> None:
        if self.fee_amount is not None and not self.fee_amount.is_finite():
            raise ValueError(f"fill {self.fill_id} of order {self.order_id}: a fee of {self.fee_amount}")

    @property
    def reported_fee(self) -> str:
        """The reported fee as text, such as "0.0012 BNB"; empty if the fee is a rate."""
        return "" if self.fee_amount is None else f"{self.fee_amount} {self.fee_currency}"


class Funding(msgspec.Struct, frozen=True, tag="funding"):
    """A perpetual contract's funding was settled: `amount` was received, or paid if it is negative.

    `currency` is empty if it is that of the instrument's profit. `rate` and `mark_price` are what it was settled at,
    None if the venue doesn't say.
    """

    instrument: int
    time_ns: int
    amount: Decimal
    currency: str = ""
    rate: Decimal | None = None
    mark_price: Decimal | None = None


class Cancelled(msgspec.Struct, frozen=True, gc=False, tag="cancelled"):
    """The rest of the order was cancelled."""

    order_id: int
    instrument: int
    time_ns: int
    remaining_lots: int
    reason: str


class Expired(msgspec.Struct, frozen=True, gc=False, tag="expired"):
    """The venue ended the rest of the order by its own terms, such as its time in force (FIX `ExecType` C)."""

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


OrderEvent: TypeAlias = Accepted | Rejected | Fill | Cancelled | Expired | Replaced
