"""Refuses an order that repeats another one."""

from collections import OrderedDict
from collections.abc import Iterable
from decimal import Decimal
from typing import TypeAlias

from mainspring.model import CancelRequest, Instrument, NewOrder, OrderRequest, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["DuplicateOptions", "DuplicateOrderMs", "SentOrders", "register_risk_checks"]

_NAME = "duplicate_order_ms"

# Strategy, side, price and size of a new order; an order's id, its price and total size for a change of it.
_Key: TypeAlias = tuple[str, int, int, int] | tuple[int, int, int]


class DuplicateOptions(LimitOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an order mustn't be repeated, in milliseconds. 0 allows it."""

    def loosens(self, before: LimitOptions) -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit < before.limit


class SentOrders:
    """When what was last sent, within a window: new orders of strategies, and changes of orders."""

    def __init__(self) -> None:
        # Oldest first.
        self._sent_ns: OrderedDict[_Key, int] = OrderedDict()

    def order_ns(self, strategy: str, side: int, price_ticks: int, size_lots: int) -> int | None:
        """Returns when a strategy last sent such an order; None if that isn't known."""
        return self._sent_ns.get((strategy, side, price_ticks, size_lots))

    def change_ns(self, order_id: int, price_ticks: int, size_lots: int) -> int | None:
        """Returns when an order was last changed to a price and total size; None if that isn't known."""
        return self._sent_ns.get((order_id, price_ticks, size_lots))

    def add_order(
        self, strategy: str, side: int, price_ticks: int, size_lots: int, now_ns: int, window_ns: int
    ) -> None:
        """Notes an order, and forgets what is older than the window."""
        self._add((strategy, int(side), price_ticks, size_lots), now_ns, window_ns)

    def add_change(self, order_id: int, price_ticks: int, size_lots: int, now_ns: int, window_ns: int) -> None:
        """Notes a change, and forgets what is older than the window."""
        self._add((order_id, price_ticks, size_lots), now_ns, window_ns)

    def state(self) -> list[tuple[_Key, int]]:
        """Returns what is known, oldest first."""
        return list(self._sent_ns.items())

    def restore(self, state: Iterable[tuple[_Key, int]]) -> None:
        """Takes over what others know, as `state` has it."""
        self._sent_ns = OrderedDict(state)

    def _add(self, key: _Key, now_ns: int, window_ns: int) -> None:
        sent = self._sent_ns
        sent[key] = now_ns
        sent.move_to_end(key)
        while now_ns - next(iter(sent.values())) >= window_ns and len(sent) > 1:
            sent.popitem(last=False)


class DuplicateOrderMs:
    """Passes an order unless one of the same strategy, side, price and size was sent less than `limit` ms ago.

    So it does with a change of an order to a price and size that it was changed to less than `limit` ms ago. All market
    orders have the same price.
    """

    hears_in_runs = True
    passes_if = "changed is None and self.sent.order_ns(order.strategy, order.side, price_ticks, size_lots) is None"

    def __init__(self, instrument: Instrument, *, options: DuplicateOptions) -> None:
        self._limit = options.limit
        self.window_ns = whole_units(options.limit, Decimal("0.000001"))
        self._session: RiskSession | None = None
        self.sent = SentOrders()
        """What was sent. A fused run puts a twin in its place, with the same methods."""

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "DuplicateOrderMs") -> None:
        """See `mainspring.seams.RiskCheck`. A longer window sees what the shorter one had kept."""
        self.sent = before.sent

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what was sent: 0 orders known")
        changed = session.changed
        sent_ns = (
            self.sent.order_ns(order.strategy, order.side, order.price_ticks, order.size_lots)
            if changed is None
            else self.sent.change_ns(order.order_id, order.price_ticks, changed.filled_lots + order.size_lots)
        )
        if sent_ns is None or session.now_ns - sent_ns >= self.window_ns:
            return None
        ago_ms = (session.now_ns - sent_ns) / 1e6
        return Refusal(_NAME, f"the same was sent {ago_ms:.3f} ms ago, within {self._limit}")

    def on_sent(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RiskCheck`."""
        session = self._session
        if isinstance(request, CancelRequest) or session is None:
            return
        terms = request.price_ticks, request.size_lots, session.now_ns, self.window_ns
        if isinstance(request, NewOrder):
            self.sent.add_order(request.strategy, request.side, *terms)
        else:
            self.sent.add_change(request.order_id, *terms)


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `duplicate_order_ms`."""
    catalogue.add(
        _NAME,
        DuplicateOrderMs,
        summary="How long an order must not be repeated, in milliseconds",
        options=DuplicateOptions,
        capabilities={"in_runs": True},
    )
