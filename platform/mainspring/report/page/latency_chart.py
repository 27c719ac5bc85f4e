"""Latency by percentile, both on logarithmic axes: one line per stage."""

import math
from collections.abc import Sequence

import msgspec

from mainspring.report.figures import latency, round_latency
from mainspring.report.model import StageReport
from mainspring.report.page.axes import Frame, Scale, Tick, fitted, log_scale, log_ticks, scale, x_axis, y_axis
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.stages import stage_label

__all__ = ["latency_chart", "stage_class"]

_SHOWN_TO = 99.99
_X_TICKS = tuple(Tick(at, f"{at:g}%") for at in (0, 50, 90, 99, 99.9, _SHOWN_TO))
_COLOURS = 8
_LABEL_GAP = 15
_NAMES_WIDTH = 104

_Drawn = tuple[str, StageReport]
"""A stage and the CSS class of its colour."""


def stage_class(index: int) -> str:
    """Returns the CSS class for the stage's colour in charts and tables."""
    return f"s{index % _COLOURS}"


def latency_chart(stages: Sequence[StageReport]) -> Html:
    """Returns the chart, for wide and for narrow screens, and its legend. At least one of `stages` has run."""
    drawn = [(stage_class(index), stage) for index, stage in enumerate(stages) if stage.count]
    key = legend(
        [swatch(colour, f"{stage_label(stage)}, p99 {latency(stage.p99_ns, 'µs')}") for colour, stage in drawn]
    )
    return figure("Latency by percentile", lambda frame: _drawing(frame, drawn), key=key)


def _drawing(frame: Frame, drawn: Sequence[_Drawn]) -> Html:
    if not frame.narrow:
        frame = msgspec.structs.replace(frame, right=_NAMES_WIDTH)
    bounds = _bounds([stage for _, stage in drawn])
    to_x = scale((0, _decades(_SHOWN_TO)), frame.x_range)
    y = log_scale(bounds, frame.y_range)
    ticks = [tick for tick in _X_TICKS if not frame.narrow or tick.at]
    return drawing(
        frame,
        "latency",
        _describe([stage for _, stage in drawn]),
        y_axis(frame, log_ticks(*bounds, lambda ns: round_latency(ns, "µs")), y),
        x_axis(frame, ticks, lambda p: to_x(_decades(p)), "percentile of passes"),
        *[_line(colour, stage, lambda p: to_x(_decades(p)), y) for colour, stage in drawn],
        None if frame.narrow else _names(frame, drawn, y),
    )


def _decades(p: float) -> float:
    """Returns a percentile's position on the axis: 0 at 0%, 1 at 90%, 2 at 99%."""
    return -math.log10(1 - p / 100)


def _bounds(stages: Sequence[StageReport]) -> tuple[float, float]:
    values: list[float] = [ns for stage in stages for _, ns in _shown(stage)]
    # A latency of 0 ns (the clock is too coarse) has no position on a logarithmic axis.
    return max(min(values), 1) / 1.4, max(*values, 10) * 1.4


def _shown(stage: StageReport) -> list[tuple[float, int]]:
    return [(p, ns) for p, ns in stage.percentiles if p <= _SHOWN_TO] or [(0.0, stage.max_ns)]


def _line(colour: str, stage: StageReport, x: Scale, y: Scale) -> Html:
    places = [f"{x(p):.1f},{y(ns):.1f}" for p, ns in _shown(stage)]
    # A single pass is a dot: a line from a point to itself, drawn by its round ends.
    points = " ".join(places if len(places) > 1 else places * 2)
    title = (
        f"{stage_label(stage)}: p50 {latency(stage.p50_ns, 'µs')}, p99 {latency(stage.p99_ns, 'µs')}, "
        f"p99.9 {latency(stage.p99_9_ns, 'µs')}, max {latency(stage.max_ns, 'µs')}"
    )
    return tag("polyline", tag("title", title), class_=f"line {colour}", points=points)


def _names(frame: Frame, drawn: Sequence[_Drawn], y: Scale) -> Html:
    """Each stage's name at the end of the drawing, moved apart where lines end close together."""
    ends = sorted((y(_shown(stage)[-1][1]), colour, stage_label(stage)) for colour, stage in drawn)
    bottom = frame.y_range[0]
    parts = []
    lowest = 0.0
    for place, (end, colour, name) in enumerate(ends):
        # As low as its line ends, but with room left for the names that follow.
        lowest = max(min(end, bottom - (len(ends) - 1 - place) * _LABEL_GAP), lowest + _LABEL_GAP)
        x = frame.x_range[1] + 8
        parts.append(tag("text", fitted(name, _NAMES_WIDTH - 8), class_=f"name {colour}", x=x, y=lowest + 4))
    return join(*parts)


def _describe(stages: Sequence[StageReport]) -> str:
    reported = "; ".join(
        f"{stage_label(stage)}: p50 {latency(stage.p50_ns, 'µs')}, p99 {latency(stage.p99_ns, 'µs')}"
        for stage in stages
    )
    return f"Latency by percentile, a line for each stage. {reported}. The table below has the figures."
