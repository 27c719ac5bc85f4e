"""Prices and sizes of a decoded message, to whole steps: text or numbers, with exponents, and scaled integers."""

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from mainspring.errors import GridError
from mainspring.model import MAX_UNITS, NANOTICKS, Instrument, nanotick_size, units_from_number, units_from_text
from mainspring.wire._source import ABSENT
from mainspring.wire._units import MEMO_ENTRIES, TextUnits
from mainspring.wire._values import refusal
from mainspring.wire.fields import Scale, scale_of

__all__ = ["Own", "PrintUnits", "TreeUnits"]

_MAX_TEXT = 64
_EXACT = 10**15
"""Below it, decimals of 15 digits: any two of them are different floats."""

_TRUTHS = (0, 1)
"""The numbers that are equal to False and True."""
_PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)


class TreeUnits(TextUnits):
    """Prices or sizes to whole steps, remembered: text or numbers, with exponents, and scaled integers.

    `scale` is the number of decimals of a scaled integer; None for plain decimals. With `rounds`, what is off the grid
    is rounded to the nearest step, or to the even one of two.

    `find` returns what is remembered of a text or a number, else None. It needs no look at the value's type: what is
    equal to a value of another type, as 1 is to True and a scaled 5 to 5.0, is remembered elsewhere.
    """

    __slots__ = ("_rounds", "_scale", "_symbol", "_unsafe")

    def __init__(self, step: Decimal, scale: int | None, symbol: str, *, rounds: bool = False) -> None:
        super().__init__(step)
        self._rounds = rounds
        self._scale = scale
        self._symbol = symbol
        self._unsafe: dict[Any, int] = {}
        if scale is not None:
            # Digits are no units here: no text has so many decimals.
            self._decimals = -1

    def of(self, value: Any, field: str = "") -> int:
        """The steps of a value. Raises `GridError` or `WireError`, which names the field."""
        kind = type(value)
        if kind is str:
            units = self.find(value)
            if units is None:
                units = self._rounded(value, self._text, field)
                _remember(self._known, value, units)
            return units
        if kind is int or (kind is float and self._scale is None):
            # A text and a number are never equal, but 1 and 1.0 are, and stand for the same.
            known = self._known if self._scale is None and value not in _TRUTHS else self._unsafe
            units = known.get(value)
            if units is None:
                units = self._rounded(value, self._number, field)
                _remember(known, value, units)
            return units
        if value is ABSENT:
            raise refusal(field, "is missing")
        raise refusal(field, "must be a number, or the text of one", value)

    def _convert_any(self, value: Any) -> int:
        if self._scale is None:
            if type(value) is str:
                return super()._convert_any(value)
            # Levels are deleted by a size of 0.0 mostly.
            if type(value) is float and value in self._unsafe:
                return self._unsafe[value]
        return self.of(value)

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

    def _text(self, text: str, field: str) -> int:
        if self._scale is not None:
            return self._scaled(text, field)
        if "e" in text or "E" in text:
            plain = _plain(text)
            if plain is None:
                raise GridError(self._symbol, field, text, "is no decimal number")
            text = plain
        try:
            return self.convert(text)
        except GridError:
            # Once more, to name instrument and field.
            return units_from_text(text, self._step, instrument=self._symbol, field=field)

    def _number(self, value: float, field: str) -> int:
        if self._scale is None:
            if self._decimals >= 0 and 0 < value < _EXACT / self._factors[0]:
                # No other decimal of so few digits is nearest to the same float, so it is the one that was sent.
                units: int = round(value * self._factors[0])
                if units / self._factors[0] == value:
                    return units
            text = repr(value)
            if "e" not in text:
                with suppress(GridError):
                    return self.convert(text)
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


def _remember(known: dict[Any, Any], value: object, units: Any) -> None:
    if len(known) >= MEMO_ENTRIES:
        known.clear()
    known[value] = units


class PrintUnits:
    """Prices of prints, which may lie between two ticks: whole ticks, and the rest in billionths of one.

    `find` returns the whole ticks of a value that lies on the grid and is remembered, else None.
    """

    __slots__ = ("_between", "_fine", "_whole", "find")

    def __init__(self, whole: TreeUnits, fine: TreeUnits | None) -> None:
        self._whole = whole
        self._fine = fine
        self._between: dict[Any, tuple[int, int]] = {}
        self.find = whole.find

    def of(self, value: Any, field: str) -> tuple[int, int]:
        """The ticks and their billionths of a price. Raises `GridError` or `WireError`, which names the field."""
        if type(value) in (str, float) and value in self._between:
            return self._between[value]
        try:
            return self._whole.of(value, field), 0
        except GridError as error:
            if self._fine is None:
                raise
            try:
                found = divmod(self._fine.of(value, field), NANOTICKS)
            except GridError:
                raise error from None
        _remember(self._between, value, found)
        return found


class Own:
    """What a reader has of one instrument: its number in the session, and tables that all kinds of message share."""

    def __init__(self, index: int, instrument: Instrument) -> None:
        self.index = index
        self.instrument = instrument
        self._tables: dict[object, TreeUnits] = {}

    def ticks(self, scale: Scale) -> TreeUnits:
        """The table of its prices."""
        return self._table("ticks", self.instrument.tick_size, scale)

    def lots(self, scale: Scale, decimals: int | None) -> TreeUnits:
        """The table of its sizes; with `decimals`, one that rounds."""
        return self._table("lots", self.instrument.lot_size, scale, rounds=decimals is not None)

    def prints(self, scale: Scale) -> PrintUnits:
        """The table of the prices of its prints."""
        fine = nanotick_size(self.instrument.tick_size)
        return PrintUnits(self.ticks(scale), None if fine is None else self._table("prints", fine, scale))

    def _table(self, of: str, step: Decimal, scale: Scale, *, rounds: bool = False) -> TreeUnits:
        # Prices and sizes have tables of their own, on the same grid too: venues pad them differently.
        decimals = scale_of(scale, self.instrument.venue_symbol)
        key = of, decimals, rounds
        if key not in self._tables:
            self._tables[key] = TreeUnits(step, decimals, self.instrument.symbol, rounds=rounds)
        return self._tables[key]
