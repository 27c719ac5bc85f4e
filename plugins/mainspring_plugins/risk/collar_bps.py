"""Refuses orders priced too far through the market."""

from decimal import Decimal

import msgspec

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._depth import worst_ticks

__all__ = ["CollarBps", "CollarOptions", "register_risk_checks"]

_NAME = "collar_bps"
_BPS = 10_000


class CollarOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far from the mid a price may be, in basis points of the mid.

    `limit` is for the aggressive side: how far above the mid a buy may be, how far below it a sell. `passive` is for
    the other side: how far away from the market an order may rest. If unset, it may rest anywhere, since it can only
    trade at a better price than today's.
    """

    limit: Decimal
    passive: Decimal | None = None

    def __post_init__(self) -> None:
        for name, value in (("limit", self.limit), ("passive", self.passive)):
            if value is not None and (not value.is_finite() or value < 0):
                raise ValueError(f"{name} must be a number of 0 or more, not {value}")

    def loosens(self, before: "CollarOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        if self.passive is None or before.passive is None:
            wider = before.passive is not None
        else:
            wider = self.passive > before.passive
        return wider or self.limit > before.limit


class CollarBps:
    """Passes orders whose price is within a collar around the mid.

    A buy at `p` passes if `p <= mid * (1 + limit / 10000)`, a sell if `p >= mid * (1 - limit / 10000)`, exactly. A
    market order is checked at the worst price that it would get, walking the book for its whole size; if the book
    isn't deep enough, it is refused. Without a mid (book not live, a side empty, or crossed) every order is refused.
    In whole numbers, the distance from the mid times `base` is at most the mid times `numerator`; `passive_base` and
    `passive_numerator` are for the other side, unless `passive` is None.
    """

    def __init__(self, instrument: Instrument, *, options: CollarOptions) -> None:
        # mid * (1 + limit / 10000), with the mid in half ticks and over the limit's denominator, is in whole numbers.
        self.numerator, denominator = options.limit.as_integer_ratio()
        self.base = _BPS * denominator
        self._limit = options.limit
        self.passive = options.passive
        self.passive_numerator, passive_denominator = (options.passive or Decimal(0)).as_integer_ratio()
        self.passive_base = _BPS * passive_denominator
        beyond = "(2 * trade_ticks - mid_half_ticks if buy else mid_half_ticks - 2 * trade_ticks)"
        self.passes_if = (
            "mid_half_ticks is not None and trade_ticks is not None "
            f"and {beyond} * self.base <= mid_half_ticks * self.numerator"
        )
        if self.passive is not None:
            self.passes_if += f" and -{beyond} * self.passive_base <= mid_half_ticks * self.passive_numerator"

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        bid, ask = market.bid_ticks, market.ask_ticks
        if not (market.live and market.bid_lots and market.ask_lots and bid < ask):
            return Refusal(_NAME, "no mid price to measure from: the book isn't live, is one-sided or crossed")
        price = order.price_ticks
        if order.kind == "market":
            worst = worst_ticks(order, market)
            if worst is None:
                return Refusal(_NAME, f"the book isn't deep enough for {order.size_lots} lots")
            price = worst
        # How far the price is on the aggressive side of the mid, in half ticks.
        mid = bid + ask
        beyond = 2 * price - mid if order.side > 0 else mid - 2 * price
        if beyond > 0:
            if beyond * self.base > mid * self.numerator:
                return self._refusal(price, beyond, mid, f"beyond the mid, and {self._limit} is")
        elif self.passive is not None and -beyond * self.passive_base > mid * self.passive_numerator:
            return self._refusal(price, -beyond, mid, f"away from the market, and {self.passive} is")
        return None

    def _refusal(self, price: int, distance: int, mid_half_ticks: int, words: str) -> Refusal:
        bps = Decimal(distance * _BPS) / Decimal(mid_half_ticks)
        return Refusal(_NAME, f"price of {price} ticks is {bps:.2f} bps {words} the most")


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `collar_bps`."""
    catalogue.add(
        _NAME,
        CollarBps,
        summary="How far through the mid an order may be priced, in basis points",
        options=CollarOptions,
        capabilities={"required": True, "in_runs": True},
    )
