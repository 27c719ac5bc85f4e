"""Calls the factories of plugins."""

from functools import partial
from typing import Any

from mainspring.host.guard import calling
from mainspring.host.plan import Choice, Plan
from mainspring.host.registry import Registry
from mainspring.seams import Codec, FeedContext

__all__ = ["Maker"]


class Maker:
    """Calls plugins' factories; an error names the plugin."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._codecs: dict[str, Codec] = {}

    def codec(self, choice: Choice) -> Codec:
        """Returns the lane's only codec of that name, which its feeds share."""
        if choice.plugin not in self._codecs:
            self._codecs[choice.plugin] = self.make(choice)
        return self._codecs[choice.plugin]

    def feed_context(self, plan: Plan, first_index: int) -> FeedContext:
        """Returns the context of a feed whose first instrument has the index `first_index` in the lane.

        A decoder that raises is reported under its own name, not the feed's.
        """
        return FeedContext(
            plan.instruments,
            self.codec(plan.codec),
            plan.source.encoding,
            partial(self.make, plan.decoder),
            len(plan.source.instruments) <= len(plan.instruments) and not plan.source.others,
            first_index,
        )

    def make(self, choice: Choice, *arguments: object) -> Any:
        """Calls the factory of a plugin with these arguments, and its options if it has any."""
        offer = self._registry.get(choice.seam, choice.plugin)
        with calling(offer, "be made"):
            if choice.options is None:
                return offer.factory(*arguments)
            return offer.factory(*arguments, options=choice.options)
