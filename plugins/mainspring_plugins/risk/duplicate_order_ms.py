"""Refuses an order that repeats another one."""

from collections import OrderedDict
from decimal import Decimal
from typing import TypeAlias

from mainspring.model import CancelRequest, Instrument, NewOrder, OrderRequest, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["DuplicateOptions", "DuplicateOrderMs", "register_risk_checks"]

_NAME = "duplicate_order_ms"

# Strategy, side, price and size of a new order; an order's id, its price and total size for a change of it.
_Key: TypeAlias = tuple[str, int, int, int] | tuple[int, int, int]


class DuplicateOptions(LimitOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an order mustn't be repeated, in milliseconds. 0 allows it."""

    def loosens(self, before: LimitOptions) -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit < before.limit


class DuplicateOrderMs:
    """Passes an order unless one of the same strategy, side, price and size was sent less than `limit` ms ago.

    So it does with a change of an order to a price and size that it was changed to less than `limit` ms ago. All market
    orders have the same price.
    """

    hears_in_runs = True
    passes_if = "changed is None and (order.strategy, order.side, price_ticks, size_lots) not in self.sent_ns_of"

    def __init__(self, instrument: Instrument, *, options: DuplicateOptions) -> None:
        self._limit = options.limit
        self.window_ns = whole_units(options.limit, Decimal("0.000001"))
        self._session: RiskSession | None = None
        # When each was last sent, oldest first.
        self.sent_ns_of: OrderedDict[_Key, int] = OrderedDict()

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def adopt(self, before: "DuplicateOrderMs") -> None:
        """See `mainspring.seams.RiskCheck`. A longer window sees what the shorter one had kept."""
        self.sent_ns_of = before.sent_ns_of

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what was sent: 0 orders known")
        changed = session.changed
        key: _Key = (
            (order.strategy, order.side, order.price_ticks, order.size_lots)
            if changed is None
            else (order.order_id, order.price_ticks, changed.filled_lots + order.size_lots)
        )
        sent_ns = self.sent_ns_of.get(key)
        if sent_ns is None or session.now_ns - sent_ns >= self.window_ns:
            return None
        ago_ms = (session.now_ns - sent_ns) / 1e6
        return Refusal(_NAME, f"the same was sent {ago_ms:.3f} ms ago, within {self._limit}")

    def on_sent(self, request: OrderRequest) -> None:
        """See `mainspring.seams.RiskCheck`."""
        session = self._session
        if isinstance(request, CancelRequest) or session is None:
            return
        key: _Key = (
            (request.strategy, request.side, request.price_ticks, request.size_lots)
            if isinstance(request, NewOrder)
            else (request.order_id, request.price_ticks, request.size_lots)
        )
        now_ns, sent = session.now_ns, self.sent_ns_of
        sent[key] = now_ns
        sent.move_to_end(key)
        while now_ns - next(iter(sent.values())) >= self.window_ns and len(sent) > 1:
            sent.popitem(last=False)


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
