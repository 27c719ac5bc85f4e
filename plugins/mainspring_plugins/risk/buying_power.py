"""Refuses orders that capital doesn't cover."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Catalogue, MarketView, RiskSession, hookimpl
from mainspring_plugins.risk._money import Money, mid_half_ticks, others
from mainspring_plugins.risk._scopes import refuse_negative

__all__ = ["BuyingPower", "BuyingPowerOptions", "register_risk_checks"]

_NAME = "buying_power"
# In a lane of one instrument that isn't inverse: `_PRICE` is the mid or the order's price, whichever is higher.
_PRICE = "(2 * price_ticks if limit and 2 * price_ticks > mid_half_ticks else mid_half_ticks)"
_COVERED = (
    "after_lots <= other_lots or (mid_half_ticks is not None and profit_ppb is not None "
    f"and after_lots * {_PRICE} * self.margin "
    "<= (self.capital + profit_ppb * self.profit_factor // self.profit_scale) * self.margin_of)"
)


class BuyingPowerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`limit` is the capital that the session starts with, in each profit currency that it trades in.

    `initial_margin` is the fraction of a position's value that has to be covered: 1 without leverage.
    """

    limit: Decimal
    initial_margin: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        refuse_negative(limit=self.limit, initial_margin=self.initial_margin)
        if not self.initial_margin:
            raise ValueError("initial_margin must be above 0: without any, capital covers everything")

    def loosens(self, before: "BuyingPowerOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit > before.limit or self.initial_margin < before.initial_margin


class BuyingPower:
    """Passes an order if capital and profit cover the margin of all positions that open orders could lead to.

    In each instrument of the order's profit currency either all open buys fill and no sells, or all sells and no buys,
    whichever is more, valued at the mid; the order's own instrument at the order's price where that is worth more. An
    order that doesn't raise this passes. Without a mid or a mark of what is held, the order is refused.
    """

    def __init__(self, instruments: Sequence[Instrument], *, options: BuyingPowerOptions) -> None:
        self._symbols = tuple(one.symbol for one in instruments)
        self._inverse = tuple(one.contract == "inverse" for one in instruments)
        self._money = Money(instruments)
        self._margin, self._margin_of = options.initial_margin.as_integer_ratio()
        currencies = self._money.currency
        self._capital = {currency: self._money.quanta(currency, options.limit) for currency in set(currencies)}
        self._alike = others(currencies)
        self._session: RiskSession | None = None
        self.passes_if: str | None = None
        self.margin_ratio = self._margin, self._margin_of
        self.capital_ppb: int | None = None
        """The capital in billionths of half value units, times the margin's denominator, in a lane of one instrument
        that isn't inverse; None in others."""
        if len(instruments) == 1 and not self._inverse[0]:
            self.passes_if = _COVERED
            factor, self.profit_factor, self.profit_scale = self._money.linear_factors(0)
            self.margin, self.margin_of = self._margin * factor, self._margin_of
            self.capital = self._capital[currencies[0]]
            # Of a linear instrument a half value unit has whole billions of quanta.
            self.capital_ppb = self.capital * self._margin_of * 10**9 // factor

    def linear_figures(
        self, instrument: int
    ) -> tuple[list[int], Sequence[int], tuple[int, int, int], Sequence[tuple[int, int, int]]] | None:
        """Returns what decides on orders in an instrument: what a lot at half a tick is worth in each, which others
        count, the capital in quanta with the margin as numerator and denominator, and how profits are added up.

        None if an instrument that counts is inverse.
        """
        money, currency = self._money, self._money.currency[instrument]
        factors = [money.factor(place) for place in range(len(self._symbols))]
        if any(factors[place] is None for place in (instrument, *self._alike[instrument])):
            return None
        figures = self._capital[currency], *self.margin_ratio
        return [factor or 0 for factor in factors], self._alike[instrument], figures, money.profit_shares(currency)

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session = self._session
        if session is None:
            return Refusal(_NAME, "nothing says what is held: 0 instruments known")
        position, buys, sells = account.position_lots, account.open_buy_lots, account.open_sell_lots
        if order.side > 0:
            after, other = position + buys + order.size_lots, sells - position
        else:
            after, other = sells - position + order.size_lots, position + buys
        # What was at stake before is the other way, or less than this.
        if after <= other:
            return None
        own, money = order.instrument, self._money
        half_ticks = mid_half_ticks(market)
        if half_ticks is None:
            return self._no_price(own)
        if order.kind == "limit":
            limit = 2 * order.price_ticks
            if limit < half_ticks if self._inverse[own] else limit > half_ticks:
                half_ticks = limit
        currency, total = money.currency[own], money.worth(own, after, half_ticks)
        for place in self._alike[own]:
            lots = _stake(*session.lots(place))
            if not lots:
                continue
            half_ticks = mid_half_ticks(session.market(place))
            if half_ticks is None:
                return self._no_price(place)
            total += money.worth(place, lots, half_ticks)
        profit = money.total_profit(session, currency)
        if profit is None:
            return Refusal(_NAME, "something is held that has no mark: 0 known")
        covered = self._capital[currency] + profit
        if total * self._margin <= covered * self._margin_of:
            return None
        text, needed = money.text, -(-total * self._margin // self._margin_of)
        return Refusal(_NAME, f"{text(currency, needed)} of margin is above {text(currency, covered)}")

    def _no_price(self, place: int) -> Refusal:
        return Refusal(_NAME, f"{self._symbols[place]} has no mid price to value it at: 0")


def _stake(position: int, buys: int, sells: int) -> int:
    """The largest position, either way, that open orders could lead to."""
    longest, shortest = position + buys, sells - position
    # Neither is below zero unless the other is above it.
    return longest if longest > shortest else shortest  # noqa: FURB136  a call of max costs several times more


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `buying_power`."""
    catalogue.add(
        _NAME,
        BuyingPower,
        summary="Capital in each profit currency, which has to cover the margin of all positions",
        options=BuyingPowerOptions,
        capabilities={"across_instruments": True, "in_runs": True},
    )
