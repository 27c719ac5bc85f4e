"""Converts samples of a session's progress to rates over stretches of it."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from mainspring.report.machine import PacePoint

__all__ = ["Stretch", "has_market_time", "stretches"]


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of a session, from one sample to the next.

    Times are nanoseconds: `wall` since the session's start, `receive` from the messages. `arrived` is the rate in
    messages per second of market time, None if no market time passed.
    """

    wall_from_ns: int
    wall_to_ns: int
    receive_from_ns: int
    receive_to_ns: int
    messages: int
    processed: float
    arrived: float | None


def stretches(pace: Sequence[PacePoint], first_receive_ns: int, at_most: int) -> list[Stretch]:
    """Returns the rates between the samples over the whole session; if more than `at_most`, neighbours are merged."""
    points = [PacePoint(0, 0, first_receive_ns), *pace]
    count = len(points) - 1
    cuts = range(count + 1) if count <= at_most else [place * count // at_most for place in range(at_most + 1)]
    chosen = [points[cut] for cut in cuts]
    return [_between(start, end) for start, end in pairwise(chosen) if end.wall_ns > start.wall_ns]


def has_market_time(found: Sequence[Stretch]) -> bool:
    """Whether market time passed in every stretch, so that it can be an axis."""
    return bool(found) and all(one.arrived is not None for one in found)


def _between(start: PacePoint, end: PacePoint) -> Stretch:
    messages = end.messages - start.messages
    market_ns = end.receive_ns - start.receive_ns
    return Stretch(
        start.wall_ns,
        end.wall_ns,
        start.receive_ns,
        end.receive_ns,
        messages,
        messages * 1e9 / (end.wall_ns - start.wall_ns),
        messages * 1e9 / market_ns if market_ns > 0 else None,
    )
