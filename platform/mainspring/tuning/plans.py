"""Which lane of a configuration is tuned: that of its first feed, with only the config's choices and the defaults."""

from mainspring.host.config import Config, Loaded
from mainspring.host.feeds import each_feed
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry

__all__ = ["first_feed"]


def first_feed(loaded: Loaded, registry: Registry) -> tuple[Plan, Config, tuple[str, ...]]:
    """Returns the first feed's plan without any profile, its configuration, and notes for the user.

    Raises `ConfigError` or a `PluginError` if the config can't run.
    """
    feeds = each_feed(loaded)
    name, own = next(iter(feeds.items()))
    notes: tuple[str, ...] = ()
    if len(feeds) > 1:
        notes = (f"of several feeds the first one's lane is raced: {name}, not {', '.join(list(feeds)[1:])}",)
    return make_plan(own, registry, name), own.config, notes
