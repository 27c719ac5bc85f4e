"""Exact conversion between decimal text and whole ticks or lots, without floats."""

from decimal import Decimal
from functools import lru_cache

from mainspring.errors import GridError

__all__ = [
    "MAX_UNITS",
    "NANOTICKS",
    "DecimalGrid",
    "decimal_text",
    "nanotick_size",
    "units_from_decimal",
    "units_from_number",
    "units_from_text",
]

MAX_UNITS = 2**63 - 1
"""The largest number of ticks or lots, so that each fits a signed 64-bit integer."""

NANOTICKS = 1_000_000_000
"""How many billionths of a tick make a tick."""

_MAX_TEXT = 64
_MIN_EXPONENT = -18


def units_from_text(text: str, step: Decimal, *, instrument: str, field: str) -> int:
    """Converts decimal text to a whole number of steps (ticks or lots).

    `text` is ASCII digits with at most one point and digits on both sides of it: no sign, exponent, space or
    underscore. `step` is the tick or lot size; `instrument` and `field` are named in errors. Raises `GridError` if the
    text has another form, is negative, isn't a whole number of steps, or exceeds 64 bits.
    """
    if not isinstance(text, str):
        raise GridError(instrument, field, repr(text), "isn't text; the venue's declaration says that it sends text")
    whole, point, fraction = text.partition(".")
    if not text.isascii() or not whole.isdigit() or (point and not fraction.isdigit()) or len(text) > _MAX_TEXT:
        if text.startswith("-") and text[1:].replace(".", "", 1).isdigit():
            raise GridError(instrument, field, text, "is negative")
        raise GridError(instrument, field, text[:_MAX_TEXT], "isn't a plain decimal number")
    return units_from_decimal(Decimal(text), step, instrument=instrument, field=field)


def units_from_number(value: object, step: Decimal, *, instrument: str, field: str) -> int:
    """Converts a JSON or msgpack number to a whole number of steps.

    A float stands for the shortest decimal that parses to the same double, which is what the venue wrote if it wrote
    at most 15 digits. `step`, `instrument` and `field` are as in `units_from_text`. Raises `GridError` as
    `units_from_text` does, and if the value isn't a number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GridError(
            instrument, field, repr(value), "isn't a number; the venue's declaration says that it sends numbers"
        )
    return units_from_decimal(Decimal(repr(value)), step, instrument=instrument, field=field)


def units_from_decimal(value: Decimal, step: Decimal, *, instrument: str, field: str) -> int:
    """Converts a decimal to a whole number of steps.

    `step`, `instrument` and `field` are as in `units_from_text`. Raises `GridError` as it does.
    """
    if not value.is_finite():
        raise GridError(instrument, field, str(value), "isn't a finite number")
    if value < 0:
        raise GridError(instrument, field, str(value), "is negative")
    if value.adjusted() - step.adjusted() > 20:
        raise GridError(instrument, field, str(value), "doesn't fit in 64 bits")
    if not value:
        return 0
    if value.adjusted() < step.adjusted():
        raise GridError(instrument, field, str(value), f"is off the grid of {step}")
    # Exact at any context precision: both become whole numbers of the finer power of ten.
    _, value_digits, value_exponent = value.as_tuple()
    _, step_digits, step_exponent = step.as_tuple()
    assert isinstance(value_exponent, int)
    assert isinstance(step_exponent, int)
    low = min(value_exponent, step_exponent)
    value_whole: int = _whole(value_digits) * 10 ** (value_exponent - low)
    step_whole: int = _whole(step_digits) * 10 ** (step_exponent - low)
    if value_whole % step_whole:
        raise GridError(instrument, field, str(value), f"is off the grid of {step}")
    units = value_whole // step_whole
    if units > MAX_UNITS:
        raise GridError(instrument, field, str(value), "doesn't fit in 64 bits")
    return units


def nanotick_size(tick_size: Decimal) -> Decimal | None:
    """A billionth of a tick size, the grid of prints; None where it would need more than 18 decimals."""
    _, digits, exponent = tick_size.as_tuple()
    assert isinstance(exponent, int)
    while digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    exponent -= 9
    return Decimal((0, digits, exponent)) if exponent >= _MIN_EXPONENT else None


def decimal_text(units: int, step: Decimal) -> str:
    """Formats `units` steps with as many decimals as the step has: 6184 ticks of 0.01 is "61.84"."""
    # By its text: equal steps may have different zeros at their ends, and these are shown.
    scale, decimals = _parts(str(step))
    scaled = units * scale
    if not decimals:
        return str(scaled)
    text = f"{abs(scaled):0{1 + decimals}d}"
    return f"{'-' if scaled < 0 else ''}{text[:-decimals]}.{text[-decimals:]}"


@lru_cache(maxsize=1_024)
def _parts(step: str) -> tuple[int, int]:
    """A step as a whole number, and how many of its digits are decimals."""
    sign, digits, exponent = Decimal(step).as_tuple()
    assert isinstance(exponent, int)
    assert not sign
    return _whole(digits) * 10 ** max(exponent, 0), max(-exponent, 0)


class DecimalGrid:
    """Converts whole numbers of one step (tick or lot) to decimals, exactly, in any decimal context."""

    __slots__ = ("_exponent", "_half_exponent", "_scale")

    def __init__(self, step: Decimal) -> None:
        _, digits, exponent = step.as_tuple()
        assert isinstance(exponent, int)
        self._scale = _whole(digits) * 10 ** max(exponent, 0)
        self._exponent = f"E{min(exponent, 0)}"
        self._half_exponent = f"E{min(exponent, 0) - 1}"

    def decimal(self, units: int) -> Decimal:
        """Returns that many steps: 6184 steps of 0.01 are `Decimal("61.84")`."""
        return Decimal(f"{units * self._scale}{self._exponent}")

    def fine_decimal(self, units: int, fraction: int) -> Decimal:
        """Returns `units` steps and `fraction` billionths of one, with no more decimals than it needs."""
        if not fraction:
            return self.decimal(units)
        value, finer = (units * NANOTICKS + fraction) * self._scale, 9
        while finer and value % 10 == 0:
            value, finer = value // 10, finer - 1
        return Decimal(f"{value}E{int(self._exponent[1:]) - finer}")

    def half_decimal(self, half_units: int) -> Decimal:
        """Returns that many half steps."""
        if half_units % 2 == 0:
            return self.decimal(half_units // 2)
        return Decimal(f"{half_units * self._scale * 5}{self._half_exponent}")


def _whole(digits: tuple[int, ...]) -> int:
    value = 0
    for digit in digits:
        value = value * 10 + digit
    return value
