"""What recovery brings to the journalled state."""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from mainspring.lane import LiftCheck, SetLimit
from mainspring.model import GroupChanged, NewOrder, OrderEvent, OrderRequest
from mainspring.orders import OrderTracker
from mainspring.portfolio import Portfolio

__all__ = ["Counting", "Numbering", "Ruled", "Target", "Terms"]


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


class Counting(Protocol):
    """Risk checks that count: see `mainspring.lane.RiskHistory`."""

    @property
    def counts(self) -> bool:
        """Whether any check counts."""
        ...

    def sent(self, request: OrderRequest, now_ns: int) -> None:
        """A request was approved and sent at a time of the lane."""
        ...

    def reported(self, event: OrderEvent, now_ns: int) -> None:
        """A venue reported something."""
        ...

    def said(self, command: SetLimit | LiftCheck, now_ns: int) -> None:
        """A person changed or lifted a check."""
        ...

    def restore(self, states: bytes) -> None:
        """Gives checks what they had saved last, if anything."""
        ...


class Ruled(Protocol):
    """A lane's rules of risk: see `mainspring.lane.RiskControl`."""

    @property
    def history(self) -> Counting:
        """Takes what is known of the sessions before."""
        ...


class Target(Protocol):
    """The order side of a lane: `mainspring.lane.OrderManager` is one."""

    own_due_ns: int

    @property
    def terms(self) -> Terms:
        """What is emulated."""
        ...

    @property
    def risk(self) -> Ruled | None:
        """The checks; None if nothing is checked here."""
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
