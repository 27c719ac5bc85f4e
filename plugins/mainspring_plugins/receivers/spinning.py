"""Waits without sleeping: the lane's thread looks again and again, and gives other tasks their turn in between."""

from collections.abc import Sequence
from typing import Protocol

from mainspring.model import Instrument
from mainspring.seams import Connected

__all__ = ["SLICE_NS", "Looks", "SpinningReceiver"]

SLICE_NS = 100_000
"""How long it looks before others get their turn, in nanoseconds: ten times what a turn of the event loop takes."""


class Looks(Protocol):
    """Looks at descriptors, for any of which a task may wait."""

    def add(self, descriptor: int) -> None:
        """A task waits for `descriptor` from now on."""
        ...

    def remove(self, descriptor: int) -> None:
        """No task waits for `descriptor` any more, or it is about to be closed. It may be known no longer."""
        ...

    def look(self, descriptor: int, most_ns: int) -> bool:
        """Looks for `most_ns` at most, and until one that was added is readable; returns whether `descriptor` is."""
        ...


class SpinningReceiver:
    """Keeps the contract of `mainspring.seams.Receiver`. It takes a whole core.

    The task that has its turn looks for all that wait, so that each hears of its own after a turn of the event loop.
    Timers, executions and keepalives come between two looks.
    """

    def __init__(self, instruments: Sequence[Instrument], looks: Looks) -> None:
        """`looks` does the looking."""
        # Here, since commands that connect to nothing load the plugins too.
        import trio

        self._checkpoint, self._closed = trio.lowlevel.checkpoint, trio.ClosedResourceError
        self._looks = looks
        self._waiting = 0

    async def wait_readable(self, connected: Connected) -> None:
        """See `mainspring.seams.Receiver.wait_readable`."""
        descriptor = connected.fileno()
        if descriptor < 0:
            raise self._closed("this connection was closed")
        self._looks.add(descriptor)
        self._waiting += 1
        try:
            await self._checkpoint()
            # One after the other: none waits longer for its turn because there are many.
            while connected.fileno() == descriptor and not self._looks.look(descriptor, SLICE_NS // self._waiting):
                await self._checkpoint()
        finally:
            self._waiting -= 1
            if connected.fileno() == descriptor:
                self._looks.remove(descriptor)
        if connected.fileno() != descriptor:
            raise self._closed("this connection was closed")

    def forget(self, connected: Connected) -> None:
        """See `mainspring.seams.Receiver.forget`."""
        self._looks.remove(connected.fileno())
