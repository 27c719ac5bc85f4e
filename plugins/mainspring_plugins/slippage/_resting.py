"""What a limit order that rests is expected to cost: the terms that all models share.

A limit order is measured by its implementation shortfall (Perold, "The Implementation Shortfall", Journal of
Portfolio Management 14(3), 1988), against the mid when it is sent: it is filled with probability p, or, after a
while, chased with a market order of the same size (Harris & Hasbrouck, "Market vs. Limit Orders: The SuperDOT Evidence
on Order Submission Strategy", Journal of Financial and Quantitative Analysis 31(2), 1996).

In price units, with h half the spread, M the market order's cost, B what the model says of lasting impact, and d how
far on the passive side of the mid the order rests:

    spread capture      -p c               c = min(d, h)
    adverse selection    p ((h + c)/2 + B)
    queue risk           (1 - p) M

Capture. A price behind the touch captures no more than h. The mid has no drift, so that what a deeper price gains
when it fills, it loses in the cases where it is chased: the two cancel (optional stopping).

Adverse selection. In the equilibrium of Glosten & Milgrom ("Bid, Ask and Transaction Prices in a Specialist Market
with Heterogeneously Informed Traders", Journal of Financial Economics 14, 1985) the half spread just pays a maker at
the touch for what the informed take from him. Orders inside the spread meet the next taker, informed or not, and lose
less: linear from h at the touch to 0 at the other side, which is our simplification. B is on top: who fills the
order trades its size against it.

Chance of a fill. p = reach * queue.
- reach = U / (U + d - c), the gambler's ruin: a driftless mid comes the d - c to the order's level before it goes U the
  other way, where the order is chased. U is counted in spreads.
- queue = W / (W + A + Q): the chance that at least the A lots ahead and our own Q trade at the level while the order
  waits, where that amount is heavy-tailed (Lomax, shape 1: a simple stand-in) with median W. Half of the day's volume
  comes to each side, W = V/2 * patience/day. At the touch, A is what stands there; behind it, as much is taken to be;
  inside the spread nothing is ahead.

All terms follow from 0 < p < 1: the total is (1 - p) M + p ((h - c)/2 + B), above zero; it is below M as long as
B < M - h; and it grows with Q, because p falls and M rises.
"""

import msgspec

from mainspring.model import (
    ADVERSE_SELECTION,
    QUEUE_RISK,
    SPREAD_CAPTURE,
    Cause,
    Instrument,
    NewOrder,
    SlippageEstimate,
)
from mainspring.seams import MarketView
from mainspring_plugins.slippage._common import require_positive

__all__ = ["Resting", "RestingOptions", "reach_probability", "resting_estimate"]

_DAY_S = 86_400


class RestingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of how a resting limit order is priced.

    `patience_s`: seconds that the order waits before it is chased. `chase_spreads`: how far the mid may move away
    from the order before it is chased, in spreads. Raises `ValueError` if one isn't above zero.
    """

    patience_s: float = 60.0
    chase_spreads: float = 1.0

    def __post_init__(self) -> None:
        require_positive(patience_s=self.patience_s, chase_spreads=self.chase_spreads)


class Resting:
    """Prices resting limit orders of one instrument, for models that know the daily volume."""

    __slots__ = ("_chase_spreads", "_tick", "_wait_days")

    def __init__(self, instrument: Instrument, options: RestingOptions) -> None:
        self._tick = float(instrument.tick_size)
        self._chase_spreads = options.chase_spreads
        # Half of the patience: half of what trades comes to the order's side.
        self._wait_days = 0.5 * options.patience_s / _DAY_S

    def estimate(
        self, order: NewOrder, market: MarketView, capture_ticks: float, volume: float, cost: float, lasting: float
    ) -> SlippageEstimate:
        """`cost` is that of a market order (M) and `lasting` the impact that stays (B), both in price units."""
        half_spread_ticks = 0.5 * (market.ask_ticks - market.bid_ticks)
        wanted = order.size_lots
        if capture_ticks >= half_spread_ticks:
            wanted += market.bid_lots if order.side > 0 else market.ask_lots
        traded = volume * self._wait_days
        fill = traded / (traded + wanted) * reach_probability(capture_ticks, half_spread_ticks, self._chase_spreads)
        tick = self._tick
        mid = 0.5 * (market.bid_ticks + market.ask_ticks) * tick
        return resting_estimate(mid, half_spread_ticks * tick, capture_ticks * tick, fill, cost, lasting)


def reach_probability(capture_ticks: float, half_spread_ticks: float, chase_spreads: float) -> float:
    """The chance that the market comes to the order's price before it moves away so far that the order is chased."""
    behind = capture_ticks - half_spread_ticks
    if behind <= 0.0:
        return 1.0
    chase = 2.0 * half_spread_ticks * chase_spreads
    return chase / (chase + behind)


def resting_estimate(
    mid: float, half_spread: float, capture: float, fill: float, market_cost: float, lasting: float
) -> SlippageEstimate:
    """The three terms of the module's docstring: prices in price units, `fill` the probability p, `lasting` B."""
    capture = min(capture, half_spread)
    # In this order the sum can't round to below zero: the second term is never smaller than the first is negative.
    captured = -fill * capture
    selected = fill * (0.5 * (half_spread + capture) + lasting)
    queued = (1.0 - fill) * market_cost
    return SlippageEstimate(
        captured + selected + queued,
        mid,
        (Cause(SPREAD_CAPTURE, captured), Cause(ADVERSE_SELECTION, selected), Cause(QUEUE_RISK, queued)),
        fill,
    )
