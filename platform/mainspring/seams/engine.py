"""The engine seam: what runs the declarations of a feed."""

from typing import Any, Protocol

from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.feed import Feed, FeedContext

__all__ = ["Engine", "register_engines"]


class Engine(Protocol):
    """Makes a feed of a declaration: every engine gives the same events, counts and errors for the same messages.

    A message that is refused is so in the words of the plain reading, which names the field at fault.
    """

    def __call__(self, declared: Any, context: FeedContext) -> Feed:
        """The feed that a `mainspring.wire.WireFeed` declares. Raises `ConfigError` where this engine can't run it."""
        ...


@hookspec
def register_engines(catalogue: Catalogue) -> None:
    """Offers engines for feeds that are declared.

    Called once, when the registry loads. Add each engine by `catalogue.add(name, factory, summary=...)`; the factory is
    called as `factory(declared, context)` with a `mainspring.wire.WireFeed` and a `mainspring.seams.FeedContext`, once
    for each lane, and keeps the contract of `mainspring.seams.Engine`. `mainspring.testing.check_engine` checks that it
    does.

    Capabilities: none are asked for.
    """
