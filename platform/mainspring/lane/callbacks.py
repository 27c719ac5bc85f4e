"""The strategies of a lane, bound once: who is called by what."""

from collections.abc import Sequence

from mainspring.lane.gateway import Gateway
from mainspring.seams import Strategy, Subscription

__all__ = ["BoundStrategy"]


class BoundStrategy:
    """A strategy with its gateway for each instrument. `distribution` is whose plugin it is."""

    __slots__ = ("distribution", "gateways", "name", "plugin", "strategy", "subscription", "timer_due_ns", "timer_ns")

    def __init__(
        self, name: str, plugin: str, distribution: str, strategy: Strategy, gateways: Sequence[Gateway]
    ) -> None:
        self.name = name
        self.plugin = plugin
        self.distribution = distribution
        self.strategy = strategy
        self.gateways = tuple(gateways)
        self.subscription: Subscription = strategy.subscription
        self.timer_ns = self.subscription.timer_ms * 1_000_000
        self.timer_due_ns = 0
