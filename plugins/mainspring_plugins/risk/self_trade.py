"""Refuses orders that could trade with our own."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from mainspring.model import (
    Instrument,
    NewOrder,
    OrderEvent,
    OrderRequest,
    Refusal,
    Rejected,
    Replaced,
    ReplaceRequest,
)
from mainspring.seams import AccountView, Catalogue, MarketView, OpenOrder, RiskSession, hookimpl

__all__ = ["ChangesUnderWay", "SelfTrade", "SelfTradeOptions", "register_risk_checks"]

_NAME = "self_trade"

_Mode = Literal["refuse", "cancel-incoming", "cancel-resting"]


class SelfTradeOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do about an order that could trade with one of ours.

    `limit` is "refuse"; "cancel-incoming", which also cancels an order whose change is refused; or "cancel-resting",
    which cancels the orders that it would meet.
    """

    limit: _Mode

    def loosens(self, before: "SelfTradeOptions") -> bool:
        """Returns False: nothing trades with itself in any mode."""
        return False


class ChangesUnderWay:
    """The prices of changes that are under way, by order, in the order in which they were sent."""

    def __init__(self) -> None:
        self._prices: dict[int, list[int]] = {}

    def of(self, order_id: int) -> Sequence[int]:
        """Returns the prices to which an order is on its way."""
        return self._prices.get(order_id, ())

    def add(self, order_id: int, price_ticks: int) -> None:
        """Notes a change that is sent."""
        self._prices.setdefault(order_id, []).append(price_ticks)

    def hear(self, order_id: int, *, answered: bool, ended: bool) -> None:
        """Takes a report of an order: whether it has `answered` the oldest change, and whether the order has ended."""
        prices = self._prices.get(order_id)
        if prices is None:
            return
        if answered:
            del prices[0]
        if ended or not prices:
            del self._prices[order_id]

    def state(self) -> dict[int, list[int]]:
        """Returns all of them."""
        return {order_id: list(prices) for order_id, prices in self._prices.items()}

    def restore(self, state: Mapping[int, Sequence[int]]) -> None:
        """Takes over what others know, as `state` has it."""
        self._prices = {order_id: list(prices) for order_id, prices in state.items()}


class SelfTrade:
    """Passes orders that can't trade with an open order of the other side, of any strategy of the lane.

    A market order could meet any of them, a limit order those at its price or better. Where changes are under way, the
    order could be met at its price and at each of theirs; where its state isn't known, at any. Orders that never rest
    (market, IOC, FOK) can't be met. With "cancel-resting", the order is refused until those that it would meet have
    ended: a cancel can lose its race, so that sending both would only seem to prevent the trade.
    """

    hears_in_runs = True
    passes_if = "not (open_sell_lots if buy else open_buy_lots)"

    def __init__(self, instrument: Instrument, *, options: SelfTradeOptions) -> None:
        self._mode = options.limit
        self._session: RiskSession | None = None
        self.changes = ChangesUnderWay()
        """What is under way. A fused run puts a twin in its place, with the same methods."""

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says which orders are open: 0 known")
        if not (account.open_sell_lots if order.side > 0 else account.open_buy_lots):
            return None
        met = [one for one in session.open_orders(order.instrument) if self._meets(order, one)]
        if not met:
            return None
        if self._mode == "cancel-resting":
            for one in met:
                session.cancel(one.order.order_id)
        elif self._mode == "cancel-incoming" and session.changed is not None:
            session.cancel(session.changed.order.order_id)
        numbers = ", ".join(str(one.order.order_id) for one in met)
        return Refusal(_NAME, f"it could trade with our own order {numbers}")

    def adopt(self, before: "SelfTrade") -> None:
        """See `mainspring.seams.RiskCheck`."""
        self.changes = before.changes

    def on_sent(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RiskCheck`."""
        if isinstance(request, ReplaceRequest):
            self.changes.add(request.order_id, request.price_ticks)

    def on_event(self, event: OrderEvent) -> None:
        """See `mainspring.seams.RiskCheck`."""
        if not self.changes.of(event.order_id):
            return
        order = None if self._session is None else self._session.order(event.order_id)
        answered = isinstance(event, Replaced) or (isinstance(event, Rejected) and event.request == "replace")
        self.changes.hear(event.order_id, answered=answered, ended=order is None or order.ended)

    def _meets(self, order: NewOrder, resting: OpenOrder) -> bool:
        sent = resting.order
        if sent.side == order.side or sent.kind == "market" or sent.time_in_force in ("ioc", "fok"):
            return False
        if order.kind == "market" or resting.state == "unknown":
            return True
        prices = [resting.price_ticks, *self.changes.of(sent.order_id)]
        return any(order.side * (order.price_ticks - price) >= 0 for price in prices)


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `self_trade`."""
    catalogue.add(
        _NAME,
        SelfTrade,
        summary="What to do about orders that could trade with our own: refuse, cancel-incoming, cancel-resting",
        options=SelfTradeOptions,
        capabilities={"in_runs": True},
    )
