"""The background of a chart: frames, scales, ticks, grid lines and labels."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from mainspring.report.page.markup import Html, join, tag
from mainspring.report.printable import printable

__all__ = [
    "FRAMES",
    "Frame",
    "Scale",
    "Tick",
    "fitted",
    "log_scale",
    "log_ticks",
    "nice_step",
    "number_ticks",
    "scale",
    "text_width",
    "x_axis",
    "y_axis",
    "y_title",
]

Scale: TypeAlias = Callable[[float], float]
"""Maps a value to its position in the drawing, in pixels."""

# How wide the characters of a bold label are at most, on average, in pixels.
_ASCII, _OTHER = 8.0, 13.5


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a drawing and the room for its axes, in pixels. `name` is the class that shows or hides it.

    A page has each chart twice, for wide and for narrow screens, because text in a scaled drawing shrinks with it.
    """

    name: str
    width: int
    height: int
    left: int
    right: int
    top: int = 18
    bottom: int = 48
    x_ticks: int
    most_points: int

    @property
    def narrow(self) -> bool:
        """Whether this is the frame for phones."""
        return self.name == "narrow"

    @property
    def x_range(self) -> tuple[float, float]:
        """The left and right end of the plot."""
        return float(self.left), float(self.width - self.right)

    @property
    def y_range(self) -> tuple[float, float]:
        """The bottom and the top of the plot: upwards is less."""
        return float(self.height - self.bottom), float(self.top)


FRAMES = (
    Frame(name="wide", width=960, height=420, left=78, right=18, x_ticks=7, most_points=2000),
    Frame(name="narrow", width=360, height=320, left=66, right=26, x_ticks=3, most_points=600),
)


class Tick(msgspec.Struct, frozen=True):
    """A labelled position on an axis, in the axis's own units."""

    at: float
    label: str


def scale(domain: tuple[float, float], onto: tuple[float, float]) -> Scale:
    """Maps the ends of `domain` linearly to the ends of `onto`."""
    (low, high), (start, end) = domain, onto
    per_unit = (end - start) / (high - low)
    return lambda value: start + (value - low) * per_unit


def log_scale(domain: tuple[float, float], onto: tuple[float, float]) -> Scale:
    """Maps `domain` logarithmically `onto` a range of pixels. Its ends are above zero; lower values are clamped."""
    low, high = domain
    straight = scale((math.log10(low), math.log10(high)), onto)
    return lambda value: straight(math.log10(max(value, low)))


def nice_step(span: float, at_most: int) -> float:
    """Returns the smallest of 1, 2 and 5 times a power of ten that splits `span` into at most `at_most` pieces."""
    raw = span / at_most
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= raw * (1 - 1e-9))


def number_ticks(low: float, high: float, at_most: int, *, signed: bool = False) -> list[Tick]:
    """Returns at most `at_most` ticks at round numbers, with the step's decimals and, if `signed`, a plus sign."""
    step = nice_step(high - low, at_most)
    decimals = max(0, len(f"{step:.10f}".rstrip("0").partition(".")[2]))
    sign = "+" if signed else ""
    first = -int(-low // step)
    places = range(first, int(high // step) + 1)
    return [Tick(place * step, f"{place * step:{sign if place else ''},.{decimals}f}") for place in places]


def log_ticks(low: float, high: float, label: Callable[[float], str], at_most: int = 8) -> list[Tick]:
    """Returns ticks at 1, 2 and 5 times each power of ten, or at fewer places if these are more than `at_most`."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[Tick] = []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        values = [factor * 10.0**power for power in powers for factor in factors]
        ticks = [Tick(value, label(value)) for value in values if low <= value <= high]
        if len(ticks) <= at_most:
            return ticks
    return ticks[:: -(-len(ticks) // at_most)]


def fitted(text: str, width: float) -> str:
    """Returns as much of a label as fits into a number of pixels, with an ellipsis if it doesn't."""
    text = printable(text)
    if text_width(text) <= width:
        return text
    while text and text_width(text) + _OTHER > width:
        text = text[:-1]
    return f"{text}\N{HORIZONTAL ELLIPSIS}"


def text_width(text: str) -> float:
    """Estimates the width of a label in pixels from above; only a browser knows it."""
    return sum(_ASCII if character.isascii() else _OTHER for character in text)


def x_axis(frame: Frame, ticks: Sequence[Tick], x: Scale, title: str) -> Html:
    """Draws vertical grid lines with their labels below, and the axis's title below these."""
    bottom, top = frame.y_range
    left, right = frame.x_range
    parts = []
    for tick in ticks:
        at = x(tick.at)
        parts.append(tag("line", class_="grid", x1=at, x2=at, y1=bottom, y2=top))
        # A label at the very end of the axis would be cut off by the drawing's edge.
        over = at + text_width(tick.label) / 2 > frame.width
        place, anchor = (frame.width - 2.0, "end") if over else (at, "middle")
        parts.append(tag("text", tick.label, class_="tick", x=place, y=bottom + 18, text_anchor=anchor))
    middle = (left + right) / 2
    parts.append(
        tag("text", fitted(title, right - left), class_="axis", x=middle, y=frame.height - 8, text_anchor="middle")
    )
    return join(*parts)


def y_axis(frame: Frame, ticks: Sequence[Tick], y: Scale) -> Html:
    """Draws horizontal grid lines with their labels at the left."""
    left, right = frame.x_range
    parts = []
    for tick in ticks:
        at = y(tick.at)
        parts.append(tag("line", class_="grid", x1=left, x2=right, y1=at, y2=at))
        parts.append(tag("text", tick.label, class_="tick", x=left - 8, y=at + 4, text_anchor="end"))
    return join(*parts)


def y_title(frame: Frame, title: str) -> Html:
    """Draws the vertical axis's title above its labels. Needs a frame with a `top` of 32 or more."""
    return tag("text", title, class_="axis", x=frame.left, y=frame.top - 14, text_anchor="start")
