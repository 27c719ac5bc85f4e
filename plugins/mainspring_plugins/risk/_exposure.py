"""What the checks of exposure share: their options, and how much is at stake where."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import msgspec

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, MarketView, RiskSession
from mainspring_plugins.risk._money import Money, mid_half_ticks, others
from mainspring_plugins.risk._scopes import any_looser, refuse_negative

__all__ = ["ExposureCheck", "ExposureOptions"]

_Stake: TypeAlias = Callable[[int, int, int, bool], int]
_Raised: TypeAlias = Callable[[int, int, int, NewOrder], int | None]
_Limit: TypeAlias = tuple[str, int, Sequence[int]]


class ExposureOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be at stake.

    `limit` is for all instruments of one profit currency together, in that currency; `instrument` for one instrument
    and `strategy` for what one strategy holds, in the same. `currency` limits what is held of base currencies, by their
    names and in their units: `currency = { BTC = 2.5 }`.
    """

    limit: Decimal
    instrument: Decimal | None = None
    strategy: Decimal | None = None
    currency: dict[str, Decimal] = {}

    def __post_init__(self) -> None:
        refuse_negative(
            limit=self.limit, instrument=self.instrument, strategy=self.strategy, currency=dict(self.currency)
        )

    def loosens(self, before: "ExposureOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return any_looser(self, before)


class ExposureCheck:
    """Adds up what open orders could lead to, in the worst case, and compares it with each limit.

    `stake` says how many lots count, of a position, open buys and open sells, for a buy or a sale; `raised` how many
    with an order, None if it doesn't raise them: then it passes.
    """

    def __init__(
        self, name: str, instruments: Sequence[Instrument], options: ExposureOptions, stake: _Stake, raised: _Raised
    ) -> None:
        self._name = name
        self._instruments = tuple(instruments)
        self._money = Money(instruments)
        self._options = options
        self._stake, self._raised = stake, raised
        self._session: RiskSession | None = None
        self._bases = tuple(one.symbol.partition("/")[0] for one in instruments)
        self._alike = others(self._money.currency)
        self._same_base = others(self._bases)
        self._scopes = self._limited(("instrument", options.instrument, False), ("account", options.limit, True))
        self.max_units = self._max_units() if len(instruments) == 1 else None
        """The limit in lots times half ticks, in a lane of one instrument that isn't inverse; None in others."""
        within = "mid_half_ticks is not None and after_lots * mid_half_ticks <= self.max_units"
        self.passes_if = None if self.max_units is None else within
        self._strategy_scopes = self._limited(("strategy", options.strategy, True))

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session, place = self._session, order.instrument
        if session is None:
            return Refusal(self._name, "nothing says what is held: 0 instruments known")
        lots = self._raised(account.position_lots, account.open_buy_lots, account.open_sell_lots, order)
        if lots is not None:
            refusal = self._compare(self._scopes[place], lots, order, market, None)
            if refusal is None and self._options.currency:
                refusal = self._compare_base(lots, order)
            if refusal is not None:
                return refusal
        own_limits = self._strategy_scopes[place]
        lots = self._raised(*session.lots(place, order.strategy), order) if own_limits else None
        return None if lots is None else self._compare(own_limits, lots, order, market, order.strategy)

    def linear_limits(self, instrument: int) -> tuple[list[int], list[tuple[int, Sequence[int]]]] | None:
        """Returns what a lot at half a tick is worth in each instrument, and the limits for orders in one: in quanta,
        each with the other instruments that count.

        None if strategies or base currencies have limits, or an instrument that counts is inverse.
        """
        if self._options.strategy is not None or self._options.currency:
            return None
        factors = [self._money.factor(place) for place in range(len(self._instruments))]
        limits = [(limit, places) for _, limit, places in self._scopes[instrument]]
        if any(factors[place] is None for place in (instrument, *self._alike[instrument])):
            return None
        return [factor or 0 for factor in factors], limits

    def _limited(self, *scopes: tuple[str, Decimal | None, bool]) -> tuple[tuple[_Limit, ...], ...]:
        """The scopes that have a limit, by instrument: each limit in quanta, with the other instruments that count."""
        money = self._money
        return tuple(
            tuple(
                (scope, money.quanta(currency, limit), self._alike[place] if together else ())
                for scope, limit, together in scopes
                if limit is not None
            )
            for place, currency in enumerate(money.currency)
        )

    def _max_units(self) -> int | None:
        if self._options.strategy is not None or self._options.currency:
            return None
        return self._money.max_units(0, min(limit for _, limit, _ in self._scopes[0]))

    def _compare(
        self, limits: Iterable[_Limit], own_lots: int, order: NewOrder, market: MarketView, strategy: str | None
    ) -> Refusal | None:
        money, own = self._money, 0
        if own_lots:
            half_ticks = mid_half_ticks(market)
            if half_ticks is None:
                return self._no_price(order.instrument)
            own = money.worth(order.instrument, own_lots, half_ticks)
        for scope, limit, places in limits:
            total = own
            for place in places:
                lots = self._lots(place, order, strategy)
                if not lots:
                    continue
                half_ticks = self._half_ticks(place)
                if half_ticks is None:
                    return self._no_price(place)
                total += money.worth(place, lots, half_ticks)
            if total > limit:
                currency = money.currency[order.instrument]
                figures = f"{money.text(currency, total)} is above {money.text(currency, limit)}"
                return Refusal(self._name, f"{scope}: {figures}")
        return None

    def _compare_base(self, own_lots: int, order: NewOrder) -> Refusal | None:
        base = self._bases[order.instrument]
        limit = self._options.currency.get(base)
        if limit is None:
            return None
        total = Fraction(0)
        for place in (order.instrument, *self._same_base[order.instrument]):
            lots = own_lots if place == order.instrument else self._lots(place, order, None)
            one = self._instruments[place]
            amount = lots * Fraction(one.lot_size) * Fraction(one.contract_size)
            if one.contract == "inverse" and lots:
                half_ticks = self._half_ticks(place)
                if half_ticks is None:
                    return self._no_price(place)
                amount = 2 * amount / (half_ticks * Fraction(one.tick_size))
            total += amount
        return None if total <= limit else Refusal(self._name, f"currency: {float(total):g} {base} is above {limit}")

    def _lots(self, place: int, order: NewOrder, strategy: str | None) -> int:
        assert self._session is not None
        position, buys, sells = self._session.lots(place, strategy)
        return self._stake(position, buys, sells, order.side > 0)

    def _half_ticks(self, place: int) -> int | None:
        assert self._session is not None
        return mid_half_ticks(self._session.market(place))

    def _no_price(self, place: int) -> Refusal:
        return Refusal(self._name, f"{self._instruments[place].symbol} has no mid price to value it at: 0")
