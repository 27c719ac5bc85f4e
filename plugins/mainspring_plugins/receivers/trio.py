"""Waits as trio does: the thread sleeps in the system until something comes."""

from collections.abc import Sequence

from mainspring.model import Instrument
from mainspring.seams import Catalogue, Connected, hookimpl

__all__ = ["TrioReceiver", "register_receivers"]


class TrioReceiver:
    """Keeps the contract of `mainspring.seams.Receiver`. It takes no processor time while nothing comes."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        # Here, since commands that connect to nothing load the plugins too.
        from trio.lowlevel import notify_closing, wait_readable

        self._wait_readable, self._notify_closing = wait_readable, notify_closing

    async def wait_readable(self, connected: Connected) -> None:
        """See `mainspring.seams.Receiver.wait_readable`."""
        await self._wait_readable(connected)

    def forget(self, connected: Connected) -> None:
        """See `mainspring.seams.Receiver.forget`."""
        self._notify_closing(connected)


@hookimpl
def register_receivers(catalogue: Catalogue) -> None:
    """Offers `trio`."""
    catalogue.add("trio", TrioReceiver, rank=10, summary="sleeps until something comes")
