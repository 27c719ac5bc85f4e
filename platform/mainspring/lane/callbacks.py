"""The strategies of a lane, bound once: who is called by what, and how a strategy's own error names it."""

from collections.abc import Sequence
from typing import NoReturn

from mainspring.errors import OrderStateError, PluginError
from mainspring.lane.gateway import Gateway
from mainspring.seams import Strategy, Subscription

__all__ = ["BoundStrategy", "wrap_error"]


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


def wrap_error(part: str, plugin: str, distribution: str, error: Exception) -> NoReturn:
    """Raises an error of a plugin's as one that names the plugin and whose it is.

    What names a plugin already passes as it is. So does an order event that can't be: it says what is wrong by itself.
    """
    if isinstance(error, PluginError | OrderStateError):
        raise error
    raise PluginError(
        distribution,
        f"the {part} {plugin!r} of {distribution} raised {type(error).__name__}: {error}. The lane stopped there; "
        "orders that the venue had taken may still be open.",
    ) from error
