"""Estimated against realised cost: a mark for each fill, and a line where both are equal."""

from collections.abc import Sequence

import msgspec

from mainspring.report.figures import amount, bps, count_of, time_of_day
from mainspring.report.model import SessionReport
from mainspring.report.page.axes import Frame, Scale, number_ticks, scale, x_axis, y_axis, y_title
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.trading import FillSample, SlippageReport

__all__ = ["MOST_POINTS", "slippage_chart"]

MOST_POINTS = 1000
"""If there are more fills, this many are drawn, evenly spaced."""

_ROLES = ("maker", "taker")


class _Point(msgspec.Struct, frozen=True):
    symbol: str
    fill: FillSample
    estimated: float
    realised: float


def slippage_chart(report: SessionReport) -> Html | None:
    """Returns the chart for wide and for narrow screens, with its legend; None if no fill has both of its costs."""
    points = [
        _Point(one.symbol, mark, mark.estimated_bps, mark.realised_bps)
        for one in report.instruments
        for mark in one.fill_samples
        if mark.estimated_bps is not None and mark.realised_bps is not None
    ]
    if not points:
        return None
    drawn = (
        [points[place * len(points) // MOST_POINTS] for place in range(MOST_POINTS)]
        if len(points) > MOST_POINTS
        else points
    )
    means = [(one.symbol, line) for one in report.instruments for line in one.slippage]
    entries = [swatch(role, role) for role in _ROLES if any(_role(point.fill) == role for point in drawn)]
    entries += [
        swatch("same", "where both are the same: above it the estimate was too low"),
        swatch("mean", "totals, by size"),
    ]
    if len(drawn) < len(points):
        entries.append(join(f"{len(drawn):,} of {len(points):,} fills are drawn"))
    return figure(
        "Cost of each fill, estimated and realised", lambda frame: _drawing(frame, drawn, means), key=legend(entries)
    )


def _drawing(frame: Frame, points: Sequence[_Point], means: Sequence[tuple[str, SlippageReport]]) -> Html:
    frame = msgspec.structs.replace(frame, top=34)
    across = _widened([point.estimated for point in points])
    up = _widened([point.realised for point in points])
    x, y = scale(across, frame.x_range), scale(up, frame.y_range)
    return drawing(
        frame,
        "slippage",
        _describe(points, means),
        y_axis(frame, number_ticks(*up, 7, signed=True), y),
        x_axis(frame, number_ticks(*across, frame.x_ticks, signed=True), x, "estimated cost, basis points"),
        y_title(frame, "realised cost, basis points"),
        _same(across, up, x, y),
        *[_mark(point, x(point.estimated), y(point.realised), titled=not frame.narrow) for point in points],
        *[_mean(symbol, line, x, y) for symbol, line in means],
    )


def _widened(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(*values, 0.0), max(*values, 0.0)
    margin = (high - low) * 0.06 or 0.1
    return low - margin, high + margin


def _same(across: tuple[float, float], up: tuple[float, float], x: Scale, y: Scale) -> Html | None:
    """Returns the part of the diagonal within both axes."""
    low, high = max(across[0], up[0]), min(across[1], up[1])
    return tag("line", class_="same", x1=x(low), y1=y(low), x2=x(high), y2=y(high)) if low < high else None


def _role(fill: FillSample) -> str:
    return "maker" if fill.maker else "taker"


def _mark(point: _Point, x: float, y: float, *, titled: bool) -> Html:
    fill = point.fill
    words = (
        f"{time_of_day(fill.time_ns)} {point.symbol}: {fill.side} {fill.size} at {amount(fill.price)}, {_role(fill)}; "
        f"estimated {bps(point.estimated)}, realised {bps(point.realised)} bps"
    )
    title = tag("title", words) if titled else None
    return tag("circle", title, class_=f"point {_role(fill)}", cx=x, cy=y, r=3)


def _mean(symbol: str, line: SlippageReport, x: Scale, y: Scale) -> Html | None:
    if line.estimated_bps is None or line.realised_bps is None:
        return None
    words = f"{symbol}, {line.role}: mean of {count_of(line.fills, 'fill')}"
    at_x, at_y = x(line.estimated_bps), y(line.realised_bps)
    shape = f"M{at_x - 8:.1f} {at_y:.1f}h16M{at_x:.1f} {at_y - 8:.1f}v16"
    return join(tag("path", class_="mean ground", d=shape), tag("path", tag("title", words), class_="mean", d=shape))


def _describe(points: Sequence[_Point], means: Sequence[tuple[str, SlippageReport]]) -> str:
    reported = "; ".join(
        f"{symbol}, {line.role}: estimated {bps(line.estimated_bps)}, realised {bps(line.realised_bps)}"
        for symbol, line in means
    )
    return (
        f"Estimated and realised cost of {count_of(len(points), 'fill')}, in basis points. {reported}. "
        "The table has the totals."
    )
