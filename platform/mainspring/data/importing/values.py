"""Values of a table as they are written: times of any unit, decimals, sides, flags."""

from decimal import Decimal, InvalidOperation
from typing import Final

from mainspring.wire import rfc3339_to_ns

__all__ = ["decimal_text", "flag", "side_of", "time_ns"]

# A time since the Unix epoch tells its unit by its size: each of these is in the year 5138 of the unit before it.
_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
_MAX_TIME_NS: Final = 2**63 - 1

_SIDES: Final = {
    **dict.fromkeys(("buy", "bid", "b", "1"), 1),
    **dict.fromkeys(("sell", "ask", "offer", "s", "a", "-1"), -1),
    **dict.fromkeys(("", "unknown", "none", "n", "0"), 0),
}
_FLAGS: Final = {**dict.fromkeys(("true", "1", "t"), True), **dict.fromkeys(("false", "0", "f"), False)}


def time_ns(text: str) -> int:
    """Nanoseconds since the Unix epoch of a time in seconds, milli-, micro- or nanoseconds, or of RFC 3339 text.

    The size tells the unit; numbers may have a fraction. Raises `ValueError` for anything else.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return rfc3339_to_ns(text)
    if not number.is_finite() or number <= 0:
        raise ValueError("isn't a time since 1970")
    factor = next((factor for limit, factor in _UNITS if number < limit), 1)
    found = int(number * factor)
    if found > _MAX_TIME_NS:
        raise ValueError("is beyond the year 2262")
    return found


def decimal_text(text: str) -> str:
    """A number as plain decimal text. Raises `ValueError` for what is no finite number."""
    if text.isascii() and text.replace(".", "", 1).isdigit() and text[0] != "." and text[-1] != ".":
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("isn't a number") from None
    if not number.is_finite():
        raise ValueError("isn't a finite number")
    return format(number, "f")


def side_of(text: str) -> int:
    """1 for buy or bid, -1 for sell or ask, 0 if the text says that it isn't known. Raises `ValueError` otherwise."""
    side = _SIDES.get(text.lower())
    if side is None:
        raise ValueError("isn't a side (buy, sell, bid, ask, unknown)")
    return side


def flag(text: str) -> bool:
    """True or False. Raises `ValueError` for other text."""
    found = _FLAGS.get(text.lower())
    if found is None:
        raise ValueError("is neither true nor false")
    return found
