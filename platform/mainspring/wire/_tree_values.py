"""Values of a decoded message, found by their paths: compiled readers that say what is wrong where they fail."""

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, TypeAlias

from mainspring.errors import GridError
from mainspring.model import MAX_UNITS, NANOTICKS, NO_ID, Instrument, nanotick_size, units_from_number, units_from_text
from mainspring.wire._paths import ABSENT, Find, compile_path
from mainspring.wire._times import MAX_TIME_NS, millis_to_ns, rfc3339_to_ns
from mainspring.wire._units import MEMO_ENTRIES, TextUnits
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
    Scale,
    Seconds,
    Size,
    Text,
    Time,
    scale_of,
)

__all__ = [
    "Reader",
    "TreeUnits",
    "choice_of",
    "compile_choice",
    "compile_flag",
    "compile_integer",
    "compile_number",
    "compile_print_price",
    "compile_text",
    "compile_time",
    "compile_units",
    "cut",
    "print_units",
    "signed",
    "whole",
]

Reader: TypeAlias = Callable[[Any, Any], Any]
"""Called with the whole message and the item. Raises `WireError` or `GridError`, which names the field."""

_MAX_TEXT = 64
_PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_SECOND_NS = 1_000_000_000
_MILLI_NS = 1_000_000
_MICRO_NS = 1_000


class TreeUnits(dict[Any, int]):
    """Prices or sizes to whole steps, remembered: text or numbers, with exponents, and scaled integers.

    `scale` is the number of decimals of a scaled integer; None for plain decimals. With `rounds`, what is off the grid
    is rounded to the nearest step, or to the even one of two.
    """

    __slots__ = ("_rounds", "_scale", "_step", "_symbol", "_usual", "plain")

    def __init__(self, step: Decimal, scale: int | None, symbol: str, *, rounds: bool = False) -> None:
        super().__init__()
        self._rounds = rounds
        self._step = step
        self._scale = scale
        self._symbol = symbol
        self._usual = TextUnits(step, self)
        # The types whose values are found by themselves.
        self.plain = frozenset((str,) if scale is not None else (str, int, float))

    def of(self, value: Any, field: str) -> int:
        """The steps of a value. Raises `GridError` or `WireError`, which names the field."""
        kind = type(value)
        if kind is str:
            units = self.get(value)
            if units is None:
                units = self._rounded(value, self._text, field)
                self._remember(value, units)
            return units
        if kind is int or (kind is float and self._scale is None):
            # A text and a number are never equal, but 1 and 1.0 are, and stand for the same.
            units = self.get(value)
            if units is None:
                units = self._rounded(value, self._number, field)
                self._remember(value, units)
            return units
        if value is ABSENT:
            raise refusal(field, "is missing")
        raise refusal(field, "must be a number, or the text of one", value)

    def convert(self, value: Any) -> int:
        """The steps of a value that isn't remembered. What it raises names no field."""
        if self._scale is None and type(value) is str:
            return self._usual.convert(value)
        return self.of(value, "")

    def _rounded(self, value: Any, exact: Callable[[Any, str], int], field: str) -> int:
        try:
            return exact(value, field)
        except GridError:
            text = value if type(value) is str else repr(value)
            if not self._rounds or _PLAIN.fullmatch(text) is None:
                raise
            units = round(Fraction(text) / Fraction(self._step))
            if units > MAX_UNITS:
                raise
            return units

    def _remember(self, value: object, units: int) -> None:
        if len(self) >= MEMO_ENTRIES:
            self.clear()
        self[value] = units

    def _text(self, text: str, field: str) -> int:
        if self._scale is not None:
            return self._scaled(text, field)
        if "e" in text or "E" in text:
            plain = _plain(text)
            if plain is None:
                raise GridError(self._symbol, field, text, "is no decimal number")
            text = plain
        try:
            return self._usual.convert(text)
        except GridError:
            # Once more, to name instrument and field.
            return units_from_text(text, self._step, instrument=self._symbol, field=field)

    def _number(self, value: float, field: str) -> int:
        if self._scale is None:
            text = repr(value)
            if "e" not in text:
                with suppress(GridError):
                    return self._usual.convert(text)
            return units_from_number(value, self._step, instrument=self._symbol, field=field)
        if type(value) is not int:
            raise refusal(field, "must be an integer", value)
        return self._scaled(str(value), field)

    def _scaled(self, text: str, field: str) -> int:
        scale = self._scale or 0
        if not text.isascii() or not text.isdigit() or len(text) > _MAX_TEXT // 2:
            raise refusal(field, "must be an integer", text)
        digits = text.rjust(scale + 1, "0")
        plain = f"{digits[: len(digits) - scale]}.{digits[len(digits) - scale :]}" if scale else digits
        return units_from_text(plain, self._step, instrument=self._symbol, field=field)


