"""The ground that a chart is drawn on: frames, scales, ticks, grid lines and labels."""

import math
from collections.abc import Callable, Sequence

import msgspec

from mainspring.report.page.markup import Html, join, tag

__all__ = ["FRAMES", "Frame", "Tick", "nice_step", "scale", "x_axis", "y_axis"]


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a drawing and the room its axes take, in pixels. `name` is the class that shows or hides it.

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
    """A labelled place on an axis, in the axis's own units."""

    at: float
    label: str


def scale(domain: tuple[float, float], onto: tuple[float, float]) -> Callable[[float], float]:
    """The straight map that takes the ends of `domain` to the ends of `onto`."""
    (low, high), (start, end) = domain, onto
    per_unit = (end - start) / (high - low)
    return lambda value: start + (value - low) * per_unit


def nice_step(span: float, at_most: int) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that cuts `span` into no more than `at_most` pieces."""
    raw = span / at_most
    power = 10.0 ** math.floor(math.log10(raw))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= raw * (1 - 1e-9))


def x_axis(frame: Frame, ticks: Sequence[Tick], x: Callable[[float], float], title: str) -> Html:
    """Vertical grid lines with their labels below, and what the axis is under them."""
    bottom, top = frame.y_range
    left, right = frame.x_range
    parts = []
    for tick in ticks:
        at = x(tick.at)
        parts.append(tag("line", class_="grid", x1=at, x2=at, y1=bottom, y2=top))
        parts.append(tag("text", tick.label, class_="tick", x=at, y=bottom + 18, text_anchor="middle"))
    middle = (left + right) / 2
    parts.append(tag("text", title, class_="axis", x=middle, y=frame.height - 8, text_anchor="middle"))
    return join(*parts)


def y_axis(frame: Frame, ticks: Sequence[Tick], y: Callable[[float], float]) -> Html:
    """Horizontal grid lines with their labels at the left."""
    left, right = frame.x_range
    parts = []
    for tick in ticks:
        at = y(tick.at)
        parts.append(tag("line", class_="grid", x1=left, x2=right, y1=at, y2=at))
        parts.append(tag("text", tick.label, class_="tick", x=left - 8, y=at + 4, text_anchor="end"))
    return join(*parts)
