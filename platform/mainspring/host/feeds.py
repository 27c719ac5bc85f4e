"""Splits a configuration of several feeds into one per feed."""

import msgspec

from mainspring.host.config import FeedConfig, FeedTable, Loaded
from mainspring.host.key_lines import KeyPath

__all__ = ["ONLY_FEED", "each_feed"]

ONLY_FEED = ""
"""The name of the only feed of a session that uses `feed`."""

_OF_ONE = ("feed", "instruments", "instrument")


def each_feed(loaded: Loaded) -> dict[str, Loaded]:
    """Returns the configuration of each feed by name, in order, as if the session had only that feed.

    Raises `ConfigError` if `feeds` is used together with keys for a single feed.
    """
    if not loaded.config.feeds:
        return {ONLY_FEED: loaded}
    for key in _OF_ONE:
        if loaded.diagnostic.has(key):
            what = "feeds.NAME" if key == "feed" else f"feeds.NAME.{key}"
            raise loaded.diagnostic.error(
                (key,),
                f"only works with one feed, but this session has: {', '.join(loaded.config.feeds)}. Write {what}",
            )
    return {name: _of(loaded, name, table) for name, table in loaded.config.feeds.items()}


def _of(loaded: Loaded, name: str, table: FeedTable) -> Loaded:
    config = loaded.config
    own = msgspec.structs.replace(
        config,
        feed=FeedConfig(**{field: getattr(table, field) for field in FeedConfig.__struct_fields__}),
        feeds={},
        instruments=table.instruments,
        instrument=table.instrument,
        latency=config.latency if table.latency is None else table.latency,
        strategy={**config.strategy, **table.strategy},
        risk={**config.risk, **table.risk},
    )

    def there(path: KeyPath) -> KeyPath:
        if path[:1] == ("feed",):
            return ("feeds", name, *path[1:])
        if path[:1] in (("instruments",), ("instrument",)):
            return ("feeds", name, *path)
        if path[:1] == ("latency",) and table.latency is not None:
            return ("feeds", name, *path)
        if len(path) > 1 and path[0] in ("strategy", "risk") and path[1] in getattr(table, path[0]):
            return ("feeds", name, *path)
        return path

    return msgspec.structs.replace(loaded, config=own, diagnostic=loaded.diagnostic.moved(there))
