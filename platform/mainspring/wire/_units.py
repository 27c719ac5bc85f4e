"""Prices and sizes as they stand in messages, to whole ticks and lots: exact, and remembered.

A venue writes the same few thousand prices and sizes over and over. Each table below converts one once and then
answers from memory, so that the hot path is a single dict lookup. What isn't on the grid is never remembered.

The tables hold plain dicts: a subclass of `dict` looks its `[...]` up as a method each time, which costs five times as
much as finding the value.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol, cast

from mainspring.errors import GridError
from mainspring.model import MAX_UNITS, NANOTICKS, units_from_number, units_from_text

__all__ = ["MEMO_ENTRIES", "NumberUnits", "PrintUnits", "TextUnits", "Units"]

MEMO_ENTRIES = 65_536
"""How many values a table remembers: at most some 15 MB. A full one is emptied and fills again."""

_MAX_TEXT = 64

_SHORT_TEXT = 18
"""Digits of that many characters are below `MAX_UNITS`, whatever they are."""


class Units(Protocol):
    """A table of one step (a tick or lot size): how many whole steps a value is.

    `find` returns that of a value that is remembered, else None; it raises `TypeError` for what can't be a key.
    `convert` works it out, and `of` does whichever is needed. They raise `GridError` if `model.units_from_text` or
    `model.units_from_number` would. The error doesn't name instrument and field: the code that reads the message again
    to explain it does.
    """

    @property
    def find(self) -> Callable[[object], int | None]: ...

    def convert(self, value: object, /) -> int: ...

    def of(self, value: object, /) -> int: ...


class TextUnits:
    """The table for decimal text. Gives what `model.units_from_text` gives.

    Where the step is a power of ten, the digits of a text are its units once they have as many decimals. A venue that
    pads its texts with zeros has them beyond that number: the padding of the last text is tried first on the next.
    """

    __slots__ = ("_decimals", "_factors", "_known", "_most", "_padding", "_point", "_scales", "_step", "find")

    def __init__(self, step: Decimal) -> None:
        self._known: dict[Any, int] = {}
        self.find = self._known.get
        self._step = step
        self._scales = _scales(step)
        # How many decimals the units have; no text has -1, so that other steps go the longer way.
        self._decimals = next((at for at, scale in enumerate(self._scales) if scale == (1, 1)), -1)
        # What digits are multiplied by that have less decimals, and how many may stand before the point.
        self._factors = [10 ** (self._decimals - at) for at in range(self._decimals + 1)]
        self._most = _SHORT_TEXT - self._decimals if self._factors else 0
        # Where units have no decimals no point may be left, so this is one that no short text can hold.
        self._point = "." if self._decimals else "." * (_SHORT_TEXT + 1)
        self._padding = ""

    def of(self, text: object) -> int:
        """See `Units`."""
        units = self.find(text)
        return self.convert(text) if units is None else units

    def convert(self, text: object) -> int:
        """See `Units`."""
        if type(text) is not str or len(text) > _SHORT_TEXT:
            return self._convert_any(text)
        whole, point, fraction = text.removesuffix(self._padding).partition(self._point)
        digits = whole + fraction
        # `isdigit` alone takes the digits of other scripts too.
        if not (digits.isdigit() and digits.isascii() and whole):
            return self._convert_any(text)
        units, decimals = int(digits), len(fraction)
        if decimals != self._decimals:
            # What was taken off a text with fewer decimals were digits, not padding.
            padded = len(digits) + len(point) != len(text)
            if decimals > self._decimals or padded or len(whole) > self._most or (point and not fraction):
                return self._convert_any(text)
            units *= self._factors[decimals]
        known = self._known
        if len(known) >= MEMO_ENTRIES:
            known.clear()
        known[text] = units
        return units

    def _convert_any(self, text: object) -> int:
        """The longer way, for any step and any number of decimals."""
        if type(text) is not str or len(text) > _MAX_TEXT:
            return self._reference(text)
        whole, point, fraction = text.partition(".")
        digits = whole + fraction
        if not whole or not (fraction or not point) or not digits.isdigit() or not digits.isascii():
            return self._reference(text)
        multiplier, divisor = self._scales[len(fraction)]
        units, rest = divmod(int(digits) * multiplier, divisor)
        if rest or units > MAX_UNITS:
            return self._reference(text)
        if 0 <= self._decimals <= len(fraction):
            self._padding = fraction[self._decimals :] if self._decimals else point + fraction
        if len(self._known) >= MEMO_ENTRIES:
            self._known.clear()
        self._known[text] = units
        return units

    def _reference(self, text: object) -> int:
        """The slow way, for its errors."""
        return units_from_text(cast("str", text), self._step, instrument="", field="")


class NumberUnits:
    """The table for JSON and msgpack numbers. Gives what `model.units_from_number` gives."""

    __slots__ = ("_known", "_step")

    def __init__(self, step: Decimal) -> None:
        self._step = step
        self._known: dict[object, int] = {}

    def find(self, value: object) -> int | None:
        """See `Units`."""
        # True is a key equal to 1, and must not find what 1 left here.
        return None if isinstance(value, bool) else self._known.get(value)

    def of(self, value: object) -> int:
        """See `Units`."""
        units = self.find(value)
        return self.convert(value) if units is None else units

    def convert(self, value: object) -> int:
        """See `Units`."""
        units = units_from_number(value, self._step, instrument="", field="")
        if len(self._known) >= MEMO_ENTRIES:
            self._known.clear()
        self._known[value] = units
        return units


class PrintUnits:
    """Prices of prints, which may lie between two ticks: whole ticks, and the rest in billionths of one.

    `whole` is the table of the tick size: what it finds needs nothing else. `fine` is that of a billionth of it, or
    None if there is none.
    """

    __slots__ = ("_fine", "_known", "_whole", "find")

    def __init__(self, whole: Units, fine: Units | None) -> None:
        self._whole = whole
        self._fine = fine
        self._known: dict[object, tuple[int, int]] = {}
        self.find = whole.find

    def of(self, value: object) -> tuple[int, int]:
        """The ticks and nanoticks of a price that `find` doesn't know. Raises `GridError` as `Units` do."""
        # True is a key equal to 1, and must not find what 1 left here.
        known = None if isinstance(value, bool) else self._known.get(value)
        if known is not None:
            return known
        try:
            return self._whole.of(value), 0
        except GridError:
            if self._fine is None:
                raise
        between = divmod(self._fine.convert(value), NANOTICKS)
        if len(self._known) >= MEMO_ENTRIES:
            self._known.clear()
        self._known[value] = between
        return between


def _scales(step: Decimal) -> list[tuple[int, int]]:
    """Returns two factors by the number of a text's decimals: its digits times the first over the second are steps."""
    _, digits, exponent = step.as_tuple()
    assert isinstance(exponent, int)
    whole_step = int("".join(map(str, digits)))
    shifts = range(-exponent, -exponent - _MAX_TEXT, -1)
    return [(10**shift, whole_step) if shift >= 0 else (1, whole_step * 10**-shift) for shift in shifts]