def _plain(text: str) -> str | None:
    """The plain decimal text of one with an exponent; None where it is none of sensible size."""
    mantissa, _, exponent = text.lower().partition("e")
    digits = mantissa.replace(".", "", 1)
    if not (mantissa[:1].isdigit() and mantissa[-1:].isdigit() and digits.isdigit() and text.isascii()):
        return None
    sign, rest = exponent[:1], exponent.lstrip("+-")
    if not (rest.isdigit() and len(rest) <= 2 and len(exponent) - len(rest) == (sign in ("+", "-"))):
        return None
    try:
        return f"{Decimal(text):f}" if len(text) <= _MAX_TEXT else None
    except InvalidOperation:
        return None


def compile_units(field: Price | Size, instrument: Instrument, find: Find | None = None) -> Reader:
    """Reads a price or a size, found by its path unless `find` is given; null stands for none there, and gives 0."""
    step = instrument.tick_size if isinstance(field, Price) else instrument.lot_size
    rounds = isinstance(field, Size) and field.decimals is not None
    of = TreeUnits(step, scale_of(field.scale, instrument.venue_symbol), instrument.symbol, rounds=rounds).of
    find_it, key = find or compile_path(field.key), field.key

    def read(root: Any, item: Any) -> int:
        value = find_it(root, item)
        return 0 if value is None else of(value, key)

    return read


def compile_print_price(field: Price, instrument: Instrument) -> Reader:
    """Reads the price of a print: whole ticks, and the rest in billionths of one; null gives none of either."""
    of = print_units(field.scale, instrument)
    find, key = compile_path(field.key), field.key

    def read(root: Any, item: Any) -> tuple[int, int]:
        value = find(root, item)
        return (0, 0) if value is None else of(value, key)

    return read


def print_units(scale: Scale, instrument: Instrument) -> Callable[[Any, str], tuple[int, int]]:
    """What makes whole ticks and billionths of one of a print's price, which may lie between two ticks."""
    fine = nanotick_size(instrument.tick_size)
    decimals, symbol = scale_of(scale, instrument.venue_symbol), instrument.symbol
    whole_of = TreeUnits(instrument.tick_size, decimals, symbol).of
    fine_of = None if fine is None else TreeUnits(fine, decimals, symbol).of
    between: dict[Any, tuple[int, int]] = {}

    def of(value: Any, key: str) -> tuple[int, int]:
        if type(value) in (str, float) and value in between:
            return between[value]
        try:
            return whole_of(value, key), 0
        except GridError as error:
            if fine_of is None:
                raise
            try:
                found = divmod(fine_of(value, key), NANOTICKS)
            except GridError:
                raise error from None
        if len(between) >= MEMO_ENTRIES:
            between.clear()
        between[value] = found
        return found

    return of


def cut(text: str, after: str, until: str) -> str:
    """What stands behind the first `after`, up to the next `until`; nothing if there is no `after`."""
    if after:
        text = text.partition(after)[2]
    return text.partition(until)[0] if until else text


def compile_text(field: Text) -> Reader:
    """Reads a text, cut as declared."""
    find, key, optional, after, until = compile_path(field.key), field.key, field.optional, field.after, field.until

    def read(root: Any, item: Any) -> str:
        value = find(root, item)
        if value is ABSENT and optional:
            return ""
        if type(value) is not str:
            raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be text", value)
        return cut(value, after, until)

    return read


