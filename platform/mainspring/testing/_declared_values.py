"""Values at the paths of a declaration, put together to a message: objects, arrays and texts of several parts."""

import re
from fractions import Fraction
from itertools import permutations
from typing import Any, NamedTuple, TypeAlias

from mainspring.model import decimal_text
from mainspring.wire import Choice, Scale, Text

__all__ = ["Cells", "Unit", "meaning", "standing_for"]

_Node: TypeAlias = dict[str, Any]


class Cells:
    """A message in the making: what stands at each path from its root.

    `each` is the path of the array whose only item the message is about; None if that is the message itself.
    """

    def __init__(self, each: str | None) -> None:
        self._item = [] if each is None else [*_steps(each.replace(".*.", ".0.")), "0"]
        self._values: dict[tuple[str, ...], Any] = {}
        self._texts: dict[tuple[str, ...], list[tuple[Text, str]]] = {}
        self._patterns: dict[tuple[str, ...], str] = {}

    def _place(self, path: str) -> tuple[str, ...]:
        return tuple(_steps(path[1:]) if path.startswith("/") else [*self._item, *_steps(path)])

    def put(self, path: str, value: Any) -> None:
        """Puts a value there, in place of any other."""
        self._values[self._place(path)] = value

    def put_text(self, field: Text, value: str) -> None:
        """Puts a text there from which the field cuts the value."""
        self._texts.setdefault(self._place(field.key), []).append((field, value))

    def require(self, path: str, value: Any) -> None:
        """Puts what a `when` demands: a value, or a text that a pattern fits."""
        if isinstance(value, str) and "*" in (value[:1], value[-1:]):
            self._patterns[self._place(path)] = value
        else:
            self.put(path, value)

    def get(self, path: str) -> Any:
        """The value that stands there; None if there is none."""
        return self._values.get(self._place(path))

    def whole(self, has: tuple[str, ...] = ()) -> Any:
        """The message. Under each key of `has` stands something, at least a zero."""
        values = dict(self._values)
        for place in self._texts.keys() | self._patterns.keys():
            values.setdefault(place, _text(self._texts.get(place, []), self._patterns.get(place, "*")))
        for path in has:
            place = self._place(path)
            if not any(known[: len(place)] == place for known in values):
                values[place] = 0
        root: _Node = {}
        for steps, value in values.items():
            node = root
            for step in steps[:-1]:
                node = node.setdefault(step, {})
            node[steps[-1]] = value
        return _grown(root)


def _steps(path: str) -> list[str]:
    return path.split(".") if path else []


def _grown(node: Any) -> Any:
    """The object or array of a node: an array if all its steps are places, the negative ones behind the others."""
    if type(node) is not dict:
        return node
    grown = {step: _grown(below) for step, below in node.items()}
    if not all(step.removeprefix("-").isdigit() for step in grown):
        return grown
    places = {int(step): value for step, value in grown.items()}
    array: list[Any] = [0] * (max(max(places), -1) + 1 - min(min(places), 0))
    for place, value in places.items():
        array[place] = value
    return array


def _text(parts: list[tuple[Text, str]], pattern: str) -> str:
    """A text that the pattern fits, and from which every field cuts its value."""
    core = pattern.strip("*")
    fits = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    for order in permutations(parts):
        open_end = "".join(field.after + value for field, value in order)
        bare = "".join(field.after + value + field.until for field, value in order)
        values = "".join(value for _, value in order)
        for text in (bare, open_end + core, bare + core, core + values, core + bare):
            if fits.fullmatch(text) and all(_cut(field, text) == value for field, value in parts):
                return text
    raise ValueError(f"no text fits {pattern!r} and has the values of {parts}")


def _cut(field: Text, text: str) -> str:
    after = text.partition(field.after)[2] if field.after else text
    return after.partition(field.until)[0] if field.until else after


class Unit(NamedTuple):
    """How prices or sizes of an instrument are written: as text, as numbers, or as integers with decimals left out."""

    step: Any
    number: bool
    scale: int | None

    @staticmethod
    def of(step: Any, *, number: bool, scale: Scale, venue_symbol: str) -> "Unit":
        """The unit of a field for the instrument whose tick or lot size is `step`; `number` as in `wire.Price`."""
        fitting = [decimals for start, decimals in scale if venue_symbol.startswith(start)]
        return Unit(step, number, fitting[0] if fitting else None)

    def whole(self, units: int) -> int:
        """As many units or more of which the value can be written: scaled integers may be coarser than the grid."""
        return units if self.scale is None else units * (Fraction(self.step) * 10**self.scale).denominator

    def write(self, units: int, sign: int = 1) -> object:
        """The value of `units` steps; a `sign` of -1 puts a minus before it."""
        if self.scale is not None:
            return sign * int(units * self.step * 10**self.scale)
        text = ("-" if sign < 0 else "") + decimal_text(units, self.step)
        return float(text) if self.number else text


def meaning(field: Choice, value: Any) -> int | None:
    """What a value of a choice stands for."""
    return next((known for one, known in field.values if one == value), field.otherwise)


def standing_for(field: Choice, wanted: int) -> Any:
    """A value of a choice that stands for `wanted`, one that isn't declared where that is the other one."""
    for value, known in field.values:
        if known == wanted:
            return value
    first = field.values[0][0]
    return f"not {first}" if isinstance(first, str) else not first if isinstance(first, bool) else max(first, 0) + 1
