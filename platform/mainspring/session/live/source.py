"""What a feed has received and the lane hasn't run yet, and the wall clock that a live session goes by."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from mainspring.data.recording import RecordingWriter
from mainspring.seams import NOTE, RawMessage
from mainspring.session.source import MessageSource

__all__ = ["LiveSource", "SteadyClock"]


class SteadyClock:
    """The wall clock, in nanoseconds since the Unix epoch, that never goes back: where it was set back it waits.

    No part of a session gets an earlier time than another part had before.
    """

    def __init__(self, read_ns: Callable[[], int] = time.time_ns) -> None:
        self._read_ns = read_ns
        self._last_ns = 0

    def now_ns(self) -> int:
        """The time."""
        return self.at_least(self._read_ns())

    def at_least(self, time_ns: int) -> int:
        """A time that was read, or the last one given if that is later."""
        self._last_ns = max(self._last_ns, time_ns)
        return self._last_ns


class LiveSource(MessageSource):
    """Messages as they arrive. `take` returns what there is, none if none has come: the session goes on all the same.

    What happens to the connection stands among the messages as notes, so that `recording`, where everything is written
    that the lane is given, replays as the session ran.
    """

    def __init__(self, name: str, clock: SteadyClock, recording: RecordingWriter | None = None) -> None:
        super().__init__(name)
        self._clock = clock
        self._waiting: list[RawMessage] = []
        self._recording = recording
        self._unrecorded: list[RawMessage] = []
        self._open = ExitStack()
        if recording is not None:
            self._open.enter_context(recording)
        self.note("started")

    def push(self, messages: Sequence[RawMessage]) -> None:
        """Adds messages, each with the time at which it was read."""
        at_least = self._clock.at_least
        added = [(at_least(read_ns), raw) for read_ns, raw in messages]
        self._waiting += added
        if self._recording is not None:
            self._unrecorded += added

    def record(self) -> None:
        """Records what was added since the last call. Raises `OSError` if it can't be."""
        if self._recording is not None:
            added, self._unrecorded = self._unrecorded, []
            for receive_time_ns, raw in added:
                self._recording.write(receive_time_ns, raw)

    def note(self, said: str) -> None:
        """Adds a note: `mainspring.seams.NOTE` and what is said. Raises as `record` does."""
        self.push([(self._clock.now_ns(), NOTE + said.encode())])
        self.record()

    def take(self, count: int) -> Sequence[RawMessage]:
        """See `MessageSource.take`."""
        taken, self._waiting = self._waiting, []
        return taken

    def close(self) -> None:
        """Ends the recording."""
        try:
            self.record()
        finally:
            self._open.close()
