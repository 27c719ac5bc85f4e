"""Permanent and temporary impact, with the powers and coefficients that were fitted to a large broker's orders."""

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

__all__ = ["AlmgrenChrissOptions", "AlmgrenChrissSlippage", "register_slippage"]


class AlmgrenChrissOptions(RestingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`patience_s` and `chase_spreads` say how a limit order rests (see `RestingOptions`); the others are:

    `execution_days`: T, how long the order takes to execute, in days of trading (0.01 of 24 hours is 14.4 minutes).
    `outstanding_days`: Theta / V, what is outstanding over what trades in a day, in days (shares for a stock, the
    coins in circulation). `gamma` and `eta`: the coefficients of permanent and temporary impact, pure numbers; the
    defaults are the published ones, fitted to US stocks. Raises `ValueError` if one isn't above zero.
    """

    execution_days: float = 0.01
    outstanding_days: float = 250.0
    gamma: float = 0.314
    eta: float = 0.142

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(
            execution_days=self.execution_days,
            outstanding_days=self.outstanding_days,
            gamma=self.gamma,
            eta=self.eta,
        )


class AlmgrenChrissSlippage:
    """Half the spread, plus the realised impact J of Almgren, Thum, Hauptmann & Li (2005).

    With X the order's lots, V the lots traded in a day, sigma the volatility per day, T and Theta / V from the
    options, a market order, or a limit order that reaches the other side, costs in price units

        spread             h = (ask - bid) / 2
        permanent-impact   I / 2 mid,  I = gamma sigma (X / V) (Theta / V)^(1/4)
        temporary-impact   K mid,      K = eta sigma (X / (V T))^(3/5)

    so that the two impacts make the paper's J = I/2 + K (R. Almgren, C. Thum, E. Hauptmann, H. Li, "Direct Estimation
    of Equity Market Impact", Risk 18(7), 2005, section 4.3, on the framework of Almgren & Chriss, "Optimal Execution
    of Portfolio Transactions", Journal of Risk 3(2), 2000). The order pays half of the permanent impact because that
    builds up evenly while it executes. The paper's fit has no term for the spread: what there was of it is inside
    K, which goes to zero with X. Half the spread is added here, so that a small order doesn't seem free; for large
    ones it makes the estimate the more careful one.

    A limit order that rests costs a spread capture, an adverse selection and a queue risk; the formulas stand in
    `mainspring_plugins.slippage._resting`. Its B is I / 2 mid: of the permanent impact of the order that fills it,
    the half that is still to come when the average lot is filled.

    Refuses where the book isn't live, the market has no mid price or is crossed or locked, volatility or daily
    volume isn't known, or the order has no size.
    """

    __slots__ = ("_permanent", "_resting", "_temporary", "_tick")

    def __init__(self, instrument: Instrument, options: AlmgrenChrissOptions | None = None) -> None:
        options = options or AlmgrenChrissOptions()
        self._tick = float(instrument.tick_size)
        self._permanent = 0.5 * options.gamma * options.outstanding_days**0.25
        self._temporary = options.eta / options.execution_days**0.6
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
        share = order.size_lots / volume
        move = volatility * mid
        permanent = self._permanent * move * share
        temporary = self._temporary * move * share**0.6
        cost = half_spread + permanent + temporary
        capture_ticks = resting_capture_ticks(order, market.bid_ticks, market.ask_ticks)
        if capture_ticks is None:
            causes = (
                Cause("spread", half_spread),
                Cause("permanent-impact", permanent),
                Cause("temporary-impact", temporary),
            )
            return SlippageEstimate(cost, mid, causes)
        return self._resting.estimate(order, market, capture_ticks, volume, cost, permanent)


@hookimpl
def register_slippage(catalogue: Catalogue) -> None:
    """Offers `almgren-chriss`."""
    catalogue.add(
        "almgren-chriss",
        AlmgrenChrissSlippage,
        summary="half the spread, plus permanent and temporary impact as Almgren and others fitted them in 2005",
        options=AlmgrenChrissOptions,
        capabilities={"calibrates": "permanent-impact=gamma, temporary-impact=eta"},
    )
