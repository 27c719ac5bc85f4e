"""Charts benchmarks of the same work: a bar each, proportional to the time of one operation."""

from collections.abc import Mapping, Sequence
from typing import Any

from mainspring.report.figures import latency, round_latency
from mainspring.report.page.axes import Frame, Scale, Tick, log_scale, log_ticks, number_ticks, scale, x_axis
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.page.rows import Row, rows_frame, rows_labels

__all__ = ["timings_chart", "timings_key"]

_BAR = 12.0
_LINEAR_UP_TO = 30.0


def timings_chart(title: str, rows: Sequence[Mapping[str, Any]], *, short: bool = False) -> Html:
    """Charts rows of `mainspring bench`, fastest first.

    `short` labels the bars with what stands before the colon of their names: who does the work that `title` names.

    Bars start at zero; where the slowest takes more than thirty times as long as the fastest, there is a mark for each
    on a logarithmic axis instead.
    """
    ordered = sorted(rows, key=lambda row: row["one_ns"])
    return figure(title, lambda frame: _drawing(frame, title, ordered, short=short))


def timings_key() -> Html:
    """Returns the legend of such charts."""
    return legend(
        [
            swatch("timed", "one operation, the median of the rounds"),
            swatch("missed", "the same, missing its aim"),
            swatch("whisker", "spread of the rounds"),
            swatch("aim", "the time that it is held to"),
        ]
    )


def _drawing(frame: Frame, title: str, rows: Sequence[Mapping[str, Any]], *, short: bool) -> Html:
    frame = rows_frame(frame, len(rows), stacked=not short)
    ends = [row["one_ns"] * (1 + row["spread"]) for row in rows]
    ends += [row["target_us"] * 1e3 for row in rows if row["target_us"] is not None]
    fastest = min(row["one_ns"] for row in rows)
    linear = max(ends) <= _LINEAR_UP_TO * fastest
    if linear:
        high = max(ends) * 1.05
        x = scale((0, high), frame.x_range)
        ticks = [
            Tick(tick.at, round_latency(tick.at, "µs") if tick.at else "0")
            for tick in number_ticks(0, high, frame.x_ticks)
        ]
    else:
        domain = fastest / 1.5, max(ends) * 1.5
        x = log_scale(domain, frame.x_range)
        ticks = log_ticks(*domain, lambda ns: round_latency(ns, "µs"), frame.x_ticks + 1)
    middles, labels = rows_labels(frame, [Row(_name(row, short=short), _remark(row)) for row in rows])
    return drawing(
        frame,
        "timings",
        f"{title}. {'; '.join(map(_words, rows))}.",
        x_axis(frame, ticks, x, "one operation"),
        *[_row(row, x, middle, from_zero=linear) for row, middle in zip(rows, middles, strict=True)],
        labels,
    )


def _remark(row: Mapping[str, Any]) -> str:
    ratio = f", {row['ratio']:.2f}x" if row["ratio"] is not None else ""
    return f"{latency(row['one_ns'], 'µs')}{ratio}"


def _name(row: Mapping[str, Any], *, short: bool) -> str:
    name: str = row["benchmark"]
    return name.partition(": ")[0] if short else name


def _words(row: Mapping[str, Any]) -> str:
    return f"{row['benchmark']}: {_remark(row)}"


def _row(row: Mapping[str, Any], x: Scale, middle: float, *, from_zero: bool) -> Html:
    one_ns, spread = row["one_ns"], row["spread"]
    low, at, high = x(one_ns * (1 - spread)), x(one_ns), x(one_ns * (1 + spread))
    words = tag("title", f"{_words(row)}, ±{spread:.1%}, on {row['input']}")
    colour = "missed" if row["met"] is False else "timed"
    if from_zero:
        mark = tag("rect", words, class_=colour, x=x(0), y=middle - _BAR / 2, width=at - x(0), height=_BAR, rx=3)
    else:
        mark = tag("circle", words, class_=colour, cx=at, cy=middle, r=6)
    aim = None
    if row["target_us"] is not None:
        stands = x(row["target_us"] * 1e3)
        aim = tag("line", class_="aim", x1=stands, x2=stands, y1=middle - 10, y2=middle + 10)
    return join(mark, tag("line", class_="whisker", x1=low, x2=high, y1=middle, y2=middle), aim)
