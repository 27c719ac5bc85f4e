"""Questions to a venue about our orders and account, and what it answers."""

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from mainspring.model.orders import Fill, Side

__all__ = [
    "BalanceReport",
    "FillReport",
    "OrderConnection",
    "OrderReport",
    "PositionReport",
    "Query",
    "QueryEnded",
    "QuerySubject",
    "ReportedStatus",
    "VenueReport",
]

QuerySubject = Literal["order", "open-orders", "fills", "positions", "balances"]
ReportedStatus = Literal["open", "filled", "cancelled", "expired", "rejected", "not-found"]


class Query(msgspec.Struct, frozen=True, gc=False, tag="query"):
    """Asks a venue what it knows. Asking changes nothing there, so it may be asked again.

    `query_id` rises from one query to the next. `subject` is

    - "order": one order, by `client_order_id`. `instrument` is the order's, for venues that want it. It is answered
      by one `OrderReport`, whose status is "not-found" if the venue doesn't know the id;
    - "open-orders": an `OrderReport` for each order that is open in one of the router's instruments, anyone's;
    - "fills": a `FillReport` for each execution at or after `since_ns` on the venue's clock, anyone's;
    - "positions": a `PositionReport` for each of the router's instruments, those without a position included;
    - "balances": a `BalanceReport` for each currency.
    """

    query_id: int
    subject: QuerySubject
    client_order_id: str = ""
    instrument: int = -1
    since_ns: int = 0


class OrderReport(msgspec.Struct, frozen=True, gc=False, tag="order-report"):
    """An order as the venue has it at `time_ns`, on its clock.

    `order_id` is ours, None if `client_order_id` isn't one of this lane's. `size_lots` is the total size and
    `filled_lots` what was filled of it; both are 0, like `price_ticks`, if the status is "not-found". `reason` says why
    an order ended.
    """

    query_id: int
    client_order_id: str
    order_id: int | None
    instrument: int
    time_ns: int
    status: ReportedStatus
    side: Side = Side.BUY
    price_ticks: int = 0
    size_lots: int = 0
    filled_lots: int = 0
    reason: str = ""


class FillReport(msgspec.Struct, frozen=True, gc=False, tag="fill-report"):
    """An execution. Its fill has the id and the figures that the venue's stream of executions gives it.

    `fill.order_id` is 0 if `client_order_id` isn't one of this lane's.
    """

    query_id: int
    client_order_id: str
    fill: Fill


class PositionReport(msgspec.Struct, frozen=True, gc=False, tag="position-report"):
    """The account's position in an instrument at `time_ns` on the venue's clock, in lots; negative if it is short."""

    query_id: int
    instrument: int
    time_ns: int
    position_lots: int


class BalanceReport(msgspec.Struct, frozen=True, gc=False, tag="balance-report"):
    """What the account holds of a currency at `time_ns` on the venue's clock."""

    query_id: int
    time_ns: int
    currency: str
    amount: Decimal


class QueryEnded(msgspec.Struct, frozen=True, gc=False, tag="query-ended"):
    """A query was answered: its reports have all been handed out.

    With a `problem`, such as "rate limited" or "no answer", what was reported may be incomplete, and nothing follows
    from what is absent.
    """

    query_id: int
    time_ns: int
    problem: str = ""


class OrderConnection(msgspec.Struct, frozen=True, gc=False, tag="order-connection"):
    """The stream of a router's executions went down or came up again at `time_ns`."""

    time_ns: int
    up: bool


VenueReport: TypeAlias = OrderReport | FillReport | PositionReport | BalanceReport | QueryEnded
"""What answers a query."""
