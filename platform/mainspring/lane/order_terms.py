"""Emulates terms of orders that a router's venue doesn't have: an end of their time, and reduce-only."""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush

import msgspec

from mainspring.model import Fill, GroupChanged, NewOrder, Refusal, ReplaceRequest, Side
from mainspring.orders import Order, OrderState, OrderTracker
from mainspring.orders.contingent import MOST_RETRY_NS, RETRY_NS
from mainspring.orders.discrepancy import OUTLIVED, OVER_REDUCED
from mainspring.orders.terms import EMULATED_TERMS, NO_SESSION_HOURS, TERMS, terms_of, unsupported
from mainspring.seams import NEVER_NS, AccountView

__all__ = ["ALREADY_EXPIRED", "LOOK_AGAIN_NS", "REDUCE_ONLY", "OrderTerms"]

REDUCE_ONLY = "reduce-only"
"""A reduce-only order, or its replace, that could open a position or turn one."""

ALREADY_EXPIRED = "already-expired"
"""An order whose time is over."""

LOOK_AGAIN_NS = RETRY_NS
"""How long after the end of an order's time the lane looks whether it has ended, the first time."""

_ASKED = (OrderState.CANCEL_PENDING, OrderState.UNKNOWN)


class OrderTerms:
    """Says what goes to the router, and watches what it can't.

    `native` are the terms that the venue of each instrument has. Of the others,

    - `day` and `gtd`: the order is sent without an end, and cancelled at its end. One that is still open a second
      later, since its cancel was rejected, is cancelled again and reported as `outlived`; then after twice the time.
    - `reduce-only`: an order goes out only if it can't turn the position, all open orders of its side filled. When the
      position or what is open changes, those that could are cancelled, the youngest first. A fill that came before and
      turned the position is reported as `over-reduced`.

    and whatever else an order asks for is refused.

    `due_ns` is when `take_due` next has something. `reducing` says whether any reduce-only order is watched.
    """

    def __init__(
        self, native: Sequence[frozenset[str]], accounts: Sequence[AccountView], tracker: OrderTracker
    ) -> None:
        self.due_ns = NEVER_NS
        self.take_group: Callable[[GroupChanged], None] = _no_groups
        """Takes what a journal has of a group of orders that depend on each other."""
        self.native = native
        self._accounts = accounts
        self._tracker = tracker
        # When to look at an order, the order, and how long it was from the last look, 0 before the first.
        self._ends: list[tuple[int, int, int]] = []
        self._reducing: dict[int, dict[int, Side]] = {}

    @property
    def reducing(self) -> bool:
        """Whether any reduce-only order is watched."""
        return bool(self._reducing)

    def admit(self, order: NewOrder, now_ns: int) -> NewOrder | Refusal:
        """Returns the order as the router gets it, or why it can't."""
        asked = terms_of(order)
        if not asked:
            return order
        native = self.native[order.instrument] if 0 <= order.instrument < len(self.native) else TERMS.keys()
        for term in asked:
            if term not in native and term not in EMULATED_TERMS:
                return Refusal(unsupported(term), f"{TERMS[term]}: the router doesn't say that its venue does that")
        if order.time_in_force == "day" and not order.expires_ns:
            return Refusal(NO_SESSION_HOURS, "nothing says when the day ends: set orders.day_ends")
        if order.expires_ns and order.expires_ns <= now_ns:
            return Refusal(ALREADY_EXPIRED, f"the order ends at {order.expires_ns} ns, and it is {now_ns} ns")
        if order.reduce_only and "reduce-only" not in native:
            refusal = self._too_large(order.side, order.instrument, order.size_lots)
            if refusal is not None:
                return refusal
            order = msgspec.structs.replace(order, reduce_only=False)
        if order.time_in_force not in native and order.time_in_force in EMULATED_TERMS:
            order = msgspec.structs.replace(order, time_in_force="gtc", expires_ns=0)
        return order

    def admit_replace(self, request: ReplaceRequest, order: NewOrder, size_lots: int) -> Refusal | None:
        """Says why an order of a present total size mustn't be replaced; None if it may be."""
        growth_lots = request.size_lots - size_lots
        if growth_lots <= 0 or request.order_id not in self._reducing.get(request.instrument, ()):
            return None
        return self._too_large(order.side, request.instrument, growth_lots)

    def take_up(self, asked: NewOrder, now_ns: int) -> NewOrder:
        """Returns an order that a journal brings as it was sent, and watches it as if it had been sent now."""
        sent = self.admit(asked, now_ns)
        if isinstance(sent, Refusal):
            # It was admitted then: the venue's terms are others now, and it is open on those of then.
            return asked
        if sent is not asked:
            self.watch(asked, sent)
        return sent

    def watch(self, asked: NewOrder, sent: NewOrder) -> None:
        """Starts to watch an order that was sent in another form than it was asked for."""
        if asked.time_in_force != sent.time_in_force:
            self._look(asked.expires_ns, asked.order_id, 0)
        if asked.reduce_only is not sent.reduce_only:
            self._reducing.setdefault(asked.instrument, {})[asked.order_id] = asked.side

    def take_due(self, now_ns: int) -> list[Order]:
        """Returns the orders to cancel now since their time is over."""
        found = []
        while self._ends and self._ends[0][0] <= now_ns:
            _, order_id, waited_ns = heappop(self._ends)
            order = self._tracker.find(order_id)
            if order is None or order.ended:
                continue
            wait_ns = max(waited_ns, LOOK_AGAIN_NS)
            if order.state not in _ASKED and not order.pending_cancels:
                found.append(order)
                if waited_ns:
                    wait_ns = min(2 * wait_ns, MOST_RETRY_NS)
                    detail = f"open {order.state} after the end of its time: its cancel was rejected"
                    self._tracker.dispute(OUTLIVED, order_id, order.order.instrument, detail, now_ns)
            self._look(now_ns + wait_ns, order_id, wait_ns)
        self.due_ns = self._ends[0][0] if self._ends else NEVER_NS
        return found

    def on_fill(self, fill: Fill, now_ns: int) -> None:
        """Looks whether a fill of a reduce-only order turned the position."""
        position_lots = self._accounts[fill.instrument].position_lots
        if fill.order_id in self._reducing.get(fill.instrument, ()) and position_lots * fill.side > 0:
            detail = f"a reduce-only order was filled, and the position is {position_lots} lots"
            self._tracker.dispute(OVER_REDUCED, fill.order_id, fill.instrument, detail, now_ns)

    def take_excess(self, instrument: int) -> list[Order]:
        """Returns the reduce-only orders of an instrument to cancel, since they could turn the position."""
        watched = self._reducing.get(instrument)
        if not watched:
            return []
        orders = [order for order_id in list(watched) if (order := self._open(instrument, order_id)) is not None]
        found = []
        for side in Side:
            own = [order for order in orders if order.order.side is side]
            others_lots = self._open_lots(instrument, side) - sum(order.exposure_lots for order in own)
            left_lots = self._reducible_lots(instrument, side) - others_lots
            for order in own:
                if order.exposure_lots <= left_lots:
                    left_lots -= order.exposure_lots
                elif order.state not in _ASKED and not order.pending_cancels:
                    found.append(order)
        return found

    def _open(self, instrument: int, order_id: int) -> Order | None:
        order = self._tracker.find(order_id)
        if order is not None and not order.ended:
            return order
        watched = self._reducing[instrument]
        del watched[order_id]
        if not watched:
            del self._reducing[instrument]
        return None

    def _too_large(self, side: Side, instrument: int, lots: int) -> Refusal | None:
        reducible_lots, open_lots = self._reducible_lots(instrument, side), self._open_lots(instrument, side)
        if lots <= reducible_lots - open_lots:
            return None
        detail = f"{lots} lots, where {reducible_lots} can be reduced and {open_lots} are on their way or open"
        return Refusal(REDUCE_ONLY, detail)

    def _reducible_lots(self, instrument: int, side: Side) -> int:
        return max(-side * self._accounts[instrument].position_lots, 0)

    def _open_lots(self, instrument: int, side: Side) -> int:
        account = self._accounts[instrument]
        return account.open_buy_lots if side is Side.BUY else account.open_sell_lots

    def _look(self, at_ns: int, order_id: int, waited_ns: int) -> None:
        heappush(self._ends, (at_ns, order_id, waited_ns))
        self.due_ns = self._ends[0][0]


def _no_groups(_record: GroupChanged) -> None:
    """A lane without such groups."""
