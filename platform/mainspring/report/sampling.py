"""Reduces the points of a chart without losing an extreme."""

from collections.abc import Sequence

from mainspring.report.trading import MidPoint

__all__ = ["downsample"]


def downsample(points: Sequence[MidPoint], at_most: int) -> list[MidPoint]:
    """Returns at most `at_most` (4 or more) of the points, in order.

    They are the first, the lowest, the highest and the last of each equal stretch of time. Drawn at `at_most / 4`
    pixels, the line is the one that all points would give (Jugel, Jerzak, Hackenbroich and Markl 2014, M4).
    """
    if len(points) <= at_most:
        return list(points)
    stretches = at_most // 4
    start_ns = points[0].time_ns
    span_ns = points[-1].time_ns - start_ns + 1
    kept: list[MidPoint] = []
    begin = 0
    for stretch in range(1, stretches + 1):
        end_ns = start_ns + stretch * span_ns // stretches
        end = begin
        while end < len(points) and points[end].time_ns < end_ns:
            end += 1
        kept += _extremes(points, begin, end)
        begin = end
    return kept


def _extremes(points: Sequence[MidPoint], begin: int, end: int) -> list[MidPoint]:
    if begin == end:
        return []
    indices = range(begin, end)
    lowest = min(indices, key=lambda index: points[index].price)
    highest = max(indices, key=lambda index: points[index].price)
    return [points[index] for index in sorted({begin, lowest, highest, end - 1})]
