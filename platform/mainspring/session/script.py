"""Feeds a session's journalled inputs again, each at its position among the messages."""

import sys
from collections.abc import Iterator, Sequence
from itertools import chain

from mainspring.errors import DataError
from mainspring.journal import Input
from mainspring.lane import Event, Kill, Messages, Send, SetFlag, Started
from mainspring.seams import NEVER_NS
from mainspring.session.inputs import decode_event
from mainspring.session.replay import Replay

__all__ = ["Script", "ScriptedReplay"]


class Script:
    """The inputs of a journalled session, in order. `whole` says that they have all that it was fed but messages.

    Otherwise they have only what came from outside, commands, and the rest follows from config and captures.
    """

    def __init__(self, inputs: Iterator[Input]) -> None:
        # Kills and flags that outlived an earlier session come before what starts this one.
        first: list[Input] = []
        started = False
        for one in inputs:
            first.append(one)
            event = decode_event(one.event)
            started = isinstance(event, Started)
            if not isinstance(event, Kill | SetFlag):
                break
        self._inputs = chain(first, inputs)
        self._event: Event | None
        self._position: tuple[int, ...]
        self._advance()
        self.whole = started

    def left(self, feed: int, fed: int) -> int:
        """Returns how many messages of a feed come before the next input, if `fed` of them have been fed."""
        return sys.maxsize if self._event is None else self._position[feed] - fed

    def due(self, fed: Sequence[int]) -> Iterator[Event]:
        """Yields the inputs that come next, where each feed has been fed that many messages."""
        while self._event is not None and self._position == tuple(fed):
            event = self._event
            self._advance()
            yield event

    def check_end(self) -> None:
        """Raises `DataError` if an input is left: the messages aren't those of the session."""
        if self._event is not None:
            raise DataError(
                f"the inputs don't fit this session: one came after {self._position} messages of its feeds, more than "
                "there are now; bring back the captures that it read"
            )

    def _advance(self) -> None:
        following = next(self._inputs, None)
        self._event = None if following is None else decode_event(following.event)
        self._position = () if following is None else following.messages


class ScriptedReplay(Replay):
    """Replays a session whose script is whole: when things fell due, and what its venues said, is in the script.

    Routers are sent nothing and aren't polled.
    """

    _takes_executions = False

    def prepare(self) -> None:
        """Reads the beginning of each feed; the script has what started the session."""
        self.started = True
        for feed in self.feeds:
            feed.refill()

    def finish(self) -> None:
        """Raises the first of `failures`; the script has what ended the session."""
        self.close()
        super()._raise_failures()

    def feed(self, event: Event) -> None:
        """Hands the lane an event. Raises `DataError` if something is due before a message that wasn't then."""
        super().feed(event)
        if isinstance(event, Messages) and self.lane.at == event.start:
            raise DataError(
                f"the inputs don't fit this session: at {self.lane.next_due_ns} ns something is due that wasn't when "
                "they were journalled; run them with the config of that session"
            )

    def due_ns(self, feed: int) -> int:
        """Never: nothing falls due but what the script has."""
        return NEVER_NS

    def settle(self, now_ns: int) -> bool:
        """Does nothing."""
        return False

    def drain(self) -> None:
        """Does nothing: what became of open orders is in the script."""

    def _do_send(self, send: Send) -> None:
        """Sends nothing."""

    def _raise_failures(self) -> None:
        """Goes on: what a failure led to is in the script too."""
