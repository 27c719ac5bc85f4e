"""What only the runner knows of a session."""

from collections.abc import Callable, Sequence
from operator import gt

import msgspec

from mainspring.seams import RawMessage

__all__ = ["SessionTotals"]


class SessionTotals(msgspec.Struct):
    """What only the runner knows of one feed's messages: how many went through, and when they were received."""

    messages: int = 0
    first_receive_ns: int = 0
    last_receive_ns: int = 0
    times_back: int = 0

    def count(self, messages: Sequence[RawMessage], start: int, stop: int) -> None:
        """Takes down that messages from `start` to before `stop` were run."""
        tally: Callable[[int, int, int], tuple[int, int, int]] | None = getattr(messages, "tally", None)
        if tally is None:
            times = [self.last_receive_ns, *(receive_time_ns for receive_time_ns, _ in messages[start:stop])]
            first = next(filter(None, times[1:]), 0)
            back, last = sum(map(gt, times, times[1:])), times[-1]
        else:
            # A batch of a decoder's own kind counts without an object a message.
            first, back, last = tally(start, stop, self.last_receive_ns)
        self.messages += stop - start
        self.times_back += back
        self.last_receive_ns = last
        self.first_receive_ns = self.first_receive_ns or first
