"""What the checks of exposure share: their options, and how much is at stake where."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import msgspec

from mainspring.model import Instrument, NewOrder, Refusal
from mainspring.seams import AccountView, Lots, MarketView, RiskSession
from mainspring_plugins.risk._money import Money, mid_half_ticks
from mainspring_plugins.risk._scopes import any_looser, refuse_negative

__all__ = ["ExposureCheck", "ExposureOptions"]

_Side: TypeAlias = Callable[[Lots, int], int]


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

    `stake` says how many lots of an instrument count for an order of a side. An order that doesn't raise them passes.
    """

    def __init__(self, name: str, instruments: Sequence[Instrument], options: ExposureOptions, stake: _Side) -> None:
        self._name = name
        self._instruments = tuple(instruments)
        self._money = Money(instruments)
        self._options = options
        self._stake = stake
        self._session: RiskSession | None = None
        self._bases = tuple(one.symbol.partition("/")[0] for one in instruments)
        currencies = self._money.currency
        self._alike = tuple(tuple(at for at, one in enumerate(currencies) if one == own) for own in currencies)
        self._same_base = tuple(tuple(at for at, one in enumerate(self._bases) if one == own) for own in self._bases)
        self._limits = tuple(
            tuple(
                None if limit is None else self._money.quanta(currency, limit)
                for limit in (options.instrument, options.strategy, options.limit)
            )
            for currency in currencies
        )

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session, place = self._session, order.instrument
        if session is None:
            return Refusal(self._name, "nothing says what is held: 0 instruments known")
        instrument, strategy, together = self._limits[place]
        own = session.lots(place)
        if self._raised(own, order):
            if instrument is not None and (refusal := self._compare("instrument", instrument, (place,), order)):
                return refusal
            if together is not None and (refusal := self._compare("account", together, self._alike[place], order)):
                return refusal
            limit = self._options.currency.get(self._bases[place])
            if limit is not None and (refusal := self._compare_base(limit, order)):
                return refusal
        if strategy is not None and self._raised(session.lots(place, order.strategy), order):
            return self._compare("strategy", strategy, self._alike[place], order, order.strategy)
        return None

    def _raised(self, lots: Lots, order: NewOrder) -> bool:
        return self._stake(_with(lots, order), int(order.side)) > self._stake(lots, int(order.side))

    def _compare(
        self, scope: str, limit: int, places: Iterable[int], order: NewOrder, strategy: str | None = None
    ) -> Refusal | None:
        currency = self._money.currency[order.instrument]
        total = 0
        for place in places:
            lots = self._lots(place, order, strategy)
            if not lots:
                continue
            half_ticks = self._half_ticks(place)
            if half_ticks is None:
                return self._no_price(place)
            total += self._money.worth(place, lots, half_ticks)
        if total <= limit:
            return None
        text = self._money.text
        return Refusal(self._name, f"{scope}: {text(currency, total)} is above {text(currency, limit)}")

    def _compare_base(self, limit: Decimal, order: NewOrder) -> Refusal | None:
        total = Fraction(0)
        for place in self._same_base[order.instrument]:
            lots, one = self._lots(place, order, None), self._instruments[place]
            amount = lots * Fraction(one.lot_size) * Fraction(one.contract_size)
            if one.contract == "inverse" and lots:
                half_ticks = self._half_ticks(place)
                if half_ticks is None:
                    return self._no_price(place)
                amount = 2 * amount / (half_ticks * Fraction(one.tick_size))
            total += amount
        if total <= limit:
            return None
        base = self._bases[order.instrument]
        return Refusal(self._name, f"currency: {float(total):g} {base} is above {limit}")

    def _lots(self, place: int, order: NewOrder, strategy: str | None) -> int:
        assert self._session is not None
        lots = self._session.lots(place, strategy)
        return self._stake(_with(lots, order) if place == order.instrument else lots, int(order.side))

    def _half_ticks(self, place: int) -> int | None:
        assert self._session is not None
        return mid_half_ticks(self._session.market(place))

    def _no_price(self, place: int) -> Refusal:
        return Refusal(self._name, f"{self._instruments[place].symbol} has no mid price to value it at: 0")


def _with(lots: Lots, order: NewOrder) -> Lots:
    """The lots once an order is open."""
    if order.side > 0:
        return lots._replace(open_buy=lots.open_buy + order.size_lots)
    return lots._replace(open_sell=lots.open_sell + order.size_lots)
