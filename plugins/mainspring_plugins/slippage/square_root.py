"""The square-root law of market impact: the default model."""

import math

from mainspring.model import Cause, Instrument, NewOrder, Refusal, SlippageEstimate
from mainspring.seams import Catalogue, MarketView, hookimpl
from mainspring_plugins.slippage._common import (
    known_daily_volume,
    known_volatility,
    refusal,
    require_positive,
    resting_capture_ticks,
)
from mainspring_plugins.slippage._resting import Resting, RestingOptions

__all__ = ["SquareRootOptions", "SquareRootSlippage", "register_slippage"]


class SquareRootOptions(RestingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`patience_s` and `chase_spreads` say how a limit order rests (see `RestingOptions`); the others are:

    `impact_coefficient`: Y in the formula, a pure number; of order one in every market that it was measured in.
    `lasting_share`: the part of an order's impact that stays, 0 to 1. The default of two thirds is the fair-pricing
    result of Farmer, Gerig, Lillo & Waelbroeck, "How efficiency shapes market impact", Quantitative Finance 13(11),
    2013. Raises `ValueError` if a figure is out of its range.
    """

    impact_coefficient: float = 1.0
    lasting_share: float = 2 / 3

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(impact_coefficient=self.impact_coefficient)
        if not 0.0 <= self.lasting_share <= 1.0:
            raise ValueError(f"lasting_share must be from 0 to 1, not {self.lasting_share}")


class SquareRootSlippage:
    """Half the spread, plus volatility times the square root of the order's share of the daily volume.

    A market order of Q lots, or a limit order that reaches the other side, costs in price units

        spread   h = (ask - bid) / 2
        impact   Y sigma sqrt(Q / V) mid

    with sigma the volatility per day and V the lots traded in a day (the BARRA market impact model, 1997; Grinold &
    Kahn, "Active Portfolio Management", 2nd ed. 2000, chapter 16; Toth, Lemperiere, Deremble, de Lataillade,
    Kockelkoren & Bouchaud, "Anomalous price impact and the critical nature of liquidity in financial markets",
    Physical Review X 1, 021006, 2011, equation 1).

    A limit order that rests costs a spread capture (below zero), an adverse selection and a queue risk; the formulas
    stand in `mainspring_plugins.slippage._resting`, with the lasting share of the impact as B.

    Refuses where the book isn't live, the market has no mid price or is crossed or locked, volatility or daily
    volume isn't known, or the order has no size. An estimate costs about 1 us, and 2 us for an order that rests.
    """

    __slots__ = ("_coefficient", "_lasting_share", "_resting", "_tick")

    def __init__(self, instrument: Instrument, options: SquareRootOptions | None = None) -> None:
        options = options or SquareRootOptions()
        self._tick = float(instrument.tick_size)
        self._coefficient = options.impact_coefficient
        self._lasting_share = options.lasting_share
        self._resting = Resting(instrument, options)

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """Returns the cost of the order now, split into its causes, or the reason why it can't be estimated."""
        if (refused := refusal(order, market)) is not None:
            return refused
        volatility = known_volatility(market)
        if isinstance(volatility, Refusal):
            return volatility
        volume = known_daily_volume(market)
        if isinstance(volume, Refusal):
            return volume
        tick = self._tick
        half_spread = 0.5 * (market.ask_ticks - market.bid_ticks) * tick
        mid = 0.5 * (market.bid_ticks + market.ask_ticks) * tick
        impact = self._coefficient * volatility * math.sqrt(order.size_lots / volume) * mid
        cost = half_spread + impact
        capture_ticks = resting_capture_ticks(order, market.bid_ticks, market.ask_ticks)
        if capture_ticks is None:
            return SlippageEstimate(cost, mid, (Cause("spread", half_spread), Cause("impact", impact)))
        return self._resting.estimate(order, market, capture_ticks, volume, cost, self._lasting_share * impact)


@hookimpl
def register_slippage(catalogue: Catalogue) -> None:
    """Offers `square-root`, the default."""
    catalogue.add(
        "square-root",
        SquareRootSlippage,
        summary="half the spread, plus volatility times the square root of size over daily volume",
        options=SquareRootOptions,
        rank=10,
        capabilities={"calibrates": "impact=impact_coefficient"},
    )
