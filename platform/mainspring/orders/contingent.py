"""Orders that depend on others: stops, brackets, and pairs of which one cancels the other. Says what is to be done.

A group's state is what its records say, and what the tracker knows of its orders: nothing else is remembered, so that
both come back from a journal. `Group.actions` compares that with what the group is for, each time that something may
have changed, and returns what is missing. So an answer that comes late, or never, holds nothing up but itself.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final, Literal, TypeAlias

import msgspec

from mainspring.model import NewOrder, Side
from mainspring.orders.discrepancy import BOTH_FILLED, OVER_EXITED, UNPROTECTED
from mainspring.orders.lifecycle import OrderState
from mainspring.orders.order import Order

__all__ = [
    "MOST_RETRY_NS",
    "RETRY_NS",
    "Action",
    "CancelOrder",
    "Dispute",
    "EndGroup",
    "Group",
    "GroupTerms",
    "Leg",
    "ResizeOrder",
    "Role",
    "SendOrder",
]

RETRY_NS: Final = 1_000_000_000
"""How long after a rejected cancel it is sent again, the first time. Each further time it is twice as long."""

MOST_RETRY_NS: Final = 64 * RETRY_NS
"""How long it is at most."""

_SETTLED = (OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED)

Role = Literal["entry", "take-profit", "stop", "one"]
"""What an order is in its group; "one" is an order of a pair."""

_Find: TypeAlias = Callable[[int], Order | None]


class GroupTerms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a group is for.

    With `kind` "pair" its orders cancel each other, and nothing else counts. With "exit" what the entry fills, or
    `size_lots` if there is none, is to be closed by orders of `side`: at `take_profit_ticks`, a limit order that rests,
    or once the price has reached `stop_ticks`, with a market order, or a limit order at `limit_ticks`. 0 is none.
    """

    kind: Literal["pair", "exit"]
    instrument: int = 0
    strategy: str = ""
    side: int = 0
    size_lots: int = 0
    take_profit_ticks: int = 0
    stop_ticks: int = 0
    limit_ticks: int = 0


class SendOrder(msgspec.Struct, frozen=True):
    """A new order of the group is to be sent: of the group's side, at a price, or a market order at 0."""

    role: Role
    price_ticks: int
    size_lots: int


class CancelOrder(msgspec.Struct, frozen=True):
    """An order is to be cancelled."""

    order_id: int


class ResizeOrder(msgspec.Struct, frozen=True):
    """An order is to have another total size."""

    order_id: int
    price_ticks: int
    size_lots: int


class Dispute(msgspec.Struct, frozen=True):
    """Something went wrong that nothing here can put right."""

    what: str
    order_id: int
    detail: str


class EndGroup(msgspec.Struct, frozen=True):
    """There is nothing left to do."""

    why: str


Action: TypeAlias = SendOrder | CancelOrder | ResizeOrder | Dispute | EndGroup


class Leg:
    """An order of a group, as last seen. One that the tracker doesn't have was refused before it was sent."""

    __slots__ = (
        "asked_again_ns",
        "asked_ns",
        "asked_size_lots",
        "ended",
        "filled_lots",
        "order_id",
        "price_ticks",
        "role",
        "size_lots",
        "state",
    )

    def __init__(self, order_id: int, role: Role) -> None:
        self.order_id = order_id
        self.role: Role = role
        self.price_ticks = 0
        self.size_lots = 0
        self.filled_lots = 0
        self.state: str = OrderState.CREATED
        self.ended = False
        self.asked_ns = 0
        self.asked_again_ns = RETRY_NS
        """How long after the last cancel the next one may follow, if that was rejected."""
        self.asked_size_lots = 0

    def look(self, find: _Find) -> None:
        """Looks the order up. One that ended long ago stays as it was."""
        order = find(self.order_id)
        if order is None:
            self.ended = True
            return
        self.state, self.ended = order.state, order.ended
        self.price_ticks, self.size_lots, self.filled_lots = order.price_ticks, order.size_lots, order.filled_lots

    def cancel(self, now_ns: int) -> Iterator[Action]:
        """Asks for a cancel, unless one is on its way; once more if it was rejected some time ago."""
        if self.ended:
            return
        if self.asked_ns:
            if self.state not in _SETTLED or now_ns < self.again_ns:
                return
            self.asked_again_ns = min(2 * self.asked_again_ns, MOST_RETRY_NS)
        self.asked_ns = now_ns
        yield CancelOrder(self.order_id)

    @property
    def again_ns(self) -> int:
        """When a cancel that was rejected is due again."""
        return self.asked_ns + self.asked_again_ns


