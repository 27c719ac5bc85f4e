"""Ticks at round times of day."""

from datetime import UTC, datetime

from mainspring.report.page.axes import Tick

__all__ = ["SECOND_NS", "time_ticks"]

SECOND_NS = 1_000_000_000
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)


def time_ticks(start_ns: int, span_s: float, at_most: int) -> list[Tick]:
    """Returns at most `at_most` ticks at round times (UTC), in seconds from the start.

    Nanoseconds since 1970 would have more digits than a float.
    """
    whole_days = span_s / (at_most * 86_400)
    step_s = next((step for step in _STEPS_S if span_s / step <= at_most), 86_400 * (int(whole_days) + 1))
    start_s, rest_ns = divmod(start_ns, SECOND_NS)
    first = -(-start_ns // (step_s * SECOND_NS)) * step_s
    pattern = "%m-%d" if step_s >= 86_400 else "%H:%M" if step_s >= 60 else "%H:%M:%S"
    ticks = []
    for time_s in range(first, start_s + int(span_s) + 2, step_s):
        at = time_s - start_s - rest_ns / SECOND_NS
        if 0 <= at <= span_s:
            ticks.append(Tick(at, datetime.fromtimestamp(time_s, tz=UTC).strftime(pattern)))
    return ticks
