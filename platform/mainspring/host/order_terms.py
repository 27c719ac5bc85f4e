"""What the plan says of the terms of orders: which the venue does, and when a day ends."""

from mainspring.errors import PluginError
from mainspring.host.config import Config
from mainspring.host.plan import Choice
from mainspring.host.registry import Registry
from mainspring.orders import TERMS, USUAL_TERMS, native_terms

__all__ = ["plan_day_ends", "plan_terms"]


def plan_terms(router: Choice | None, registry: Registry) -> tuple[str, ...]:
    """Returns the terms of orders that the router's venue does.

    Raises `PluginError` if the router states one that there isn't.
    """
    if router is None:
        return ()
    offer = registry.get("router", router.plugin)
    try:
        native = native_terms(offer.capabilities.get("terms", USUAL_TERMS))
    except ValueError as error:
        raise PluginError(offer.distribution, f"router {offer.name}: {error}") from None
    return tuple(term for term in TERMS if term in native)


def plan_day_ends(config: Config, feed: Choice, registry: Registry) -> str:
    """Returns when day orders end: what the config says, or else the feed; empty if neither does."""
    return config.orders.day_ends or str(registry.get("feed", feed.plugin).capabilities.get("day_ends", ""))