def whole(value: Any, key: str, *, text: bool, at_most: int = MAX_UNITS) -> int:
    """An integer, or with `text` the text of one."""
    if text and type(value) is str and value.isascii() and value.isdigit() and len(value) <= _MAX_TEXT // 2:
        value = int(value)
    if type(value) is not int or not 0 <= value <= at_most:
        if value is ABSENT:
            raise refusal(key, "is missing")
        raise refusal(key, f"must be an integer of 0 to {at_most}", value)
    return value


def compile_integer(field: Integer | None) -> Reader:
    """Reads an integer; `NO_ID` if there is no field, or none of an optional one."""
    if field is None:
        return lambda _root, _item: NO_ID
    find, key, optional, text = compile_path(field.key), field.key, field.optional, field.text

    def read(root: Any, item: Any) -> int:
        value = find(root, item)
        return NO_ID if optional and value is ABSENT else whole(value, key, text=text)

    return read


def compile_time(field: Time | None) -> Callable[[Any, Any, int], int]:
    """Reads a time, to nanoseconds; called with the receive time too, which stands in for none."""
    if field is None:
        return lambda _root, _item, receive_time_ns: receive_time_ns
    find, key = compile_path(field.key), field.key
    if isinstance(field, Rfc3339):

        def read_text(root: Any, item: Any, _receive_time_ns: int) -> int:
            value = find(root, item)
            if type(value) is not str:
                return whole(value, key, text=False, at_most=MAX_TIME_NS)
            try:
                return rfc3339_to_ns(value)
            except ValueError as error:
                raise refusal(key, f"must be an RFC 3339 time ({error})", value) from None

        return read_text
    units = {Seconds: _SECOND_NS, Millis: _MILLI_NS, Micros: _MICRO_NS, Nanos: 1}
    scale = units[type(field)]
    free = not isinstance(field, Millis | Nanos) or field.text
    recognised = isinstance(field, Millis)

    def read(root: Any, item: Any, _receive_time_ns: int) -> int:
        value = find(root, item)
        if type(value) is int:
            if recognised and 0 <= value <= MAX_TIME_NS:
                return millis_to_ns(value)
            if 0 <= value <= MAX_TIME_NS // scale:
                return value * scale
        elif free and type(value) in (str, float):
            time_ns = _fraction(value, scale)
            if time_ns is not None:
                return time_ns
        raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be a time", value)

    return read


def _fraction(value: Any, scale: int) -> int | None:
    """The nanoseconds of decimal text or a float, cut to whole ones; None where it is no such time."""
    text = value if type(value) is str else f"{Decimal(repr(value)):f}"
    integer, point, fraction = text.partition(".")
    digits = integer + fraction
    if not integer or (point and not fraction) or not digits.isascii() or not digits.isdigit() or len(text) > _MAX_TEXT:
        return None
    places = len(str(scale)) - 1
    time_ns = int(integer) * scale + int((fraction[:places] or "0").ljust(places, "0"))
    return time_ns if time_ns <= MAX_TIME_NS else None


def compile_flag(field: Flag) -> Reader:
    """Reads a boolean."""
    find, key, optional = compile_path(field.key), field.key, field.optional

    def read(root: Any, item: Any) -> bool:
        value = find(root, item)
        if value is ABSENT and optional:
            return False
        if type(value) is not bool:
            raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be true or false", value)
        return value

    return read


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


def compile_choice(field: Choice | None, without: int) -> Reader:
    """Reads a choice; `without` if there is no field."""
    if field is None:
        return lambda _root, _item: without
    find = compile_path(field.key)
    return lambda root, item: choice_of(field, find(root, item))


def compile_number(field: Number | None) -> Reader:
    """Reads a number for information; NaN if there is no field, or none of an optional one."""
    nan = float("nan")
    if field is None:
        return lambda _root, _item: nan
    find, key, optional = compile_path(field.key), field.key, field.optional

    def read(root: Any, item: Any) -> float:
        value = find(root, item)
        if value is ABSENT and optional:
            return nan
        if type(value) not in (int, float):
            raise refusal(key, "is missing") if value is ABSENT else refusal(key, "must be a finite number", value)
        return float(value)

    return read


def signed(size: Any) -> tuple[int, Any]:
    """The side that a size's sign says, and the size without it."""
    if type(size) is str and size.startswith("-"):
        return -1, size[1:]
    if type(size) in (int, float) and size < 0:
        return -1, -size
    return 1, size
