"""Indicators for strategies: one small interface over libraries that are kept by others.

- talipp (`pip install "mainspring[indicators]"`) updates indicators value by value, which is what a strategy needs:
  `session.indicator(talipp.indicators.EMA(period=20))`.
- TA-Lib, if it is installed (`pip install ta-lib`), computes over arrays:
  `session.indicator(talib.abstract.Function("RSI", timeperiod=14))`. The adapter keeps the last values and computes
  the newest result of them. Where TA-Lib's result depends on all earlier values (its "unstable period"), this is what
  TA-Lib gives for the values kept.

Values may be numbers or decimals; results are floats, for signals and not for money. A `mainspring.model.Bar` goes in
as open, high, low, close and volume, in ticks and lots.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from mainspring.errors import ConfigError
from mainspring.model import Bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Indicator", "adapt"]

Value: TypeAlias = int | float | Decimal | Bar
"""What an indicator may be updated with."""

_INSTALL: Final = 'install talipp with `pip install "mainspring[indicators]"`, or TA-Lib with `pip install ta-lib`'
_PRICES: Final = ("open", "high", "low", "close", "volume")
_KEPT: Final = 100_000
"""How many values talipp is left with when it has twice as many. Longer periods than that can't be computed."""

_LOOKBACKS: Final = 10
_FEWEST_KEPT: Final = 500


class Indicator(Protocol):
    """An indicator that a strategy updates. `value` is None until it has seen enough values.

    Of an indicator with several results, `value` is the library's own record of them (talipp), or a dict by name
    (TA-Lib).
    """

    @property
    def value(self) -> Any:
        """The newest result, or None."""
        ...

    def update(self, value: Value) -> Any:
        """Takes the next value, and returns the newest result."""
        ...


def adapt(indicator: Any) -> Indicator:
    """Returns an `Indicator` over one of talipp or TA-Lib.

    Raises `ConfigError`, which says what to install or to pass, for anything else.
    """
    if any(base.__module__.partition(".")[0] == "talipp" for base in type(indicator).__mro__):
        return _Streaming(indicator)
    if type(indicator).__module__.partition(".")[0] == "talib":
        return _Windowed(indicator)
    if callable(indicator):
        raise ConfigError(
            f"session.indicator needs an indicator that was made, such as EMA(period=20) of talipp, not {indicator!r}"
        )
    raise ConfigError(
        f"session.indicator adapts the indicators of talipp and TA-Lib; a {type(indicator).__qualname__} is of "
        f"neither. To get some, {_INSTALL}"
    )


class _Streaming:
    """An indicator of talipp."""

    def __init__(self, indicator: Any) -> None:
        # Imported with the first indicator of this library.
        from talipp.ohlcv import OHLCV

        self._indicator = indicator
        self._bar = OHLCV
        self.value: Any = indicator[-1] if len(indicator) else None

    def update(self, value: Value) -> Any:
        """See `Indicator.update`."""
        indicator = self._indicator
        if type(value) is Bar:
            indicator.add(self._bar(*_prices(value)))
        else:
            indicator.add(float(value))  # type: ignore[arg-type]
        if len(indicator.input_values) >= 2 * _KEPT:
            # talipp keeps everything until it is told to forget it.
            indicator.purge_oldest(_KEPT)
        self.value = indicator[-1] if len(indicator) else None
        return self.value


class _Windowed:
    """A function of TA-Lib over the last values."""

    def __init__(self, function: Any) -> None:
        import numpy as np

        self._function = function
        self._names = tuple(function.output_names)
        self._keep = max(_LOOKBACKS * (function.lookback + 1), _FEWEST_KEPT)
        # Twice as many as are kept, so that these are always one piece of memory.
        self._data: NDArray[Any] = np.zeros((len(_PRICES), 2 * self._keep))
        self._rows: tuple[str, ...] = _PRICES
        self._end = 0
        self.value: Any = None

    def update(self, value: Value) -> Any:
        """See `Indicator.update`."""
        keep, data = self._keep, self._data
        if self._end == 2 * keep:
            data[:, : keep - 1] = data[:, keep + 1 :]
            self._end = keep - 1
        if type(value) is Bar:
            data[:, self._end] = _prices(value)
        else:
            self._rows = ("close",)
            data[_PRICES.index("close"), self._end] = float(value)  # type: ignore[arg-type]
        self._end += 1
        start = max(self._end - keep, 0)
        columns = {name: data[_PRICES.index(name), start : self._end] for name in self._rows}
        results = self._function(columns)
        newest = [column[-1] for column in (results if isinstance(results, list) else [results])]
        # NaN is the one value that differs from itself.
        if any(result != result for result in newest):
            self.value = None
        elif len(newest) == 1:
            self.value = newest[0].item()
        else:
            self.value = {name: result.item() for name, result in zip(self._names, newest, strict=True)}
        return self.value


def _prices(bar: Bar) -> tuple[float, float, float, float, float]:
    return (
        float(bar.open_ticks),
        float(bar.high_ticks),
        float(bar.low_ticks),
        float(bar.close_ticks),
        float(bar.volume_lots),
    )
