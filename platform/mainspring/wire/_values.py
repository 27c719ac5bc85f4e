"""One value of a message, read by its field: the plain reading, which names the field where it can't be read.

The hot path reads the same values without the words (see `_parsers`); where it fails, this one says why.
"""

import math
import re
import reprlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mainspring.errors import GridError, WireError
from mainspring.model import (
    MAX_UNITS,
    NANOTICKS,
    NO_ID,
    PRINT_ALL,
    Instrument,
    Level,
    nanotick_size,
    units_from_number,
    units_from_text,
)
from mainspring.wire._paths import ABSENT
from mainspring.wire._times import MAX_TIME_NS, millis_to_ns, rfc3339_to_ns
from mainspring.wire.fields import (
    Choice,
    Conditions,
    Flag,
    Integer,
    Levels,
    Millis,
    Number,
    Price,
    Rfc3339,
    Size,
    Text,
    Time,
)

__all__ = [
    "DECIMAL",
    "MAX_TIME_MS",
    "Data",
    "counts_of",
    "read_choice",
    "read_decimal",
    "read_flag",
    "read_integer",
    "read_levels",
    "read_number",
    "read_print_price",
    "read_text",
    "read_time",
    "read_units",
    "refusal",
]

Data = dict[Any, Any]

MAX_TIME_MS = MAX_TIME_NS // 1_000_000


DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)


def refusal(field: str, problem: str, value: object = ABSENT) -> WireError:
    """The error for a field; it shows the start of the value."""
    shown = "" if value is ABSENT else f", not {reprlib.repr(value)}"
    return WireError(f"field {field!r} {problem}{shown}", field=field)


def read_text(data: Data, field: Text) -> str:
    value = _get(data, field.key, optional=field.optional, otherwise="")
    if type(value) is not str:
        raise refusal(field.key, "must be text", value)
    return value


def read_decimal(data: Data, field: Text, *, signed: bool) -> Decimal | None:
    """Plain decimal text; None if it is empty. One that isn't `signed` is above zero."""
    text = read_text(data, field)
    if not text:
        return None
    value = Decimal(text) if DECIMAL.fullmatch(text) else None
    if value is None or not (signed or value > 0):
        raise refusal(field.key, f"must be decimal text{'' if signed else ' above zero'}", text)
    return value


def read_integer(data: Data, field: Integer) -> int:
    if field.optional and field.key not in data:
        return NO_ID
    return _whole(data, field.key, MAX_UNITS)


def read_time(data: Data, field: Time | None, receive_time_ns: int) -> int:
    if field is None:
        return receive_time_ns
    if isinstance(field, Millis):
        return millis_to_ns(_whole(data, field.key, MAX_TIME_NS))
    value = _get(data, field.key)
    if isinstance(field, Rfc3339) and type(value) is str:
        try:
            return rfc3339_to_ns(value)
        except ValueError as error:
            raise refusal(field.key, f"must be an RFC 3339 time ({error})", value) from None
    return _whole(data, field.key, MAX_TIME_NS)


def read_number(data: Data, field: Number) -> float:
    if field.optional and field.key not in data:
        return math.nan
    value = _get(data, field.key)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise refusal(field.key, "must be a finite number", value)
    return float(value)


def read_flag(data: Data, field: Flag) -> bool:
    value = _get(data, field.key, optional=field.optional, otherwise=False)
    if type(value) is not bool:
        raise refusal(field.key, "must be true or false", value)
    return value


def read_choice(data: Data, field: Choice) -> int:
    value = _get(data, field.key, optional=field.otherwise is not None, otherwise=None)
    for known, meaning in field.values:
        if type(value) is type(known) and value == known:
            return meaning
    if field.otherwise is None:
        raise refusal(field.key, f"must be one of {[known for known, _ in field.values]}", value)
    return field.otherwise


def counts_of(field: Conditions, value: Any) -> int:
    """What a print counts for, by the codes that stand there: a text, an array of texts, or nothing."""
    if value is ABSENT:
        return PRINT_ALL
    codes = [value] if type(value) is str else value
    if type(codes) is not list or any(type(code) is not str for code in codes):
        raise refusal(field.key, "must be condition codes", value)
    counts = PRINT_ALL
    for code in codes:
        counts &= next((known for name, known in field.counts if name == code), field.otherwise)
    return counts


def read_units(data: Data, field: Price | Size, instrument: Instrument) -> int:
    step = instrument.tick_size if isinstance(field, Price) else instrument.lot_size
    exact = units_from_number if field.number else units_from_text
    return exact(_get(data, field.key), step, instrument=instrument.symbol, field=field.key)


def read_print_price(data: Data, field: Price, instrument: Instrument) -> tuple[int, int]:
    """The price of a print in whole ticks, and the rest in billionths of one."""
    try:
        return read_units(data, field, instrument), 0
    except GridError as error:
        fine = nanotick_size(instrument.tick_size)
        if fine is None:
            raise
        exact = units_from_number if field.number else units_from_text
        try:
            nanoticks = exact(data[field.key], fine, instrument=instrument.symbol, field=field.key)
        except GridError:
            raise error from None
    return divmod(nanoticks, NANOTICKS)


def read_levels(data: Data, field: Levels, instrument: Instrument) -> list[Level]:
    rows = _get(data, field.key)
    if type(rows) is not list:
        raise refusal(field.key, "must be an array of levels", rows)
    exact = units_from_number if field.number else units_from_text
    levels = []
    for at, row in enumerate(rows):
        name = f"{field.key}[{at}]"
        price = _cell(row, field.price, name)
        size = _cell(row, field.size, name)
        levels.append(
            (
                exact(price, instrument.tick_size, instrument=instrument.symbol, field=f"{name}[{field.price}]"),
                exact(size, instrument.lot_size, instrument=instrument.symbol, field=f"{name}[{field.size}]"),
            )
        )
    return levels


def _cell(row: Any, place: Any, name: str) -> Any:
    container = list if isinstance(place, int) else dict
    if type(row) is not container:
        raise refusal(name, f"must be {'an array' if container is list else 'an object'}", row)
    try:
        return row[place]
    except LookupError:
        raise refusal(f"{name}[{place}]", "is missing") from None


def _get(data: Mapping[str, Any], key: str, *, optional: bool = False, otherwise: object = None) -> Any:
    if key in data:
        return data[key]
    if optional:
        return otherwise
    raise refusal(key, "is missing")


def _whole(data: Data, key: str, at_most: int) -> int:
    value = _get(data, key)
    if type(value) is not int or not 0 <= value <= at_most:
        raise refusal(key, f"must be an integer of 0 to {at_most}", value)
    return value
