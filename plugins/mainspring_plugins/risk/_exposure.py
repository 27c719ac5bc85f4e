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

_Stake: TypeAlias = Callable[[int, int, int, int], int]
_Limit: TypeAlias = tuple[str, int | None, Sequence[int]]


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

    `stake` says how many lots count, of a position, open buys and open sells, for an order of a side. An order that
    doesn't raise them passes.
    """

    def __init__(self, name: str, instruments: Sequence[Instrument], options: ExposureOptions, stake: _Stake) -> None:
        self._name = name
        self._instruments = tuple(instruments)
        self._money = Money(instruments)
        self._options = options
        self._stake = stake
        self._session: RiskSession | None = None
        self._bases = tuple(one.symbol.partition("/")[0] for one in instruments)
        self._alike = _others(self._money.currency)
        self._same_base = _others(self._bases)
        self._limits = tuple(
            tuple(
                None if limit is None else self._money.quanta(currency, limit)
                for limit in (options.instrument, options.limit, options.strategy)
            )
            for currency in self._money.currency
        )

    def bind(self, session: RiskSession) -> None:
        """See `mainspring.seams.RiskCheck`."""
        self._session = session

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        session, place = self._session, order.instrument
        if session is None:
            return Refusal(self._name, "nothing says what is held: 0 instruments known")
        instrument, together, strategy = self._limits[place]
        lots = self._raised(session.lots(place), order)
        if lots is not None:
            limits = ("instrument", instrument, ()), ("account", together, self._alike[place])
            refusal = self._compare(limits, lots, order, None) or self._compare_base(lots, order)
            if refusal is not None:
                return refusal
        lots = None if strategy is None else self._raised(session.lots(place, order.strategy), order)
        if lots is None:
            return None
        return self._compare((("strategy", strategy, self._alike[place]),), lots, order, order.strategy)

    def _raised(self, lots: Lots, order: NewOrder) -> int | None:
        """What counts of the order's own instrument with the order; None if the order doesn't raise that."""
        position, buys, sells = lots
        side, stake, size = int(order.side), self._stake, order.size_lots
        before = stake(position, buys, sells, side)
        after = stake(position, buys + size, sells, side) if side > 0 else stake(position, buys, sells + size, side)
        return after if after > before else None

    def _compare(
        self, limits: Iterable[_Limit], own_lots: int, order: NewOrder, strategy: str | None
    ) -> Refusal | None:
        money, own = self._money, 0
        if own_lots:
            half_ticks = self._half_ticks(order.instrument)
            if half_ticks is None:
                return self._no_price(order.instrument)
            own = money.worth(order.instrument, own_lots, half_ticks)
        for scope, limit, others in limits:
            total = own
            for place in others:
                lots = self._lots(place, order, strategy)
                if not lots:
                    continue
                half_ticks = self._half_ticks(place)
                if half_ticks is None:
                    return self._no_price(place)
                total += money.worth(place, lots, half_ticks)
            if limit is not None and total > limit:
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
        return self._stake(position, buys, sells, int(order.side))

    def _half_ticks(self, place: int) -> int | None:
        assert self._session is not None
        return mid_half_ticks(self._session.market(place))

    def _no_price(self, place: int) -> Refusal:
        return Refusal(self._name, f"{self._instruments[place].symbol} has no mid price to value it at: 0")


def _others(names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The places of the others that have each one's name."""
    return tuple(
        tuple(at for at, other in enumerate(names) if other == own and at != place) for place, own in enumerate(names)
    )
