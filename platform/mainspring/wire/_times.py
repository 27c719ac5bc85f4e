"""Times as venues write them, to whole nanoseconds since the Unix epoch."""

import datetime
import re

__all__ = ["MAX_TIME_NS", "millis_to_ns", "rfc3339_to_ns"]

MAX_TIME_NS = 2**63 - 1

_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))",
    re.ASCII,
)
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_TO_SECONDS, _DECIMALS = len("2000-01-01T00:00:00"), 9
_LAST_SECOND = MAX_TIME_NS // 1_000_000_000

_seconds: dict[str, int] = {}
"""The time in nanoseconds of the last text without an offset, by all of it before the decimals."""

_MAX_HOUR, _MAX_MINUTE, _LEAP_SECOND = 23, 59, 60


def millis_to_ns(time: int) -> int:
    """The nanoseconds of a time in milliseconds, of 0 to 2**63 - 1.

    One that would be beyond 64 bits is in microseconds or, if that would be too, in nanoseconds: what some venues send
    on request under the same key.
    """
    for scale in (1_000_000, 1_000):
        if time <= MAX_TIME_NS // scale:
            return time * scale
    return time


def rfc3339_to_ns(text: str) -> int:
    """The nanoseconds since the Unix epoch of an RFC 3339 time with at most nine decimals; a leap second counts on.

    Raises `ValueError` for other text, a date that doesn't exist, and a time before the epoch or beyond 64 bits.
    """
    # Most messages are of the second of the one before.
    known = _seconds.get(text[:_TO_SECONDS])
    if known is not None and text[_TO_SECONDS : _TO_SECONDS + 1] == "." and text[-1] == "Z":
        decimals = text[_TO_SECONDS + 1 : -1]
        if len(decimals) <= _DECIMALS and decimals.isdigit() and decimals.isascii():
            return known + int(decimals.ljust(_DECIMALS, "0"))
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("is no RFC 3339 time of at most nine decimals")
    year, month, day, hour, minute, second, fraction, sign, offset_hour, offset_minute = match.groups()
    hours, minutes, seconds = int(hour), int(minute), int(second)
    offset_hours, offset_minutes = int(offset_hour or 0), int(offset_minute or 0)
    if max(hours, offset_hours) > _MAX_HOUR or max(minutes, offset_minutes) > _MAX_MINUTE or seconds > _LEAP_SECOND:
        raise ValueError("is no time of day")
    days = datetime.date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    offset = (offset_hours * 60 + offset_minutes) * (-60 if sign == "-" else 60)
    whole = days * 86_400 + hours * 3_600 + minutes * 60 + seconds - offset
    time_ns = whole * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))
    if not 0 <= time_ns <= MAX_TIME_NS:
        raise ValueError("is before 1970 or beyond 64 bits")
    if not offset and 0 <= whole < _LAST_SECOND:
        _seconds.clear()
        _seconds[text[:_TO_SECONDS]] = whole * 1_000_000_000
    return time_ns
