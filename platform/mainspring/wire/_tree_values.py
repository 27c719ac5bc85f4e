"""Values of a decoded message, found by their paths: what reads each, written inline, and what is said where it fails.

Each `write_*` function adds the lines to a `Source` that read a field, and returns the variable or literal that holds
the value. The usual form is read in these lines; a function takes any other, and raises `WireError` or `GridError`,
which names the field.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

from mainspring.model import MAX_UNITS, NO_ID
from mainspring.wire._source import ABSENT, Source
from mainspring.wire._times import MAX_TIME_NS, millis_to_ns, rfc3339_to_ns
from mainspring.wire._tree_units import Own
from mainspring.wire._values import refusal
from mainspring.wire.fields import (
    Choice,
    Flag,
    Integer,
    Micros,
    Millis,
    Nanos,
    Number,
    Price,
    Rfc3339,
    Seconds,
    Size,
    Text,
    Time,
)

__all__ = [
    "Reader",
    "choice_of",
    "compile_integer",
    "compile_text",
    "cut",
    "known_texts",
    "signed",
    "whole",
    "write_choice",
    "write_flag",
    "write_integer",
    "write_number",
    "write_print_price",
    "write_text",
    "write_time",
    "write_units",
]

Reader: TypeAlias = Callable[[Any, Any], Any]
"""Called with the whole message and the item. Raises `WireError` or `GridError`, which names the field."""

_MAX_TEXT = 64
_SHORT_TEXT = 18
_SCALES: dict[type, int] = {Seconds: 1_000_000_000, Millis: 1_000_000, Micros: 1_000, Nanos: 1}


def write_units(source: Source[Own], field: Price | Size, value: str | None = None) -> str:
    """Reads a price or a size, found by its path unless the variable `value` has it; null gives 0."""
    table, find, of = _own_units(source, field)
    value = value or source.at(field.key)
    units = source.local(table)
    source.write(
        f"{units} = {find}({value}) if type({value}) is {_usual(field)} else None",
        f"if {units} is None: {units} = 0 if {value} is None else {of}({value}, {field.key!r})",
    )
    return units


def _own_units(source: Source[Own], field: Price | Size) -> tuple[str, str, str]:
    """The name of a price's or a size's units, and those of what finds them and of what makes them."""
    scale = field.scale
    if isinstance(field, Price):
        find = source.own("find_ticks", lambda own: own.ticks(scale).find, scale)
        return "ticks", find, source.own("ticks_of", lambda own: own.ticks(scale).of, scale)
    decimals = field.decimals
    find = source.own("find_lots", lambda own: own.lots(scale, decimals).find, (scale, decimals))
    return "lots", find, source.own("lots_of", lambda own: own.lots(scale, decimals).of, (scale, decimals))


def write_print_price(source: Source[Own], field: Price) -> tuple[str, str]:
    """Reads the price of a print: whole ticks, and the rest in billionths of one; null gives none of either."""
    scale = field.scale
    find = source.own("find_ticks", lambda own: own.ticks(scale).find, scale)
    of = source.own("print_of", lambda own: own.prints(scale).of, scale)
    value = source.at(field.key)
    ticks, fraction = source.local("ticks"), source.local("fraction")
    source.write(
        f"{ticks}, {fraction} = {find}({value}) if type({value}) is {_usual(field)} else None, 0",
        f"if {ticks} is None: {ticks}, {fraction} = (0, 0) if {value} is None else {of}({value}, {field.key!r})",
    )
    return ticks, fraction


def _usual(field: Price | Size) -> str:
    return "float" if field.number else "str"


def cut(text: str, after: str, until: str) -> str:
    """What stands behind the first `after`, up to the next `until`; nothing if there is no `after`."""
    if after:
        text = text.partition(after)[2]
    return text.partition(until)[0] if until else text


def write_text(source: Source[Any], field: Text) -> str:
    """Reads a text, cut as declared."""
    value, text = source.at(field.key), source.local("text")
    read = f"{source.constant('no_text', _no_text)}({value}, {field.key!r})"
    if field.optional:
        read = f"'' if {value} is ABSENT else {read}"
    source.write(f"{text} = {value} if type({value}) is str else {read}")
    if field.after:
        source.write(f"{text} = {text}.partition({field.after!r})[2]")
    if field.until:
        source.write(f"{text} = {text}.partition({field.until!r})[0]")
    return text


def _no_text(value: Any, key: str) -> NoReturn:
    raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be text", value)


def compile_text(field: Text) -> Reader:
    """The function that reads a text, cut as declared."""
    source: Source[None] = Source("read_text", ("root", "item"))
    source.write(f"return {write_text(source, field)}")
    return source.make(None)


def whole(value: Any, key: str, *, text: bool, at_most: int = MAX_UNITS) -> int:
    """An integer, or with `text` the text of one."""
    if text and type(value) is str and value.isascii() and value.isdigit() and len(value) <= _MAX_TEXT // 2:
        value = int(value)
    if type(value) is not int or not 0 <= value <= at_most:
        if value is ABSENT:
            raise refusal(key, "is missing")
        raise refusal(key, f"must be an integer of 0 to {at_most}", value)
    return value


def write_integer(source: Source[Any], field: Integer | None) -> str:
    """Reads an integer; `NO_ID` if there is no field, or none of an optional one."""
    if field is None:
        return str(NO_ID)
    value, integer = source.at(field.key), source.local("integer")
    read = f"{source.constant('whole', whole)}({value}, {field.key!r}, text={field.text})"
    if field.optional:
        read = f"{NO_ID} if {value} is ABSENT else {read}"
    source.write(f"{integer} = {value} if type({value}) is int and 0 <= {value} <= {MAX_UNITS} else {read}")
    return integer


def compile_integer(field: Integer) -> Reader:
    """The function that reads an integer; `NO_ID` if there is none of an optional one."""
    source: Source[None] = Source("read_integer", ("root", "item"))
    source.write(f"return {write_integer(source, field)}")
    return source.make(None)


def write_time(source: Source[Any], field: Time | None) -> str:
    """Reads a time, to nanoseconds; the receive time stands in for none."""
    if field is None:
        return "receive_time_ns"
    value, time_ns = source.at(field.key), source.local("time_ns")
    if isinstance(field, Rfc3339):
        read = source.constant("rfc3339_in", _rfc3339_in)
        source.write(f"{time_ns} = {read}({value}, {field.key!r})")
        return time_ns
    scale = _SCALES[type(field)]
    free = not isinstance(field, Millis | Nanos) or field.text
    read = (
        f"{source.constant('time_in', _time_in)}({value}, {field.key!r}, {scale}, {free}, {isinstance(field, Millis)})"
    )
    usual = f"{value} * {scale}" if scale > 1 else value
    source.write(f"{time_ns} = {usual} if type({value}) is int and 0 <= {value} <= {MAX_TIME_NS // scale} else {read}")
    return time_ns


def _rfc3339_in(value: Any, key: str) -> int:
    if type(value) is not str:
        return whole(value, key, text=False, at_most=MAX_TIME_NS)
    try:
        return rfc3339_to_ns(value)
    except ValueError as error:
        raise refusal(key, f"must be an RFC 3339 time ({error})", value) from None


def _time_in(value: Any, key: str, scale: int, free: bool, recognised: bool) -> int:
    """A time that isn't a small integer. With `free` it may be text or have a fraction.

    With `recognised`, an integer too large for its unit is taken in a smaller one.
    """
    if type(value) is int:
        if recognised and 0 <= value <= MAX_TIME_NS:
            return millis_to_ns(value)
    elif free and type(value) in (str, float):
        time_ns = _fraction(value, scale)
        if time_ns is not None:
            return time_ns
    raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be a time", value)


def _fraction(value: Any, scale: int) -> int | None:
    """The nanoseconds of decimal text or a float, cut to whole ones; None where it is no such time."""
    text = value if type(value) is str else f"{Decimal(repr(value)):f}"
    if len(text) <= _SHORT_TEXT and text.isdigit() and text.isascii():
        time_ns = int(text) * scale
        return time_ns if time_ns <= MAX_TIME_NS else None
    integer, point, fraction = text.partition(".")
    digits = integer + fraction
    if not integer or (point and not fraction) or not digits.isascii() or not digits.isdigit() or len(text) > _MAX_TEXT:
        return None
    places = len(str(scale)) - 1
    time_ns = int(integer) * scale + int((fraction[:places] or "0").ljust(places, "0"))
    return time_ns if time_ns <= MAX_TIME_NS else None


def write_flag(source: Source[Any], field: Flag) -> str:
    """Reads a boolean."""
    value, flag = source.at(field.key), source.local("flag")
    read = f"{source.constant('flag_in', _flag_in)}({value}, {field.key!r}, {field.optional})"
    source.write(f"{flag} = {value} if type({value}) is bool else {read}")
    return flag


def _flag_in(value: Any, key: str, optional: bool) -> bool:
    """What stands for a boolean that isn't one."""
    if value is ABSENT and optional:
        return False
    raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be true or false", value)


