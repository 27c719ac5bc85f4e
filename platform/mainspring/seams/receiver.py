"""The receiver seam: how a lane that connects waits for what comes on its connections."""

from typing import Protocol

from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["Connected", "Receiver", "register_receivers"]


class Connected(Protocol):
    """A connected socket that doesn't block, or a TLS socket."""

    def fileno(self) -> int:
        """Its descriptor; -1 once it is closed."""
        ...


class Receiver(Protocol):
    """Waits for the sockets of a lane, in its thread, which is trio's. Each has one task at most that waits for it."""

    async def wait_readable(self, connected: Connected) -> None:
        """Returns once `connected` has something to read, be it the end or an error.

        It is a checkpoint of trio's, however early that is: other tasks get their turn, and the wait can be cancelled.
        It may return too early. Raises `trio.ClosedResourceError` if the socket is closed meanwhile, after `forget`.
        """
        ...

    def forget(self, connected: Connected) -> None:
        """Takes that `connected` is about to be closed, whether anybody waits for it or not."""
        ...


@hookspec
def register_receivers(catalogue: Catalogue) -> None:
    """Offers ways of waiting for connections.

    Called once, when the registry loads. Add each one with `catalogue.add(name, factory, summary=...)`; the factory is
    called as `factory(instruments)`, with `options=` if the offer declares them, once for each lane that connects, and
    returns an object that implements `mainspring.seams.Receiver`. `mainspring.testing.check_receiver` checks that it
    does.

    Capabilities: none.
    """
