"""The mid price over time, with our fills marked on it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from mainspring.report.figures import amount, count_of
from mainspring.report.model import FillMark, InstrumentReport, MidPoint
from mainspring.report.page.axes import FRAMES, Frame, Tick, nice_step, scale, x_axis, y_axis
from mainspring.report.page.markup import Html, join, tag
from mainspring.report.sampling import downsample

__all__ = ["MOST_MARKS", "price_chart"]

MOST_MARKS = 4000
"""More fills than this can't be told apart; of more, this many are drawn, at even distances."""

_SECOND_NS = 1_000_000_000
_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
_Scale = Callable[[float], float]


def price_chart(instrument: InstrumentReport) -> Html:
    """The chart for wide and for narrow screens. The instrument has at least one mid price or fill."""
    return join(*[_drawing(frame, instrument) for frame in FRAMES], _key(instrument))


def _drawing(frame: Frame, instrument: InstrumentReport) -> Html:
    mids = downsample(instrument.mids, frame.most_points)
    marks = _some(instrument.marks)
    times = [mid.time_ns for mid in mids] + [mark.time_ns for mark in marks]
    start_ns = min(times)
    # Seconds from the start, because nanoseconds since 1970 have more digits than a float.
    span_s = max((max(times) - start_ns) / _SECOND_NS, 1e-3)
    prices = [mid.price for mid in mids] + [float(mark.price) for mark in marks]
    low, high = _widened(min(prices), max(prices))
    x = scale((0, span_s), frame.x_range)
    y = scale((low, high), frame.y_range)

    def at(time_ns: int) -> float:
        return x((time_ns - start_ns) / _SECOND_NS)

    return tag(
        "svg",
        y_axis(frame, _price_ticks(low, high), y),
        x_axis(frame, _time_ticks(start_ns, span_s, frame.x_ticks), x, "time, UTC"),
        _mid_line(mids, at, y),
        *[_mark(mark, at(mark.time_ns), y(float(mark.price))) for mark in marks],
        class_=f"chart {frame.name}",
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
        aria_label=_in_words(instrument),
    )


def _some(marks: Sequence[FillMark]) -> list[FillMark]:
    if len(marks) <= MOST_MARKS:
        return list(marks)
    return [marks[place * len(marks) // MOST_MARKS] for place in range(MOST_MARKS)]


def _widened(low: float, high: float) -> tuple[float, float]:
    margin = (high - low) * 0.04 or abs(high) * 1e-4 or 1.0
    return low - margin, high + margin


def _price_ticks(low: float, high: float) -> list[Tick]:
    step = nice_step(high - low, 7)
    decimals = max(0, len(f"{step:.10f}".rstrip("0").partition(".")[2]))
    first = -int(-low // step)
    return [Tick(place * step, f"{place * step:,.{decimals}f}") for place in range(first, int(high // step) + 1)]


def _time_ticks(start_ns: int, span_s: float, at_most: int) -> list[Tick]:
    whole_days = span_s / (at_most * 86_400)
    step_s = next((step for step in _TIME_STEPS_S if span_s / step <= at_most), 86_400 * (int(whole_days) + 1))
    start_s, rest_ns = divmod(start_ns, _SECOND_NS)
    first = -(-start_ns // (step_s * _SECOND_NS)) * step_s
    pattern = "%m-%d" if step_s >= 86_400 else "%H:%M" if step_s >= 60 else "%H:%M:%S"
    ticks = []
    for time_s in range(first, start_s + int(span_s) + 2, step_s):
        at = time_s - start_s - rest_ns / _SECOND_NS
        if 0 <= at <= span_s:
            ticks.append(Tick(at, datetime.fromtimestamp(time_s, tz=UTC).strftime(pattern)))
    return ticks


def _mid_line(mids: Sequence[MidPoint], at: Callable[[int], float], y: _Scale) -> Html | None:
    if not mids:
        return None
    points = " ".join(f"{at(mid.time_ns):.1f},{y(mid.price):.1f}" for mid in mids)
    return tag("polyline", class_="mid", points=points)


def _mark(mark: FillMark, x: float, y: float) -> Html:
    side = "buy" if mark.side == "buy" else "sell"
    role = "maker" if mark.maker else "taker"
    # The tip of the triangle touches the price: a buy from below, a sell from above.
    shape = f"M{x:.1f} {y:.1f}l5 9h-10z" if side == "buy" else f"M{x:.1f} {y:.1f}l5-9h-10z"
    return tag("path", tag("title", _fill_words(mark, role)), class_=f"fill {side} {role}", d=shape)


def _fill_words(mark: FillMark, role: str) -> str:
    when = datetime.fromtimestamp(mark.time_ns // _SECOND_NS, tz=UTC).strftime("%H:%M:%S")
    return f"{when} {mark.side} {mark.size} at {amount(mark.price)}, {role}, {mark.strategy}"


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
        count = sum(mark.side == side and mark.maker == (role == "maker") for mark in instrument.marks)
        return tag("li", shape, f"{count:,} {side}, {role}")

    items = [item(side, role) for side in ("buy", "sell") for role in ("maker", "taker")]
    if len(instrument.marks) > MOST_MARKS:
        items.append(tag("li", f"{MOST_MARKS:,} of {len(instrument.marks):,} fills are drawn"))
    return tag("ul", tag("li", tag("i", class_="swatch mid"), "mid price"), *items, class_="legend")


def _in_words(instrument: InstrumentReport) -> str:
    fills = count_of(len(instrument.marks), "fill")
    if not instrument.mids:
        return f"{instrument.symbol}: {fills}; no mid price was known."
    prices = [mid.price for mid in instrument.mids]
    return (
        f"{instrument.symbol}: the mid price from {prices[0]:,.10g} to {prices[-1]:,.10g}, between {min(prices):,.10g} "
        f"and {max(prices):,.10g}, with {fills} marked on it."
    )
