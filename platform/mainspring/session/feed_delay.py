"""Market data that reach the lane later than their capture recorded, by the session's latency model."""

from collections.abc import Callable, Sequence

from mainspring.host.guard import calling
from mainspring.host.plan import Plan
from mainspring.host.registry import Registry
from mainspring.plugin_calls import guarded
from mainspring.seams import LatencyContext, LatencyModel, RawMessage

__all__ = ["FeedDelay", "make_feed_delay"]


class FeedDelay:
    """Delays the messages of one connection. None overtakes the one before it."""

    def __init__(self, feed_ns: Callable[[int], int]) -> None:
        """`feed_ns` is that of a `mainspring.seams.LatencyModel`."""
        self._feed_ns = feed_ns
        self._last_ns = 0

    def delay(self, messages: Sequence[RawMessage]) -> list[RawMessage]:
        """Returns consecutive messages with the times at which the lane receives them."""
        feed_ns, last_ns = self._feed_ns, self._last_ns
        delayed: list[RawMessage] = []
        for receive_time_ns, raw in messages:
            last_ns = max(receive_time_ns + feed_ns(receive_time_ns), last_ns)
            delayed.append((last_ns, raw))
        self._last_ns = last_ns
        return delayed


def make_feed_delay(plan: Plan, registry: Registry, seed: int) -> FeedDelay | None:
    """Makes the delay of a plan's feed; None if nothing is delayed.

    A feed is one connection, whatever it carries and however lanes share it: the model of its first instrument says how
    long each message takes. `seed` is the session's. Raises `PluginError` if the model can't be made.
    """
    choice = plan.latency
    if choice is None:
        return None
    context = LatencyContext((plan.source.instruments or plan.instruments)[0], seed)
    offer = registry.get(choice.seam, choice.plugin)
    with calling(offer, "be made"):
        model: LatencyModel = offer.factory(context, **({} if choice.options is None else {"options": choice.options}))
    if not getattr(model, "delays_feed", True):
        return None
    return FeedDelay(guarded(model.feed_ns, "latency model", choice.plugin, choice.distribution))
