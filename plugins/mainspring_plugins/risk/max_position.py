"""Refuses orders that could make the position too large."""

from decimal import Decimal

import msgspec

from mainspring.model import Instrument, NewOrder, Refusal, decimal_text
from mainspring.seams import AccountView, Catalogue, MarketView, hookimpl
from mainspring_plugins.risk._limit import LimitOptions, whole_units

__all__ = ["MaxPosition", "MaxPositionOptions", "MaxPositionValue", "max_position", "register_risk_checks"]

_NAME = "max_position"


class MaxPositionOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A size in base currency or contracts as `limit`, or instead a value in quote currency as `notional`.

    Either is 0 or more; 0 lets nothing pass.
    """

    limit: Decimal | None = None
    notional: Decimal | None = None

    def __post_init__(self) -> None:
        given = [one for one in (self.limit, self.notional) if one is not None]
        if len(given) != 1:
            raise ValueError("set limit, in base currency or contracts, or notional, in quote currency, and not both")
        if not given[0].is_finite() or given[0] < 0:
            raise ValueError(f"a limit must be a number of 0 or more, not {given[0]}")

    def loosens(self, before: "MaxPositionOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't. Of a size and a value, nobody knows."""
        if self.limit is not None and before.limit is not None:
            return self.limit > before.limit
        return self.notional is None or before.notional is None or self.notional > before.notional


class MaxPosition:
    """Passes an order if the position stays within `limit`, in base currency or contracts, long or short.

    It assumes the worst case: every open order of the same side fills, and none of the other side. So an order that
    reduces the position passes unless, with the others of its side, it could reverse the position beyond the limit.
    `max_lots` is the limit in whole lots.
    """

    passes_if = "after_lots <= self.max_lots"

    def __init__(self, instrument: Instrument, *, options: LimitOptions) -> None:
        self._lot_size = instrument.lot_size
        self._limit = options.limit
        self.max_lots = whole_units(options.limit, instrument.lot_size)

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        worst_lots = _worst_lots(order, account)
        if worst_lots <= self.max_lots:
            return None
        direction = "long" if order.side > 0 else "short"
        return Refusal(
            _NAME, f"position could become {decimal_text(worst_lots, self._lot_size)} {direction}, above {self._limit}"
        )


class MaxPositionValue:
    """Passes an order if the position, as `MaxPosition` has it, is worth at most `notional` in quote currency.

    It is valued at the price of the order: a limit price, for a sell the best bid if that is higher, and for a market
    order the far side's best price. Without that price, or at one of zero or below, orders are refused that don't
    reduce the position. An inverse contract is worth its size times the contract size, whatever the price: `priced` is
    False there. `max_units` is the limit in ticks times lots, or in lots.
    """

    def __init__(self, instrument: Instrument, *, notional: Decimal) -> None:
        self._instrument = instrument
        self._notional = notional
        self.priced = instrument.contract != "inverse"
        size_unit = instrument.tick_size if self.priced else Decimal(1)
        self.max_units = whole_units(notional, size_unit, instrument.lot_size, instrument.contract_size)
        self.passes_if = (
            "worth_ticks is not None and worth_ticks > 0 and worth_ticks * after_lots <= self.max_units"
            if self.priced
            else "after_lots <= self.max_units"
        )

    def check(self, order: NewOrder, market: MarketView, account: AccountView) -> Refusal | None:
        """Implements `mainspring.seams.RiskCheck`."""
        units = _worst_lots(order, account)
        if units <= 0:
            return None
        if self.priced:
            price_ticks = order.price_ticks
            if order.kind == "market":
                far_lots = market.ask_lots if order.side > 0 else market.bid_lots
                price_ticks = market.ask_ticks if order.side > 0 else market.bid_ticks
                if not market.live or far_lots <= 0:
                    return Refusal(_NAME, "there is no price for a market order, so the position has no value")
            elif order.side < 0 and market.bid_lots:
                price_ticks = max(price_ticks, market.bid_ticks)
            if price_ticks <= 0:
                return Refusal(_NAME, "a position has no value at a price of zero or below: limit its size instead")
            units *= price_ticks
        if units <= self.max_units:
            return None
        instrument = self._instrument
        step = instrument.lot_size * instrument.contract_size * (instrument.tick_size if self.priced else 1)
        direction = "long" if order.side > 0 else "short"
        return Refusal(
            _NAME, f"position could be worth {decimal_text(units, step)} {direction}, above {self._notional}"
        )


def _worst_lots(order: NewOrder, account: AccountView) -> int:
    """The position on the order's side if every open order of that side fills, and none of the other."""
    if order.side > 0:
        return account.position_lots + account.open_buy_lots + order.size_lots
    return account.open_sell_lots + order.size_lots - account.position_lots


def max_position(instrument: Instrument, *, options: MaxPositionOptions) -> MaxPosition | MaxPositionValue:
    """Makes the check of the size, or of the value."""
    if options.notional is not None:
        return MaxPositionValue(instrument, notional=options.notional)
    assert options.limit is not None
    return MaxPosition(instrument, options=LimitOptions(limit=options.limit))


@hookimpl
def register_risk_checks(catalogue: Catalogue) -> None:
    """Offers `max_position`."""
    catalogue.add(
        _NAME,
        max_position,
        summary="Largest position, open orders filled, in base currency or contracts, or its value",
        options=MaxPositionOptions,
        capabilities={"required": True, "in_runs": True},
    )
