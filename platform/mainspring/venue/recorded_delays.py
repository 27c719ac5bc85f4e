"""Delays as they were recorded, interpolated over time."""

from bisect import bisect_right
from collections.abc import Sequence

from mainspring.errors import DataError

__all__ = ["RecordedDelays"]


class RecordedDelays:
    """The delay at a time, on the line between the recorded messages before and after it.

    Before the first message it is the first one's, from the last one on the last one's. The arithmetic is in integers,
    rounded down. It is that of hftbacktest's `IntpOrderLatency`
    (https://hftbacktest.readthedocs.io/en/latest/latency_models.html).

    `sent_ns` says when each message was sent, `delays_ns` what it took.
    """

    __slots__ = ("delays_ns", "sent_ns")

    def __init__(self, sent_ns: Sequence[int], arrived_ns: Sequence[int]) -> None:
        """Takes when each message was sent, in rising order, and when it arrived, in nanoseconds.

        Raises `DataError`, which gives the number of the message, from 1, if one arrived before it was sent or was sent
        before the one ahead of it, or if there is none.
        """
        if not sent_ns:
            raise DataError("there is no message in it")
        for number, (sent, arrived) in enumerate(zip(sent_ns, arrived_ns, strict=True), start=1):
            if arrived < sent:
                raise DataError(f"message {number} arrived at {arrived}, before it was sent at {sent}")
            if number > 1 and sent < sent_ns[number - 2]:
                raise DataError(
                    f"message {number} was sent at {sent}, before the one ahead of it; sort the file by time"
                )
        self.sent_ns = tuple(sent_ns)
        self.delays_ns = tuple(arrived - sent for sent, arrived in zip(sent_ns, arrived_ns, strict=True))

    def at_ns(self, time_ns: int) -> int:
        """Returns the delay of a message that is sent at `time_ns`."""
        after = bisect_right(self.sent_ns, time_ns)
        if after == 0:
            return self.delays_ns[0]
        first = self.delays_ns[after - 1]
        if after == len(self.sent_ns):
            return first
        start_ns, end_ns = self.sent_ns[after - 1], self.sent_ns[after]
        return first + (self.delays_ns[after] - first) * (time_ns - start_ns) // (end_ns - start_ns)
