"""Latency over percentile, both on logarithmic axes: a line for each stage, a diamond for each budget."""

import math
from collections.abc import Callable, Sequence

import msgspec

from mainspring.report.figures import latency, round_latency
from mainspring.report.model import StageReport
from mainspring.report.page.axes import FRAMES, Frame, Tick, scale, x_axis, y_axis
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.stages import stage_label

__all__ = ["latency_chart", "stage_class"]

_SHOWN_TO = 99.99
_X_TICKS = tuple(Tick(at, f"{at:g}%") for at in (0, 50, 90, 99, 99.9, _SHOWN_TO))
_COLOURS = 8
_LABEL_GAP = 15
_NAMES_WIDTH = 104
_DIAMOND_WIDTH = 12.0


def stage_class(index: int) -> str:
    """The CSS class that gives the stage its colour in charts and tables."""
    return f"s{index % _COLOURS}"


def latency_chart(stages: Sequence[StageReport]) -> Html:
    """The chart, for wide and for narrow screens, and its legend. `stages` holds at least one that ran."""
    drawn = [(stage_class(index), stage) for index, stage in enumerate(stages) if stage.count]
    legend = [
        tag("li", tag("i", class_=f"swatch {colour}"), f"{stage_label(stage)}, p99 {latency(stage.p99_ns, 'µs')}")
        for colour, stage in drawn
    ]
    return join(*[_drawing(frame, drawn) for frame in FRAMES], tag("ul", *legend, class_="legend"))


class _Plot(msgspec.Struct, frozen=True):
    frame: Frame
    x: Callable[[float], float]
    y: Callable[[float], float]


def _drawing(frame: Frame, drawn: Sequence[tuple[str, StageReport]]) -> Html:
    narrow = frame.name == "narrow"
    if not narrow:
        frame = msgspec.structs.replace(frame, right=_NAMES_WIDTH)
    low, high = _bounds([stage for _, stage in drawn])
    to_x = scale((0, _decades(_SHOWN_TO)), frame.x_range)
    to_y = scale((math.log10(low), math.log10(high)), frame.y_range)
    plot = _Plot(frame, lambda p: to_x(_decades(p)), lambda ns: to_y(math.log10(max(ns, low))))
    ticks = [tick for tick in _X_TICKS if not narrow or tick.at]
    lines = [_line(plot, colour, stage) for colour, stage in drawn]
    budgets = _budgets(plot, drawn)
    return tag(
        "svg",
        y_axis(frame, _latency_ticks(low, high), plot.y),
        x_axis(frame, ticks, plot.x, "percentile of passes"),
        *lines,
        *budgets,
        None if narrow else _names(plot, drawn),
        class_=f"chart {frame.name}",
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
        aria_label=_in_words([stage for _, stage in drawn]),
    )


def _decades(p: float) -> float:
    """Where a percentile stands on the axis: 0 at 0%, 1 at 90%, 2 at 99%."""
    return -math.log10(1 - p / 100)


def _bounds(stages: Sequence[StageReport]) -> tuple[float, float]:
    values: list[float] = [ns for stage in stages for _, ns in _shown(stage)]
    values += [stage.budget_us * 1000 for stage in stages if stage.budget_us]
    # A latency of 0 ns (a clock too coarse to see it) has no place on a logarithmic axis.
    return max(min(values), 1) / 1.4, max(*values, 10) * 1.4


def _shown(stage: StageReport) -> list[tuple[float, int]]:
    return [(p, ns) for p, ns in stage.percentiles if p <= _SHOWN_TO] or [(0.0, stage.max_ns)]


def _latency_ticks(low: float, high: float) -> list[Tick]:
    factors = (1,) if high / low > 1e3 else (1, 2, 5)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [factor * 10**power for power in powers for factor in factors if power >= 0]
    return [Tick(value, round_latency(value, "µs")) for value in values if low <= value <= high]


def _line(plot: _Plot, colour: str, stage: StageReport) -> Html:
    places = [f"{plot.x(p):.1f},{plot.y(ns):.1f}" for p, ns in _shown(stage)]
    # A single pass is a dot: a line from a place to itself, drawn by its round ends.
    points = " ".join(places if len(places) > 1 else places * 2)
    title = (
        f"{stage_label(stage)}: p50 {latency(stage.p50_ns, 'µs')}, p99 {latency(stage.p99_ns, 'µs')}, "
        f"p99.9 {latency(stage.p99_9_ns, 'µs')}, max {latency(stage.max_ns, 'µs')}"
    )
    return tag("polyline", tag("title", title), class_=f"line {colour}", points=points)


def _budgets(plot: _Plot, drawn: Sequence[tuple[str, StageReport]]) -> list[Html]:
    """A diamond at p99 for each stage's budget; equal budgets stand side by side, with one label."""
    equal: dict[float, list[tuple[str, StageReport]]] = {}
    for colour, stage in sorted(drawn, key=lambda pair: pair[1].budget_us or 0):
        if stage.budget_us:
            equal.setdefault(stage.budget_us, []).append((colour, stage))
    parts = []
    last_left_y = math.inf
    for budget_us, group in equal.items():
        y = plot.y(budget_us * 1000)
        half = _DIAMOND_WIDTH / 2 * (len(group) - 1)
        parts += [_diamond(plot.x(99) - half + _DIAMOND_WIDTH * place, y, *one) for place, one in enumerate(group)]
        # Budgets close to each other have their labels on either side.
        on_left = last_left_y - y >= _LABEL_GAP
        x = plot.x(99) - half - 12 if on_left else plot.x(99) + half + 12
        last_left_y = y if on_left else math.inf
        shown = round_latency(budget_us * 1000, "µs")
        parts.append(tag("text", shown, class_="tick limit", x=x, y=y + 4, text_anchor="end" if on_left else "start"))
    return parts


def _diamond(x: float, y: float, colour: str, stage: StageReport) -> Html:
    title = tag("title", f"{stage_label(stage)}: the p99 may be {round_latency((stage.budget_us or 0) * 1000, 'µs')}")
    return tag("path", title, class_=f"budget {colour}", d=f"M{x:.1f} {y - 6:.1f}l5 6l-5 6l-5-6z")


def _names(plot: _Plot, drawn: Sequence[tuple[str, StageReport]]) -> Html:
    """Each stage's name at the end of its line, moved apart where lines end close together."""
    ends = sorted((plot.y(_shown(stage)[-1][1]), colour, stage_label(stage)) for colour, stage in drawn)
    parts = []
    lowest = 0.0
    for y, colour, name in ends:
        lowest = max(y, lowest + _LABEL_GAP)
        x = plot.frame.x_range[1] + 8
        parts.append(tag("text", name, class_=f"name {colour}", x=x, y=lowest + 4))
    return join(*parts)


def _in_words(stages: Sequence[StageReport]) -> str:
    told = "; ".join(
        f"{stage_label(stage)}: p50 {latency(stage.p50_ns, 'µs')}, p99 {latency(stage.p99_ns, 'µs')}"
        for stage in stages
    )
    return f"Latency by percentile, a line for each stage. {told}. The table below has the figures."
