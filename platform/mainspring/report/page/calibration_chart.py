"""Fitted costs against those that were realised: two marks for each group of orders of similar expected cost."""

from collections.abc import Sequence

import msgspec

from mainspring.report.calibration import Bin, Calibration
from mainspring.report.figures import bps, count_of
from mainspring.report.page.axes import Frame, number_ticks, scale, x_axis, y_axis, y_title
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, tag
from mainspring.report.page.shell import page, section
from mainspring.report.page.table import table

__all__ = ["calibration_page"]


def calibration_page(found: Sequence[Calibration]) -> str:
    """Returns a page with a chart and its figures for each that was fitted."""
    parts = [_section(one) for one in found if one.options]
    note = "Each mark is a tenth of the orders that took liquidity, by their expected cost. On the line both are equal."
    return page("Calibration", tag("header", tag("h1", "Slippage calibration"), tag("p", note, class_="soft")), *parts)


def _section(one: Calibration) -> Html:
    key = legend([swatch("maker", "as it is"), swatch("taker", "fitted"), swatch("same", "where both are the same")])
    chart = figure("Cost of orders, expected and realised", lambda frame: _drawing(frame, one.bins), key=key)
    titles = ("option", "now", "fitted", "from", "to")
    rows = [
        (option.option, *(f"{value:.4g}" for value in (option.now, option.fitted, option.low, option.high)))
        for option in one.options
    ]
    name = one.instrument or f"all of {one.venue}"
    fitted = table("What was fitted", titles, rows, words=frozenset({0}))
    return section(f"{name}: {count_of(one.orders, 'order')}", chart, fitted, _bins(one.bins))


def _bins(bins: Sequence[Bin]) -> Html:
    rows = [
        (f"{place}", f"{one.orders:,}", bps(one.expected_bps), bps(one.fitted_bps), bps(one.realised_bps))
        for place, one in enumerate(bins, 1)
    ]
    titles = ("tenth", "orders", "as it is, bps", "fitted, bps", "realised, bps")
    return table("Expected and realised cost", titles, rows, words=frozenset({0}))


def _drawing(frame: Frame, bins: Sequence[Bin]) -> Html:
    frame = msgspec.structs.replace(frame, top=34)
    across = _widened([cost for one in bins for cost in (one.expected_bps, one.fitted_bps)])
    up = _widened([one.realised_bps for one in bins])
    x, y = scale(across, frame.x_range), scale(up, frame.y_range)
    low, high = max(across[0], up[0]), min(across[1], up[1])
    same = tag("line", class_="same", x1=x(low), y1=y(low), x2=x(high), y2=y(high)) if low < high else None
    words = "; ".join(f"expected {bps(one.fitted_bps)}, realised {bps(one.realised_bps)}" for one in bins)
    return drawing(
        frame,
        "slippage",
        f"Fitted and realised cost in basis points, by tenths of the orders: {words}.",
        y_axis(frame, number_ticks(*up, 7, signed=True), y),
        x_axis(frame, number_ticks(*across, frame.x_ticks, signed=True), x, "expected cost, basis points"),
        y_title(frame, "realised cost, basis points"),
        same,
        *[_mark("maker", x(one.expected_bps), y(one.realised_bps)) for one in bins],
        *[_mark("taker", x(one.fitted_bps), y(one.realised_bps)) for one in bins],
    )


def _mark(kind: str, x: float, y: float) -> Html:
    return tag("circle", class_=f"point {kind}", cx=x, cy=y, r=5)


def _widened(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(*values, 0.0), max(*values, 0.0)
    margin = (high - low) * 0.06 or 0.1
    return low - margin, high + margin
