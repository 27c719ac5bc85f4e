"""Asks the system again and again, without sleeping, what can be read."""

import select
from collections.abc import Sequence
from time import perf_counter_ns

from mainspring.model import Instrument
from mainspring.seams import Catalogue, Needs, hookimpl
from mainspring_plugins.receivers.spinning import SpinningReceiver

__all__ = ["BusyPollReceiver", "register_receivers"]


class _Polls:
    """See `mainspring_plugins.receivers.spinning.Looks`."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._known: set[int] = set()

    def add(self, descriptor: int) -> None:
        self._known.add(descriptor)
        self._poll.register(descriptor, select.POLLIN)

    def remove(self, descriptor: int) -> None:
        if descriptor in self._known:
            self._known.remove(descriptor)
            self._poll.unregister(descriptor)

    def look(self, descriptor: int, most_ns: int) -> bool:
        poll, clock = self._poll.poll, perf_counter_ns
        until_ns = clock() + most_ns
        # Other threads run meanwhile, such as a journal's: each call lets go of the interpreter.
        while not (found := poll(0)):
            if clock() >= until_ns:
                return False
        return any(one == descriptor for one, _ in found)


class BusyPollReceiver(SpinningReceiver):
    """See `mainspring_plugins.receivers.spinning`."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        super().__init__(instruments, _Polls())


@hookimpl
def register_receivers(catalogue: Catalogue) -> None:
    """Offers `busy-poll`."""
    needs = Needs(platforms=("linux", "darwin"))
    catalogue.add("busy-poll", BusyPollReceiver, summary="never sleeps: takes a whole core", needs=needs)
