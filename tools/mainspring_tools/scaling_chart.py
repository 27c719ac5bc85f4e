"""A figure of a study as an SVG file of its own, light or dark as the reader has it."""

from collections.abc import Callable
from itertools import count

import msgspec

from mainspring.report.figures import memory, round_latency
from mainspring.report.page import (
    Frame,
    Html,
    Scale,
    Tick,
    join,
    log_scale,
    log_ticks,
    number_ticks,
    scale,
    tag,
    text_width,
    x_axis,
    y_axis,
    y_title,
)
from mainspring_tools.scaling_figures import Figure, Series

__all__ = ["to_svg"]

_FRAME = Frame(name="file", width=760, height=420, left=84, right=24, top=40, bottom=52, x_ticks=6, most_points=1000)
_KEY_Y, _KEY_ROW = 26.0, 20.0
_MARKS = ("circle", "square", "triangle", "diamond")

_STYLE = Html(
    """
.ground { fill: #fff; }
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #59636f; }
.key { fill: #1b2129; }
.grid { stroke: #e8ebef; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.s0 { stroke: #0b62c4; } .s1 { stroke: #c2510a; } .s2 { stroke: #1a7f4b; } .s3 { stroke: #8a3fb8; }
.s4 { stroke: #c2185b; } .s5 { stroke: #007a8a; } .s6 { stroke: #1b2129; } .s7 { stroke: #7a6a00; }
.mark { fill: #fff; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  .ground, .mark { fill: #12161b; }
  text { fill: #a3adb9; }
  .key { fill: #e8ebef; }
  .grid { stroke: #29313a; }
  .s0 { stroke: #6cb2ff; } .s1 { stroke: #ff9d5c; } .s2 { stroke: #4cc38a; } .s3 { stroke: #c79bff; }
  .s4 { stroke: #ff86b3; } .s5 { stroke: #4fd0e0; } .s6 { stroke: #e8ebef; } .s7 { stroke: #d9c74a; }
}
"""
)


def to_svg(figure: Figure) -> str:
    """The plot: a line with marks for each series, named above. Raises `ValueError` for a figure without a point."""
    points = [point for series in figure.series for point in series.points]
    if not points:
        raise ValueError(f"{figure.name}: there is no point to draw")
    key, key_height = _key(figure.series)
    height, top = round(_FRAME.height + key_height), round(_FRAME.top + key_height)
    frame = msgspec.structs.replace(_FRAME, height=height, top=top)
    x, x_ticks = _horizontal(figure, frame, [at for at, _ in points])
    y, y_ticks = _vertical(figure, frame, [value for _, value in points])
    drawn = list(zip(count(), figure.series, strict=False))
    svg = tag(
        "svg",
        tag("title", figure.title),
        tag("desc", _describe(figure)),
        tag("style", _STYLE),
        tag("rect", class_="ground", width=frame.width, height=frame.height),
        y_axis(frame, y_ticks, y),
        x_axis(frame, x_ticks, x, figure.x_title),
        y_title(frame, figure.y_title),
        *[_line(index, series, x, y) for index, series in drawn],
        key,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
    )
    return f"{svg}\n"


def _horizontal(figure: Figure, frame: Frame, places: list[float]) -> tuple[Scale, list[Tick]]:
    label = _label(figure.x_unit)
    if figure.linear_x:
        high = max(places) * 1.04
        ticks = [Tick(tick.at, label(tick.at)) for tick in number_ticks(0, high, frame.x_ticks)]
        return scale((0, high), frame.x_range), ticks
    low, high = _around(places)
    return log_scale((low, high), frame.x_range), log_ticks(low, high, label, frame.x_ticks)


def _vertical(figure: Figure, frame: Frame, values: list[float]) -> tuple[Scale, list[Tick]]:
    label = _label(figure.y_unit)
    if figure.linear_y:
        high = max(values) * 1.15
        ticks = [Tick(tick.at, label(tick.at)) for tick in number_ticks(0, high, 6)]
        return scale((0, high), frame.y_range), ticks
    low, high = _around(values)
    return log_scale((low, high), frame.y_range), log_ticks(low, high, label)


def _around(values: list[float]) -> tuple[float, float]:
    return min(values) / 1.35, max(values) * 1.35


def _label(unit: str) -> Callable[[float], str]:
    if unit == "ns":
        return lambda value: round_latency(value, "µs")
    if unit == "bytes":
        return lambda value: memory(round(value))
    return lambda value: f"{value:,g}{unit}"


def _line(index: int, series: Series, x: Scale, y: Scale) -> Html:
    colour = f"s{index % 8}"
    places = [(x(at), y(value)) for at, value in series.points]
    points = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
    marks = [_mark(index, left, top) for left, top in places]
    return join(tag("polyline", class_=f"line {colour}", points=points), *marks)


def _mark(index: int, x: float, y: float) -> Html:
    """A shape of the series' own, so that colour isn't all that tells them apart."""
    shapes = {
        "circle": f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        "square": f"M{x - 4:.1f} {y - 4:.1f}h8v8h-8z",
        "triangle": f"M{x:.1f} {y - 5:.1f}l5 9h-10z",
        "diamond": f"M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5-5.5z",
    }
    return tag("path", class_=f"mark s{index % 8}", d=shapes[_MARKS[index % len(_MARKS)]])


def _key(series: list[Series]) -> tuple[Html, float]:
    """The names of the series with their marks, side by side; and how high they stand."""
    parts = []
    x, y = 14.0, _KEY_Y
    for index, one in enumerate(series):
        width = 26 + text_width(one.name) + 14
        if x + width > _FRAME.width and x > 14:
            x, y = 14.0, y + _KEY_ROW
        parts += [_mark(index, x + 8, y - 4), tag("text", one.name, class_="key", x=x + 20, y=y)]
        x += width
    return join(*parts), y - _KEY_Y + _KEY_ROW


def _describe(figure: Figure) -> str:
    x_label, y_label = _label(figure.x_unit), _label(figure.y_unit)
    reported = [
        f"{one.name}: {', '.join(f'{y_label(value)} at {x_label(at)}' for at, value in one.points)}"
        for one in figure.series
    ]
    return f"{figure.y_title} by {figure.x_title}. {'; '.join(reported)}."
