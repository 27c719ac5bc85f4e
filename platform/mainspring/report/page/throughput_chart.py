"""Messages per second over the session: how fast they were processed, and how fast the market sent them."""

from collections.abc import Callable, Sequence

from mainspring.report.figures import duration, time_of_day
from mainspring.report.model import SessionReport
from mainspring.report.page.axes import Frame, Scale, Tick, log_scale, log_ticks, number_ticks, scale, x_axis, y_axis
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, tag
from mainspring.report.page.table import table
from mainspring.report.page.time_axis import SECOND_NS, time_ticks
from mainspring.report.stretches import Stretch, has_market_time, stretches

__all__ = ["throughput_chart"]

_MOST_STRETCHES = {"wide": 160, "narrow": 60}
_MOST_ROWS = 40


def throughput_chart(report: SessionReport) -> Html | None:
    """Returns the chart for wide and for narrow screens, with its table; None if the report has no pace to draw."""
    pace, first_ns = report.timing.pace, report.feed.first_receive_ns
    if not stretches(pace, first_ns, 1):
        return None
    market = has_market_time(stretches(pace, first_ns, _MOST_STRETCHES["wide"]))
    entries = [swatch("processed", "worked off, a second of real time")]
    if market:
        entries.append(swatch("arrived", "received, a second of market time"))

    def draw(frame: Frame) -> Html:
        return _drawing(frame, stretches(pace, first_ns, _MOST_STRETCHES[frame.name]), market)

    behind = _table(stretches(pace, first_ns, _MOST_ROWS), market)
    return figure("Messages a second", draw, key=legend(entries), table=behind)


def _drawing(frame: Frame, found: Sequence[Stretch], market: bool) -> Html:
    rates = [one.processed for one in found]
    if market:
        rates += [one.arrived for one in found if one.arrived is not None]
    low, high = max(min(rates), 0.1) / 1.5, max(*rates, 1.0) * 1.5
    y = log_scale((low, high), frame.y_range)
    if market:
        start_ns = found[0].receive_from_ns
        ends = [
            ((one.receive_from_ns - start_ns) / SECOND_NS, (one.receive_to_ns - start_ns) / SECOND_NS) for one in found
        ]
        ticks, title = time_ticks(start_ns, ends[-1][1], frame.x_ticks), "market time, UTC"
    else:
        ends = [(one.wall_from_ns / SECOND_NS, one.wall_to_ns / SECOND_NS) for one in found]
        ticks = [Tick(tick.at, f"{tick.label} s") for tick in number_ticks(0, ends[-1][1], frame.x_ticks)]
        title = "time since the session began"
    x = scale((0, ends[-1][1]), frame.x_range)
    return drawing(
        frame,
        "throughput",
        _describe(found, market),
        y_axis(frame, log_ticks(low, high, lambda rate: f"{rate:,g}"), y),
        x_axis(frame, ticks, x, title),
        _steps("arrived", ends, found, lambda one: one.arrived or 0.0, x, y) if market else None,
        _steps("processed", ends, found, lambda one: one.processed, x, y),
    )


def _steps(
    colour: str,
    ends: Sequence[tuple[float, float]],
    found: Sequence[Stretch],
    rate: Callable[[Stretch], float],
    x: Scale,
    y: Scale,
) -> Html:
    points = [
        f"{x(start):.1f},{y(rate(one)):.1f} {x(end):.1f},{y(rate(one)):.1f}"
        for (start, end), one in zip(ends, found, strict=True)
    ]
    return tag("polyline", class_=f"line steps {colour}", points=" ".join(points))


def _table(found: Sequence[Stretch], market: bool) -> Html:
    rows = []
    for one in found:
        when = time_of_day(one.receive_from_ns) if market else duration(one.wall_from_ns / SECOND_NS)
        arrived = [f"{one.arrived:,.0f}"] if one.arrived is not None and market else []
        rows.append((when, f"{one.messages:,}", f"{one.processed:,.0f}", *arrived))
    titles = ("from", "messages", "worked off a second", *(["received a second"] if market else []))
    return table("Messages a second", titles, rows, words=frozenset({0}))


def _describe(found: Sequence[Stretch], market: bool) -> str:
    processed = [one.processed for one in found]
    reported = f"Messages worked off a second: from {min(processed):,.0f} to {max(processed):,.0f}."
    arrived = [one.arrived for one in found if one.arrived is not None]
    if market:
        reported += f" Received a second of market time: from {min(arrived):,.0f} to {max(arrived):,.0f}."
    return reported
