"""The mid price over time, with our orders and fills marked on it."""

from collections.abc import Callable, Sequence

from mainspring.report.figures import amount, count_of, time_of_day
from mainspring.report.page.axes import Frame, Scale, number_ticks, scale, x_axis, y_axis
from mainspring.report.page.figure import drawing, figure, legend, swatch
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.page.time_axis import SECOND_NS, time_ticks
from mainspring.report.sampling import downsample
from mainspring.report.trading import FillSample, InstrumentReport, MidPoint, OrderSample

__all__ = ["MOST_MARKS", "price_chart"]

MOST_MARKS = 4000
"""More fills than this would overlap; if there are more, this many are drawn, evenly spaced."""

_FEW_MARKS = 400


def price_chart(instrument: InstrumentReport, table: Html | None = None) -> Html:
    """Returns the chart for wide and for narrow screens. The instrument has at least one mid price or fill."""
    return figure(
        "Mid price, orders and fills", lambda frame: _drawing(frame, instrument), key=_key(instrument), table=table
    )


def _drawing(frame: Frame, instrument: InstrumentReport) -> Html:
    mids = downsample(instrument.mids, frame.most_points)
    marks = _some(instrument.fill_samples)
    times = [mid.time_ns for mid in mids] + [mark.time_ns for mark in marks]
    start_ns = min(times)
    # Seconds from the start, because nanoseconds since 1970 have more digits than a float.
    span_s = max((max(times) - start_ns) / SECOND_NS, 1e-3)
    prices = [mid.price for mid in mids] + [float(mark.price) for mark in marks]
    low, high = _widened(min(prices), max(prices))
    x = scale((0, span_s), frame.x_range)
    y = scale((low, high), frame.y_range)

    def at(time_ns: int) -> float:
        return x((time_ns - start_ns) / SECOND_NS)

    size = 5.0 if len(marks) <= _FEW_MARKS else 3.0
    within = [one for one in instrument.order_samples if _is_within(one, start_ns, span_s, low, high)]
    return drawing(
        frame,
        "price",
        _describe(instrument),
        y_axis(frame, number_ticks(low, high, 7), y),
        x_axis(frame, time_ticks(start_ns, span_s, frame.x_ticks), x, "time, UTC"),
        _mid_line(with_fills(mids, marks), at, y),
        *[_sent(within, side, at, y) for side in ("buy", "sell")],
        *[_mark(mark, at(mark.time_ns), y(float(mark.price)), size, titled=not frame.narrow) for mark in marks],
    )


def _is_within(one: OrderSample, start_ns: int, span_s: float, low: float, high: float) -> bool:
    """Whether an order is drawn: one at a distant price would flatten everything else."""
    if one.price is None:
        return False
    return low <= float(one.price) <= high and 0 <= one.time_ns - start_ns <= span_s * SECOND_NS


def _sent(orders: Sequence[OrderSample], side: str, at: Callable[[int], float], y: Scale) -> Html | None:
    """Draws a dash for each order of a side, all in one path because there may be thousands."""
    dashes = [
        f"M{at(one.time_ns) - 3.5:.1f} {y(float(one.price)):.1f}h7"
        for one in orders
        if one.side == side and one.price is not None
    ]
    return tag("path", class_=f"sent {side}", d="".join(dashes)) if dashes else None


def with_fills(mids: Sequence[MidPoint], fills: Sequence[FillSample]) -> list[MidPoint]:
    """Returns the samples of the mid plus its values at each fill, by time, so that every fill is on the line."""
    at_fills = [MidPoint(one.time_ns, mid) for one in fills for mid in (one.mid, one.mid_after) if mid is not None]
    return sorted([*mids, *at_fills], key=lambda point: point.time_ns)


def _some(marks: Sequence[FillSample]) -> list[FillSample]:
    if len(marks) <= MOST_MARKS:
        return list(marks)
    return [marks[place * len(marks) // MOST_MARKS] for place in range(MOST_MARKS)]


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = (high - low) * 0.04 or abs(high) * 1e-4 or 1.0
    return low - margin, high + margin


def _mid_line(mids: Sequence[MidPoint], at: Callable[[int], float], y: Scale) -> Html | None:
    if not mids:
        return None
    points = " ".join(f"{at(mid.time_ns):.1f},{y(mid.price):.1f}" for mid in mids)
    return tag("polyline", class_="mid", points=points)


def _mark(mark: FillSample, x: float, y: float, size: float, *, titled: bool) -> Html:
    side = "buy" if mark.side == "buy" else "sell"
    role = "maker" if mark.maker else "taker"
    # The tip of the triangle touches the price: a buy from below, a sell from above.
    down = 1.8 * size if side == "buy" else -1.8 * size
    shape = f"M{x:.1f} {y:.1f}l{size:g} {down:g}h{-2 * size:g}z"
    # Nobody points at anything on a phone, and titles are most of what a mark weighs.
    title = tag("title", _describe_fill(mark, role)) if titled else None
    return tag("path", title, class_=f"fill {side} {role}", d=shape)


def _describe_fill(mark: FillSample, role: str) -> str:
    return f"{time_of_day(mark.time_ns)} {mark.side} {mark.size} at {amount(mark.price)}, {role}, {mark.strategy}"


def _key(instrument: InstrumentReport) -> Html:
    def item(side: str, role: str) -> Html:
        up = "M8 2l6 11h-12z" if side == "buy" else "M8 14l6-11h-12z"
        shape = tag(
            "svg",
            tag("path", class_=f"fill {side} {role}", d=up),
            class_="key",
            viewBox="0 0 16 16",
            aria_hidden="true",
        )
        count = sum(mark.side == side and mark.maker == (role == "maker") for mark in instrument.fill_samples)
        return join(shape, f"{count:,} {side}, {role}")

    entries = [swatch("mid", "mid price")]
    sides = [side for side in ("buy", "sell") if any(one.side == side for one in instrument.order_samples)]
    entries += [swatch(f"dash {side}", f"{side} order sent or moved") for side in sides]
    entries += [item(side, role) for side in ("buy", "sell") for role in ("maker", "taker")]
    drawn, fills = min(len(instrument.fill_samples), MOST_MARKS), max(instrument.fills, len(instrument.fill_samples))
    if drawn < fills:
        entries.append(join(f"{drawn:,} of {fills:,} fills are drawn"))
    if len(instrument.order_samples) < instrument.orders_sent:
        entries.append(join(f"{len(instrument.order_samples):,} of {instrument.orders_sent:,} orders are drawn"))
    return legend(entries)


def _describe(instrument: InstrumentReport) -> str:
    fills = count_of(len(instrument.fill_samples), "fill")
    if not instrument.mids:
        return f"{instrument.symbol}: {fills}; no mid price was known."
    prices = [mid.price for mid in instrument.mids]
    return (
        f"{instrument.symbol}: the mid price from {prices[0]:,.10g} to {prices[-1]:,.10g}, between {min(prices):,.10g} "
        f"and {max(prices):,.10g}, with {fills} and {count_of(len(instrument.order_samples), 'order')} marked on it."
    )
