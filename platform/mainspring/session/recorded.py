"""Runs a lane again from its recorded inputs."""

from collections.abc import Iterator, Sequence
from itertools import islice

from mainspring.host.wiring import Wired
from mainspring.lane import Event, Messages
from mainspring.session.replay import ReplayFeed
from mainspring.session.scripted_driver import ScriptedDriver

__all__ = ["RecordedReplay"]

_STEP = 512


class RecordedReplay(ScriptedDriver):
    """Feeds a lane what it was fed before. Has the interface of `Replay`.

    `feeds` have no messages of their own; their totals count those of the recording.
    """

    def __init__(self, wired: Wired, feeds: Sequence[ReplayFeed], events: Iterator[Event]) -> None:
        super().__init__(wired)
        self.feeds = tuple(feeds)
        self._events = events

    def prepare(self) -> None:
        """Calls no strategy before the recording has what started the session."""
        self.lane.strategies.hold()

    def step(self) -> bool:
        """Feeds some of the events. Returns False if none were left; then it raises the first of `failures`."""
        taken = False
        for event in islice(self._events, _STEP):
            taken = True
            self.replay(event)
            if type(event) is Messages:
                self.feeds[event.feed].totals.count(event.messages, 0, len(event.messages))
        self.lane.fold()
        # Not before: what the failure led to was recorded too.
        if not taken and self.failures:
            raise self.failures[0]
        return taken

    def finish(self) -> None:
        """Does nothing more than `close`: the recording has what ended the session."""
        self.close()

    def close(self) -> None:
        """Brings all counts up to date. Calls no plugin."""
        self.lane.fold()
