"""What a session that sends real orders must have: a router that sends them, a connection, and a durable journal."""

from typing import Final

from mainspring.errors import ConfigError
from mainspring.host.config import Config, Loaded
from mainspring.host.plan import Choice
from mainspring.host.registry import Registry

__all__ = ["check_asked", "check_live", "poll_executions_ns"]

_NS: Final = 1_000_000_000
_POLL_S: Final = 30.0


def check_live(loaded: Loaded, router: Choice | None, registry: Registry, *, journalled: bool) -> None:
    """Raises `ConfigError` if mode and router don't go together, or a live session isn't safe to run.

    `journalled` says that the session has a journal.
    """
    if router is None:
        return
    config, diagnostic = loaded.config, loaded.diagnostic
    connects = registry.get("router", router.plugin).capabilities.get("connects", False)
    live = config.mode == "live"
    if live and not connects:
        raise diagnostic.error(
            ("router", "plugin"),
            f'{router.plugin!r} sends no real order, which mode = "live" is for: name the router of your venue, such '
            'as "alpaca", or write mode = "paper"',
        )
    if not live and connects:
        raise diagnostic.error(
            ("mode",), f'the router {router.plugin!r} sends real orders: write mode = "live", or leave the router out'
        )
    if live and config.feed.connect is False:
        raise diagnostic.error(("feed", "connect"), "a live session trades on live data: write feed.connect = true")
    if live and not journalled and not config.journal.accept_loss:
        raise diagnostic.error(
            ("journal",),
            "a live session without a journal forgets its orders if it ends unexpectedly: write [journal] "
            'path = "journal.db", or accept the loss with --accept-loss',
        )


def poll_executions_ns(config: Config) -> int:
    """Returns how often venues are asked for executions that never came; a live session always asks."""
    every_s = config.orders.poll_executions_s or (_POLL_S if config.mode == "live" else 0.0)
    return int(every_s * _NS)


def check_asked(mode: str, *, live: bool, again: bool = False) -> None:
    """Raises `ConfigError` unless a person asks for real orders twice: in the config, and where it is run.

    `mode` is the config's, `live` whether a person says so where it is run. A session that runs `again`, from recorded
    inputs, sends none.
    """
    if again:
        return
    if mode == "live" and not live:
        raise ConfigError('the config says mode = "live", which sends real orders: add --live if that is meant')
    if live and mode != "live":
        raise ConfigError(f'--live is for configs with mode = "live"; this one says mode = "{mode}"')
