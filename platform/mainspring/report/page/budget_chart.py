"""Each stage's latency against its budget: one bar per stage on a logarithmic axis."""

from collections.abc import Sequence

from mainspring.report.figures import latency, round_latency, whole_percent
from mainspring.report.model import StageReport
from mainspring.report.page.axes import Frame, Scale, log_scale, log_ticks, x_axis
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.page.rows import Row, rows_frame, rows_labels
from mainspring.report.stages import budget_share, stage_label, verdict

__all__ = ["budget_chart"]

_TRACK, _BAR = 20.0, 8.0


def budget_chart(stages: Sequence[StageReport]) -> Html:
    """Returns the chart, for wide and for narrow screens, and its legend. At least one of `stages` has run."""
    drawn = [stage for stage in stages if stage.count]
    entries = [
        swatch("room", "within the budget"),
        swatch("beyond", "beyond it"),
        swatch("good", "from p50 to p99, which the budget is for"),
    ]
    if any(verdict(stage) == "over" for stage in drawn):
        entries.append(swatch("bad", "the same, over its budget"))
    entries.append(swatch("whisker", "on to p99.9 (stroke) and to the maximum (ring)"))
    return figure("Stages against their budgets", lambda frame: _drawing(frame, drawn), key=legend(entries))


def _drawing(frame: Frame, stages: Sequence[StageReport]) -> Html:
    frame = rows_frame(frame, len(stages))
    low = max(min(stage.p50_ns for stage in stages), 1) / 1.6
    high = max([stage.max_ns for stage in stages] + [(stage.budget_us or 0) * 1000 for stage in stages] + [10]) * 1.6
    x = log_scale((low, high), frame.x_range)
    middles, labels = rows_labels(frame, [Row(stage_label(stage), _remark(stage)) for stage in stages])
    ticks = log_ticks(low, high, lambda ns: round_latency(ns, "µs"), frame.x_ticks + 1)
    return drawing(
        frame,
        "budgets",
        _describe(stages),
        x_axis(frame, ticks, x, "latency of a pass"),
        *[_row(frame, stage, x, middle) for stage, middle in zip(stages, middles, strict=True)],
        labels,
    )


def _remark(stage: StageReport) -> str:
    share = budget_share(stage)
    if share is None or stage.budget_us is None:
        return f"{latency(stage.p99_ns, 'µs')}, no budget"
    return f"{whole_percent(share)} of {round_latency(stage.budget_us * 1000, 'µs')}"


def _row(frame: Frame, stage: StageReport, x: Scale, middle: float) -> Html:
    left, right = frame.x_range
    top = middle - _TRACK / 2
    split = x(stage.budget_us * 1000) if stage.budget_us else right
    track = [tag("rect", class_="room", x=left, y=top, width=split - left, height=_TRACK)]
    if stage.budget_us:
        track.append(tag("rect", class_="beyond", x=split, y=top, width=right - split, height=_TRACK))
        track.append(tag("line", class_="limit", x1=split, x2=split, y1=top - 2, y2=top + _TRACK + 2))
    start, end = x(stage.p50_ns), x(stage.p99_ns)
    colour = {"within": "good", "over": "bad"}.get(verdict(stage), "quiet")
    bar = tag(
        "rect",
        tag("title", _describe_stage(stage)),
        class_=f"reach {colour}",
        x=start,
        y=middle - _BAR / 2,
        width=max(end - start, 2.0),
        height=_BAR,
        rx=3,
    )
    at_p99_9, at_max = x(stage.p99_9_ns), x(stage.max_ns)
    return join(
        *track,
        tag("line", class_="whisker", x1=end, x2=at_max, y1=middle, y2=middle),
        tag("line", class_="whisker", x1=at_p99_9, x2=at_p99_9, y1=middle - 5, y2=middle + 5),
        bar,
        tag("circle", class_="most", cx=at_max, cy=middle, r=3.5),
    )


def _describe_stage(stage: StageReport) -> str:
    budget = f"the p99 may be {round_latency(stage.budget_us * 1000, 'µs')}" if stage.budget_us else "no budget"
    figures = ((50, stage.p50_ns), (99, stage.p99_ns), (99.9, stage.p99_9_ns))
    reported = ", ".join(f"p{p:g} {latency(ns, 'µs')}" for p, ns in figures)
    return f"{stage_label(stage)}: {reported}, max {latency(stage.max_ns, 'µs')}; {budget}"


def _describe(stages: Sequence[StageReport]) -> str:
    return f"Latency of each stage against its budget. {'. '.join(map(_describe_stage, stages))}."