def choice_of(field: Choice, value: Any) -> int:
    """What a value stands for. Raises `WireError` if it is none of those declared."""
    for known, meaning in field.values:
        if type(value) is type(known) and value == known:
            return meaning
    if field.otherwise is None:
        raise (
            refusal(field.key, "is missing")
            if value is ABSENT
            else refusal(field.key, f"must be one of {[known for known, _ in field.values]}", value)
        )
    return field.otherwise


def known_texts(field: Choice) -> dict[str, int]:
    """What the texts of a choice stand for, the first of two equal ones."""
    return {known: meaning for known, meaning in reversed(field.values) if type(known) is str}


def write_choice(source: Source[Any], field: Choice | None, without: int) -> str:
    """Reads a choice; `without` if there is no field."""
    if field is None:
        return str(without)
    value, choice = source.at(field.key), source.local("choice")
    texts, declared = source.constant("texts", known_texts(field)), source.constant("declared", field)
    source.write(
        f"{choice} = {texts}.get({value}) if type({value}) is str else None",
        f"if {choice} is None: {choice} = {source.constant('choice_of', choice_of)}({declared}, {value})",
    )
    return choice


def write_number(source: Source[Any], field: Number | None) -> str:
    """Reads a number for information; NaN if there is no field, or none of an optional one."""
    if field is None:
        return "float('nan')"
    number = source.local("number")
    read = source.constant("number_in", _number_in)
    source.write(f"{number} = {read}({source.at(field.key)}, {field.key!r}, {field.optional})")
    return number


def _number_in(value: Any, key: str, optional: bool) -> float:
    if value is ABSENT and optional:
        return float("nan")
    if type(value) not in (int, float):
        raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be a finite number", value)
    return float(value)


def signed(size: Any) -> tuple[int, Any]:
    """The side that a size's sign says, and the size without it."""
    if type(size) is str and size.startswith("-"):
        return -1, size[1:]
    if type(size) in (int, float) and size < 0:
        return -1, -size
    return 1, size
