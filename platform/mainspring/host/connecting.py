"""Plans a feed that connects to its venue, and finds what a login needs."""

import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import platformdirs

from mainspring.errors import ConfigError
from mainspring.host.config import Loaded
from mainspring.host.plan import Choice, SourcePlan
from mainspring.host.registry import Registry
from mainspring.host.slots import AUTO, ConnectConfig, FeedConfig
from mainspring.wire import Credentials, WireFeed

__all__ = ["connected_feed", "find_credentials"]

_FILE = "credentials.toml"
_FIELDS = ("key", "secret", "passphrase")


def connected_feed(
    slot: FeedConfig, choose: Callable[[], Choice], registry: Registry, loaded: Loaded
) -> tuple[SourcePlan, Choice]:
    """The source of a feed that connects to its venue, and the choice of the feed, which `choose` makes.

    `loaded` is the configuration, `slot` its table of the feed, and `registry` has the feeds.

    Raises `ConfigError` if the feed doesn't say how to connect, or a file is missing.
    """
    diagnostic, folder = loaded.diagnostic, loaded.folder
    if slot.capture is not None:
        raise diagnostic.error(("feed", "connect"), "a feed connects or reads a capture: remove one of them")
    if slot.plugin == AUTO:
        raise diagnostic.error(("feed", "plugin"), "names no feed; name that of the venue to connect to")
    choice = choose()
    declared = registry.get("feed", choice.plugin).factory
    if not isinstance(declared, WireFeed) or declared.connection is None:
        raise diagnostic.error(("feed", "connect"), f"the feed {choice.plugin!r} says nothing about connecting")
    connect = slot.connect if isinstance(slot.connect, ConnectConfig) else ConnectConfig()
    if connect.trust:
        trust = folder / connect.trust
        if not trust.is_file():
            raise diagnostic.error(("feed", "connect", "trust"), f"there is no file {trust}")
        connect = msgspec.structs.replace(connect, trust=str(trust.absolute()))
    if connect.record:
        record = folder / connect.record
        if record.exists():
            raise diagnostic.error(("feed", "connect", "record"), f"the capture {record} exists already: name another")
        connect = msgspec.structs.replace(connect, record=str(record.absolute()))
    # A venue's message that can't be read is counted; it is no reason to stop a session.
    name = f"live from {connect.address or declared.connection.address}"
    source = SourcePlan(name=name, captures=(), skip_bad=True, encoding=slot.encoding, connect=connect)
    return source, choice


def find_credentials(feed: str) -> Credentials | None:
    """What a login at the feed's venue needs, from the environment or from a private file; None if neither has it.

    The variables are MAINSPRING_OKX_KEY, _SECRET and _PASSPHRASE for the feed "okx"; the file is `credentials.toml` in
    the user's configuration folder, with a table for each feed. Raises `ConfigError`, which shows no secret, for a file
    that others may read, and for a key without a secret.
    """
    prefix = f"MAINSPRING_{feed.upper().replace('-', '_')}_"
    found = {name: os.environ.get(prefix + name.upper(), "") for name in _FIELDS}
    where = f"the environment ({prefix}KEY, {prefix}SECRET)"
    if not any(found.values()):
        path = platformdirs.user_config_path("mainspring") / _FILE
        found, where = _from_file(path, feed), f"{path}, table [{feed}]"
    if not any(found.values()):
        return None
    if not (found["key"] and found["secret"]):
        raise ConfigError(f"{where} has a {'key' if found['key'] else 'secret'} alone: a login needs both")
    return Credentials(**found)


def _from_file(path: Path, feed: str) -> dict[str, str]:
    try:
        status = path.stat()
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return dict.fromkeys(_FIELDS, "")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}") from error
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigError(f"{path} may be read by others: run chmod 600 {path}")
    try:
        table = tomllib.loads(text).get(feed, {})
    except tomllib.TOMLDecodeError:
        # Not the parser's words: they may quote the line.
        raise ConfigError(f"{path} isn't valid TOML") from None
    if not isinstance(table, dict) or not all(isinstance(table.get(name, ""), str) for name in _FIELDS):
        raise ConfigError(f"{path}: [{feed}] must be a table of texts: {', '.join(_FIELDS)}")
    return {name: table.get(name, "") for name in _FIELDS}
