"""Totals of a session that only the runner knows."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial
from operator import gt
from typing import TypeAlias

import msgspec

from mainspring.report import ClockStep
from mainspring.seams import RawMessage

__all__ = ["SessionTotals"]

_Tally: TypeAlias = Callable[[int, int, int], tuple[int, int, int]]


class SessionTotals(msgspec.Struct):
    """How many of one feed's messages were run, and when they were received."""

    messages: int = 0
    first_receive_ns: int = 0
    last_receive_ns: int = 0
    times_back: int = 0
    first_back: ClockStep | None = None

    def count(self, messages: Sequence[RawMessage], start: int, stop: int) -> None:
        """Counts the messages from index `start` up to, but not including, `stop`."""
        # A batch of the decoder's own type is counted without creating an object per message.
        tally: _Tally = getattr(messages, "tally", None) or partial(_tally, messages)
        if stop - start == 1:
            # Each message of a live session is counted alone.
            first = last = messages[start][0]
            back = int(last < self.last_receive_ns)
        else:
            first, back, last = tally(start, stop, self.last_receive_ns)
        if back and self.first_back is None:
            self.first_back = self._first_back(tally, start, stop)
        self.messages += stop - start
        self.times_back += back
        self.last_receive_ns = last
        self.first_receive_ns = self.first_receive_ns or first

    def _first_back(self, tally: _Tally, start: int, stop: int) -> ClockStep:
        """Where among these messages a receive time first went back, found by halves."""
        last_ns = self.last_receive_ns
        ends = range(start + 1, stop + 1)
        end = ends[bisect_left(ends, 1, key=lambda end: min(tally(start, end, last_ns)[1], 1))]
        return ClockStep(
            message=self.messages + end - start,
            from_ns=tally(start, end - 1, last_ns)[2],
            to_ns=tally(start, end, last_ns)[2],
        )


def _tally(messages: Sequence[RawMessage], start: int, stop: int, last_ns: int) -> tuple[int, int, int]:
    """The first receive time that isn't zero, how often one went back from the one above it, and the last."""
    times = [last_ns, *(receive_time_ns for receive_time_ns, _ in messages[start:stop])]
    return next(filter(None, times[1:]), 0), sum(map(gt, times, times[1:])), times[-1]
