"""Impact by the square of the order's share of a bar's volume, as in Zipline."""

from mainspring.model import Cause, Instrument, NewOrder, Refusal, SlippageEstimate
from mainspring.seams import Catalogue, MarketView, hookimpl
from mainspring_plugins.slippage._common import known_daily_volume, refusal, require_positive, resting_capture_ticks
from mainspring_plugins.slippage._resting import Resting, RestingOptions

__all__ = ["VolumeShareOptions", "VolumeShareSlippage", "register_slippage"]

_DAY_S = 86_400


class VolumeShareOptions(RestingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`patience_s` and `chase_spreads` say how a limit order rests (see `RestingOptions`); the others are:

    `price_impact`: the fraction of the price that an order as large as a whole bar's volume costs; 0.1 is Zipline's.
    `bar_s`: the length of a bar in seconds; Zipline's are minutes. Raises `ValueError` if one isn't above zero.
    """

    price_impact: float = 0.1
    bar_s: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(price_impact=self.price_impact, bar_s=self.bar_s)


class VolumeShareSlippage:
    """Half the spread, plus the square of the order's share of a bar's volume.

    With Q the order's lots and v the lots traded in an average bar, the daily volume times the bar's part of a day,
    a market order, or a limit order that reaches the other side, costs in price units

        spread   h = (ask - bid) / 2
        impact   price_impact (Q / v)^2 mid

    The second is `VolumeShareSlippage` of Quantopian's Zipline (zipline/finance/slippage.py), with two differences.
    Zipline measures from the last trade, so that it has no spread; here it is added. And Zipline fills at most
    `volume_limit` of a bar and leaves the rest for later bars; this is an estimate for the whole order at once, so
    that the share isn't capped, and an order larger than a bar is priced as dearly as it deserves.

    A limit order that rests costs a spread capture, an adverse selection and a queue risk; the formulas stand in
    `mainspring_plugins.slippage._resting`. Its B is zero: Zipline's impact doesn't outlast the bar.

    Volatility isn't asked for. Refuses where the book isn't live, the market has no mid price or is crossed or
    locked, the daily volume isn't known, or the order has no size.
    """

    __slots__ = ("_bar_days", "_price_impact", "_resting", "_tick")

    def __init__(self, instrument: Instrument, options: VolumeShareOptions | None = None) -> None:
        options = options or VolumeShareOptions()
        self._tick = float(instrument.tick_size)
        self._price_impact = options.price_impact
        self._bar_days = options.bar_s / _DAY_S
        self._resting = Resting(instrument, options)

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """Returns the cost of the order now, split into its causes, or the reason why it can't be estimated."""
        if (refused := refusal(order, market)) is not None:
            return refused
        volume = known_daily_volume(market)
        if isinstance(volume, Refusal):
            return volume
        tick = self._tick
        half_spread = 0.5 * (market.ask_ticks - market.bid_ticks) * tick
        mid = 0.5 * (market.bid_ticks + market.ask_ticks) * tick
        share = order.size_lots / (volume * self._bar_days)
        impact = self._price_impact * share * share * mid
        cost = half_spread + impact
        capture_ticks = resting_capture_ticks(order, market.bid_ticks, market.ask_ticks)
        if capture_ticks is None:
            return SlippageEstimate(cost, mid, (Cause("spread", half_spread), Cause("impact", impact)))
        return self._resting.estimate(order, market, capture_ticks, volume, cost, 0.0)


@hookimpl
def register_slippage(catalogue: Catalogue) -> None:
    """Offers `volume-share`."""
    catalogue.add(
        "volume-share",
        VolumeShareSlippage,
        summary="half the spread, plus the square of the order's share of a bar's volume, as Zipline has it",
        options=VolumeShareOptions,
        capabilities={"calibrates": "impact=price_impact"},
    )
