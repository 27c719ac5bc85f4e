"""Market statistics from the stream: volatility of the mid, daily volume and spread of one instrument."""

import math
from decimal import Decimal

import msgspec

from mainspring.model import Instrument

__all__ = ["StatisticsOptions", "StreamStatistics"]

_SECOND_NS = 1_000_000_000
_DAY_S = 86_400
_YEAR_S = 366 * _DAY_S

# Sampled any finer, the mid's bounce between bid and ask would pass for volatility.
_CELL_NS = _SECOND_NS

# Below this weight a mean is all rounding: the last figure stands until there is something new to say.
_FADED = 1e-12


class StatisticsOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[market]` table of the config: how the stream's statistics are estimated, or what replaces them.

    `volatility_half_life_s`: seconds after which a return, or a spread, weighs half as much. `warm_up_s`: seconds of
    market that must have been seen before a figure is given; rounded up to whole seconds. `daily_volume`: traded in a
    day, in base currency (contracts, for a contract); `daily_volatility`: standard deviation of a day's log return, a
    fraction (0.03 is 3%). Either of the last two, where given, replaces its estimate from the first message on.

    Raises `ValueError` if a figure isn't above zero (for `daily_volatility`: where it is below) or isn't finite.
    """

    volatility_half_life_s: float = 300.0
    warm_up_s: float = 10.0
    daily_volume: Decimal | None = None
    daily_volatility: float | None = None

    def __post_init__(self) -> None:
        for name in ("volatility_half_life_s", "warm_up_s"):
            value = getattr(self, name)
            if not 0 < value <= _YEAR_S:
                raise ValueError(f"{name} must be a number of seconds above zero, a year's at most, not {value}")
        if self.daily_volume is not None and not (self.daily_volume.is_finite() and self.daily_volume > 0):
            raise ValueError(f"daily_volume must be above zero, not {self.daily_volume}")
        if self.daily_volatility is not None and not 0 <= self.daily_volatility < math.inf:
            raise ValueError(f"daily_volatility must be a fraction of zero or more, not {self.daily_volatility}")


class StreamStatistics:
    """Keeps the contract of `mainspring.seams.MarketStatistics`; the lane feeds it BBO changes and trades.

    Time is cut into cells of one second, counted from the first call. The three figures are set when a cell closes,
    that is by the first call after its end, so that reading one costs an attribute lookup.

    - `volatility_per_day`: at the end of each cell the log return r of the mid since the cell before goes into an
      exponentially weighted mean of r**2 (RiskMetrics Technical Document, J.P. Morgan/Reuters 1996, section 5.2), the
      weights scaled to sum to one from the first return on. The figure is the square root of that mean times 86400.
      A mid that doesn't move makes it 0.0, which is a measurement.
    - `spread_ticks`: the time-weighted mean spread of each cell, with the same weights. Time without a quote on both
      sides, or with bid at or above ask, counts for nothing.
    - `daily_volume_lots`: the lots traded since the first call, scaled from the time seen to a day; None while there
      was no trade.

    Each is None until `warm_up_s` has been seen. A cell that passes in silence is worked in when the next call
    comes, at a cost that doesn't depend on how long the silence was. A time before the last one counts as the last.
    A call costs some 0.2 us, and the one in each second that closes cells some 1.5 us.
    """

    __slots__ = (
        "_cell_end_ns",
        "_keep",
        "_last_ns",
        "_lots",
        "_mid_half_ticks",
        "_mid_weight",
        "_origin_ns",
        "_quoted_ns",
        "_returns",
        "_sampled_mid_half_ticks",
        "_since_ns",
        "_spread",
        "_spread_time",
        "_spread_total",
        "_spread_weight",
        "_variance",
        "_volatility_given",
        "_volume_given",
        "_warm_up_cells",
        "daily_volume_lots",
        "spread_ticks",
        "volatility_per_day",
    )

    def __init__(self, instrument: Instrument, options: StatisticsOptions | None = None) -> None:
        options = options or StatisticsOptions()
        volume = options.daily_volume
        self.volatility_per_day: float | None = options.daily_volatility
        self.daily_volume_lots: float | None = None if volume is None else float(volume / instrument.lot_size)
        self.spread_ticks: float | None = None
        self._volatility_given = options.daily_volatility is not None
        self._volume_given = volume is not None
        self._keep = 0.5 ** (_CELL_NS / _SECOND_NS / options.volatility_half_life_s)
        self._warm_up_cells = math.ceil(options.warm_up_s * _SECOND_NS / _CELL_NS)
        self._origin_ns: int | None = None
        self._cell_end_ns = 0
        self._last_ns = 0
        # When the spread, or the cell, began.
        self._since_ns = 0
        self._lots = 0
        # Bid plus ask, so that it stays a whole number; 0 until there was one.
        self._mid_half_ticks = 0
        self._sampled_mid_half_ticks = 0
        self._returns = 0
        self._variance = 0.0
        self._mid_weight = 0.0
        # 0 while there is no quote to count.
        self._spread = 0
        self._spread_time = 0
        self._quoted_ns = 0
        self._spread_total = 0.0
        self._spread_weight = 0.0

    def on_bbo(self, now_ns: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int) -> None:
        """The best prices changed. A side of 0 lots is empty."""
        if now_ns >= self._cell_end_ns:
            self._close_cells(now_ns)
        elif now_ns < self._last_ns:
            now_ns = self._last_ns
        self._last_ns = now_ns
        spread = 0
        if bid_lots > 0 and ask_lots > 0 and ask_ticks > bid_ticks:
            spread = ask_ticks - bid_ticks
            self._mid_half_ticks = bid_ticks + ask_ticks
        if spread != self._spread:
            # Time is added up here and not at each call: most changes are of size only.
            if self._spread:
                elapsed = now_ns - self._since_ns
                self._spread_time += self._spread * elapsed
                self._quoted_ns += elapsed
            self._spread = spread
            self._since_ns = now_ns

    def on_trade(self, now_ns: int, price_ticks: int, size_lots: int) -> None:
        """A trade was printed."""
        if now_ns >= self._cell_end_ns:
            self._close_cells(now_ns)
        self._lots += size_lots

    def on_correction(self, now_ns: int, size_lots: int) -> None:
        """Trades that were reported wrongly were of `size_lots` more, or fewer if it is negative.

        What was traded before the first call may be corrected too: the volume doesn't fall below zero.
        """
        if now_ns >= self._cell_end_ns:
            self._close_cells(now_ns)
        self._lots = max(0, self._lots + size_lots)

    def _close_cells(self, now_ns: int) -> None:
        """Works in every cell that ended by `now_ns`: the one under way, and the silent ones after it."""
        if self._origin_ns is None:
            self._origin_ns = self._since_ns = self._last_ns = now_ns
            self._cell_end_ns = now_ns + _CELL_NS
            return
        end = self._cell_end_ns
        silent = (now_ns - end) // _CELL_NS
        fade = self._keep**silent
        self._sample_mid(silent, fade)
        self._fold_spread(end, fade)
        end += silent * _CELL_NS
        if not self._volume_given and self._lots and end - self._origin_ns >= self._warm_up_cells * _CELL_NS:
            self.daily_volume_lots = self._lots * (_DAY_S * _SECOND_NS) / (end - self._origin_ns)
        self._since_ns = self._last_ns = end
        self._cell_end_ns = end + _CELL_NS

    def _sample_mid(self, silent: int, fade: float) -> None:
        """One return for the cell under way, and one of zero for each silent cell."""
        mid_half_ticks, sampled = self._mid_half_ticks, self._sampled_mid_half_ticks
        if not mid_half_ticks:
            return
        if sampled:
            change = math.log(mid_half_ticks / sampled) if mid_half_ticks != sampled else 0.0
            self._variance += (1.0 - self._keep) * (change * change - self._variance)
            self._mid_weight += (1.0 - self._keep) * (1.0 - self._mid_weight)
            self._returns += 1
        self._sampled_mid_half_ticks = mid_half_ticks
        self._variance *= fade
        self._mid_weight = 1.0 - (1.0 - self._mid_weight) * fade
        self._returns += silent
        if self._returns >= self._warm_up_cells and not self._volatility_given:
            per_second = self._variance / self._mid_weight * (_SECOND_NS / _CELL_NS)
            self.volatility_per_day = math.sqrt(per_second * _DAY_S)

    def _fold_spread(self, end_ns: int, fade: float) -> None:
        """The mean spread of the cell under way, and the spread in force for each silent cell."""
        spread = self._spread
        left_ns = end_ns - self._since_ns if spread else 0
        gain = (1.0 - self._keep) / _CELL_NS
        total = self._spread_total * self._keep + gain * (self._spread_time + spread * left_ns)
        weight = self._spread_weight * self._keep + gain * (self._quoted_ns + left_ns)
        silent_weight = 1.0 - fade if spread else 0.0
        self._spread_total = total = total * fade + silent_weight * spread
        self._spread_weight = weight = weight * fade + silent_weight
        self._spread_time = self._quoted_ns = 0
        if self._returns >= self._warm_up_cells and weight > _FADED:
            self.spread_ticks = total / weight