class Group:
    """Some orders of one strategy that depend on each other.

    `given_up` says that the strategy wants what is open of it cancelled; `triggered` that the price has reached the
    stop. Both are set by a record.
    """

    __slots__ = ("_both", "given_up", "group_id", "legs", "over", "terms", "triggered")

    def __init__(self, group_id: int, terms: GroupTerms) -> None:
        self.group_id = group_id
        self.terms = terms
        self.legs: list[Leg] = []
        self.given_up = False
        self.triggered = False
        self.over = False
        """Whether there is nothing left to do."""
        # Whether it was said that too much was filled.
        self._both = False

    def of(self, *roles: Role) -> list[Leg]:
        """The legs of these roles, oldest first."""
        return [leg for leg in self.legs if leg.role in roles]

    def reaches(self, half_ticks: int | Fraction) -> bool:
        """Whether a price, doubled, sets the stop off that is still waiting."""
        terms = self.terms
        waiting = bool(terms.stop_ticks) and not self.triggered and not self.given_up and self.leaves_lots > 0
        return waiting and (half_ticks - 2 * terms.stop_ticks) * terms.side >= 0

    @property
    def target_lots(self) -> int:
        """How much is to be closed in all."""
        entries = self.of("entry")
        return sum(leg.filled_lots for leg in entries) if entries else self.terms.size_lots

    @property
    def leaves_lots(self) -> int:
        """How much is still to be closed; below zero if more was."""
        return self.target_lots - sum(leg.filled_lots for leg in self.of("take-profit", "stop"))

    def actions(self, find: _Find, now_ns: int) -> Iterator[Action]:
        """Returns what is to be done now. It must be done before the next call."""
        for leg in self.legs:
            if not leg.ended:
                leg.look(find)
        yield from self._pair(now_ns) if self.terms.kind == "pair" else self._exit(now_ns)

    def _pair(self, now_ns: int) -> Iterator[Action]:
        filled = [leg for leg in self.legs if leg.filled_lots]
        if len(filled) > 1 and not self._both:
            self._both = True
            sizes = ", ".join(f"{leg.filled_lots} lots of order {leg.order_id}" for leg in filled)
            yield Dispute(BOTH_FILLED, filled[1].order_id, f"one was to cancel the other, and filled are {sizes}")
        for leg in self.legs:
            if self.given_up or any(other is not leg for other in filled):
                yield from leg.cancel(now_ns)
        if all(leg.ended for leg in self.legs) or (not filled and any(leg.ended for leg in self.legs)):
            yield EndGroup("both ended" if filled else "one ended unfilled")

    def _exit(self, now_ns: int) -> Iterator[Action]:
        entries, live = self.of("entry"), [leg for leg in self.legs if not leg.ended]
        leaves_lots = self.leaves_lots
        if leaves_lots < 0 and not self._both:
            self._both = True
            last = self.of("take-profit", "stop")[-1]
            detail = f"exits closed {-leaves_lots} lots more than the {self.target_lots} that there were"
            yield Dispute(OVER_EXITED, last.order_id, detail)
        if self.given_up:
            for leg in live:
                yield from leg.cancel(now_ns)
            if not live:
                yield EndGroup("given up")
        elif self.triggered:
            yield from self._stopping(leaves_lots, now_ns)
        elif leaves_lots <= 0 and not live and (entries or self.terms.size_lots):
            yield EndGroup("closed" if self.target_lots else "the entry ended unfilled")
        elif self.terms.take_profit_ticks:
            yield from self._take_profit(leaves_lots)

    def _take_profit(self, leaves_lots: int) -> Iterator[Action]:
        legs = self.of("take-profit")
        last = legs[-1] if legs else None
        if last is None or (last.ended and 0 < last.size_lots <= last.filled_lots):
            if leaves_lots > 0:
                yield SendOrder("take-profit", self.terms.take_profit_ticks, leaves_lots)
        elif last.ended:
            if not self.terms.stop_ticks and all(leg.ended for leg in self.legs):
                yield EndGroup("the take-profit ended unfilled")
        elif last.state in _SETTLED:
            wanted_lots = last.filled_lots + leaves_lots
            # One size is asked for once: a limit that refuses it would refuse it again.
            if leaves_lots > 0 and wanted_lots not in (last.size_lots, last.asked_size_lots):
                last.asked_size_lots = wanted_lots
                yield ResizeOrder(last.order_id, last.price_ticks, wanted_lots)

    def _stopping(self, leaves_lots: int, now_ns: int) -> Iterator[Action]:
        """First nothing else may be filled, so that what is sent then can't turn the position."""
        others = [leg for leg in self.of("entry", "take-profit") if not leg.ended]
        stops = self.of("stop")
        for leg in others:
            yield from leg.cancel(now_ns)
        if others or any(not leg.ended for leg in stops):
            return
        if leaves_lots <= 0:
            yield EndGroup("stopped" if stops else "closed before the stop")
        elif not stops:
            yield SendOrder("stop", self.terms.limit_ticks, leaves_lots)
        else:
            yield Dispute(UNPROTECTED, stops[-1].order_id, f"the stop ended, and {leaves_lots} lots aren't closed")
            yield EndGroup("the stop ended unfilled")

    def due_ns(self) -> int | None:
        """When a rejected cancel is due again; None if nothing waits for a time."""
        waiting = [leg.again_ns for leg in self.legs if leg.asked_ns and not leg.ended and leg.state in _SETTLED]
        return min(waiting, default=None)

    def closing(self, order_id: int, instrument: int, now_ns: int, action: SendOrder) -> NewOrder:
        """Returns the order that an action sends."""
        limit = action.price_ticks > 0
        side = Side(self.terms.side)
        price_ticks, lots = action.price_ticks, action.size_lots
        tif: Literal["gtc", "ioc"] = "gtc" if limit else "ioc"
        kind: Literal["limit", "market"] = "limit" if limit else "market"
        return NewOrder(order_id, instrument, side, kind, price_ticks, lots, now_ns, tif, False, self.terms.strategy)
