"""Orders as the exchange has them, and what it says when one changes. Frozen: a change makes another value."""

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from mainspring.model import NewOrder

__all__ = ["ENDED", "Execution", "OrderStatus", "OrderUpdate", "UpdateKind", "VenueOrder"]

OrderStatus: TypeAlias = Literal[
    "pending_new", "new", "partially_filled", "filled", "canceled", "expired", "replaced", "rejected"
]
UpdateKind: TypeAlias = Literal[
    "pending_new", "new", "partial_fill", "fill", "canceled", "expired", "replaced", "amended", "rejected"
]

ENDED = frozenset[OrderStatus](("filled", "canceled", "expired", "replaced", "rejected"))
"""The states of an order of which nothing more will come."""


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order at `updated_ns`. `asked` has its number, size and terms; `value` is price times size of its fills.

    `time_in_force` is the venue's word, which a market order has too. `replaces` and `replaced_by` are ids of orders,
    empty if there is none, and `cancel_id` is the client's id of the cancel; the other times are 0 for what hasn't
    happened.
    """

    id: str
    client_order_id: str
    asked: NewOrder
    time_in_force: str
    status: OrderStatus
    updated_ns: int
    filled_lots: int = 0
    value: Decimal = Decimal(0)
    filled_ns: int = 0
    canceled_ns: int = 0
    expired_ns: int = 0
    failed_ns: int = 0
    replaced_ns: int = 0
    replaces: str = ""
    replaced_by: str = ""
    cancel_id: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED

    @property
    def leaves_lots(self) -> int:
        """What may still be filled."""
        return 0 if self.ended else self.asked.size_lots - self.filled_lots


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """A fill. `order` is as it stood after it, `position_lots` the account's position.

    `number` counts the exchange's fills from 1, and `maker` says whether the order rested.
    """

    id: str
    number: int
    maker: bool
    order: VenueOrder
    time_ns: int
    price_ticks: int
    size_lots: int
    position_lots: int


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What the exchange says of an order to everybody who listens to the account's updates."""

    id: str
    kind: UpdateKind
    time_ns: int
    order: VenueOrder
    execution: Execution | None = None
