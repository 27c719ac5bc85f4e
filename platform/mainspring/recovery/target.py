"""What recovery brings to the journalled state."""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from mainspring.model import GroupChanged, NewOrder
from mainspring.orders import OrderTracker
from mainspring.portfolio import Portfolio

__all__ = ["Numbering", "Target", "Terms"]


class Numbering(Protocol):
    """The next order id, and the sessions whose client order ids the lane knows: see `mainspring.lane.Outbox`."""

    next_order_id: int
    earlier: list[tuple[int, str, int]]


class Terms(Protocol):
    """Terms of orders that the lane emulates: see `mainspring.lane.OrderTerms`."""

    due_ns: int

    def take_up(self, asked: NewOrder, now_ns: int) -> NewOrder:
        """Returns an order that a journal brings as it was sent, and watches it."""
        ...

    @property
    def take_group(self) -> Callable[[GroupChanged], None]:
        """Takes what a journal has of a group of orders that depend on each other."""
        ...


class Target(Protocol):
    """The order side of a lane: `mainspring.lane.OrderManager` is one."""

    own_due_ns: int

    @property
    def terms(self) -> Terms:
        """What is emulated."""
        ...

    @property
    def tracker(self) -> OrderTracker:
        """The orders."""
        ...

    @property
    def portfolio(self) -> Portfolio:
        """The positions."""
        ...

    @property
    def outbox(self) -> Numbering:
        """The ids."""
        ...

    @property
    def discrepancies(self) -> Counter[str]:
        """How often a venue contradicted what we know, by what it was."""
        ...
