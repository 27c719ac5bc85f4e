"""Which lane of a configuration is tuned: that of its first feed, with only the config's choices and the defaults."""

from mainspring.host.config import Config, Loaded
from mainspring.host.feeds import each_feed
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry

__all__ = ["first_feed"]


def first_feed(loaded: Loaded, registry: Registry) -> tuple[Plan, Config, tuple[str, ...]]:
    """The plan of the first feed, no profile followed, its configuration, and what its reader has to know besides.

    Raises `ConfigError` or a `PluginError` if the config can't be run.
    """
    feeds = each_feed(loaded)
    name, own = next(iter(feeds.items()))
    notes: tuple[str, ...] = ()
    if len(feeds) > 1:
        notes = (f"of several feeds the first one's lane is raced: {name}, not {', '.join(list(feeds)[1:])}",)
    return make_plan(own, registry, name), own.config, notes
