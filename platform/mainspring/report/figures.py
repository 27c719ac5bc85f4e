"""Formats figures for people: thousands separators, suitable units, no more digits than are significant."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

__all__ = [
    "NONE",
    "amount",
    "amount_decimals",
    "at_step",
    "bps",
    "clock",
    "count_of",
    "duration",
    "fine_latency",
    "is_positive",
    "latency",
    "memory",
    "percent",
    "round_latency",
    "signed",
    "three_digits",
    "time_of_day",
    "times_as_long",
    "utc_text",
    "whole_percent",
]

NONE = "-"
"""Shown if there is no figure."""

_LATENCY_UNITS = ((1e3, "{micro}"), (1e6, "ms"), (1e9, "s"))
_MEMORY_UNITS = ((1e3, "kB"), (1e6, "MB"), (1e9, "GB"), (1e12, "TB"))


def count_of(count: int, singular: str, plural: str = "") -> str:
    """Formats a count with its noun: "1 order", "2 orders". `plural` is by default `singular` with an "s"."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def latency(ns: float, micro: str = "us") -> str:
    """Formats a latency with three digits and a unit: 987 ns, 1.23 us, 12.3 ms, 1.05 s. `micro` is the micro sign."""
    if round(ns) < 1000:
        return f"{round(ns)} ns"
    return _scaled(ns, tuple((scale, unit.format(micro=micro)) for scale, unit in _LATENCY_UNITS))


def fine_latency(ns: float) -> str:
    """Formats the mean of many latencies with three digits, below a microsecond too: 3.94 ns, 33.6 ns, 1.02 us."""
    return _scaled(ns, ((1.0, "ns"), (1e3, "us"), (1e6, "ms")))


def round_latency(ns: float, micro: str = "us") -> str:
    """Formats a chosen latency without trailing zeros: 5 ms, 100 us. `micro` is the micro sign."""
    number, _, unit = latency(ns, micro).partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"


def memory(size_bytes: int) -> str:
    """Formats a size with three digits and a decimal unit: 87.4 MB."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return _scaled(size_bytes, _MEMORY_UNITS)


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    # 999.5 and above would print as 1,000 of a unit.
    scale, unit = next((pair for pair in units if value / pair[0] < 999.5), units[-1])
    return f"{three_digits(value / scale)} {unit}"


def three_digits(value: float) -> str:
    """Formats a positive number with three digits, or more if it is above a thousand: 3.94, 33.6, 1,235."""
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:,.{decimals}f}"


def duration(seconds: float) -> str:
    """Formats a duration: 12.3 s below two minutes; then 5 min 46 s; then 3 h 05 min."""
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 7200:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02d} min"


def clock(time_ns: int) -> str:
    """Formats date and time in UTC, to the second."""
    return datetime.fromtimestamp(time_ns // 1_000_000_000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def time_of_day(time_ns: int, *, millis: bool = False) -> str:
    """Formats the time in UTC to the second, or with `millis` to the millisecond."""
    second, rest_ns = divmod(time_ns, 1_000_000_000)
    shown = datetime.fromtimestamp(second, tz=UTC).strftime("%H:%M:%S")
    return f"{shown}.{rest_ns // 1_000_000:03d}" if millis else shown


def percent(part: float, whole: float) -> str:
    """Formats a share: 12.3%, or below 1% with two significant digits: 0.045%."""
    if not whole:
        return NONE
    value = 100 * part / whole
    return f"{value:.1f}%" if value >= 1 or not value else f"{value:.2g}%"


def whole_percent(share: float) -> str:
    """Formats a share in whole percents: 49%, or <1% if it would round to zero."""
    return f"{share:.0%}" if share >= 0.005 or not share else "<1%"


def times_as_long(factor: float) -> str:
    """Formats a factor of durations with its significant digits: 1.62x, 0.48x, 12.3x."""
    return f"{factor:,.2f}x" if factor < 9.995 else f"{factor:,.1f}x"


def bps(value: float | None) -> str:
    """Formats basis points with a sign, to the hundredth."""
    if value is None:
        return NONE
    return f"{value:+,.2f}" if abs(value) >= 0.005 else "0.00"


def amount_decimals(texts: list[str | None]) -> int:
    """Returns the decimals for a column of money: 2 if its largest amount is 0 or at least 1,000, 4 from 1, else 8."""
    largest = max((abs(number) for text in texts if (number := _decimal(text)) is not None), default=Decimal(0))
    return 2 if largest >= 1000 or not largest else 4 if largest >= 1 else 8


def at_step(text: str | None, steps: Sequence[str], *, halves: bool = False) -> str:
    """Formats a price or size with the decimals of its column's finest grid step; NONE for None.

    `steps` are the tick or lot sizes of the instruments in the column, as decimal text; `halves` allows for a mid
    price, which may be between two ticks.
    """
    places = 0
    for step in filter(None, map(_decimal, steps)):
        exponent = (step / 2 if halves else step).normalize().as_tuple().exponent
        assert isinstance(exponent, int)  # a finite number's
        places = max(places, -exponent)
    return amount(text, places)


def signed(text: str | None, decimals: int) -> str:
    """Formats a gain or a loss with its sign and `decimals` decimals: +1.50, -0.25, 0.00; NONE for None."""
    shown = amount(text, decimals)
    number = _decimal(shown.replace(",", ""))
    return f"+{shown}" if number is not None and number > 0 else shown


def amount(text: str | None, decimals: int | None = None) -> str:
    """Formats decimal text with thousands separators, rounded to `decimals` (None: all of them); NONE for None."""
    number = _decimal(text)
    if number is None:
        return NONE if text is None else text
    if decimals is None:
        return f"{number:,f}"
    shown = f"{number:,.{decimals}f}"
    # A rounded loss must not read as "-0.00".
    return shown.removeprefix("-") if not Decimal(shown.replace(",", "")) else shown


def is_positive(text: str) -> bool:
    """Whether the decimal text is above zero; False if it isn't a number."""
    number = _decimal(text)
    return number is not None and number > 0


def _decimal(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def utc_text(time_ns: int) -> str:
    """Formats a time in nanoseconds since the Unix epoch: 2024-08-08T23:00:00.000000001Z."""
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    try:
        return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns since 1970"
