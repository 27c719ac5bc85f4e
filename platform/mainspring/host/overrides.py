"""Applies overrides from the command line, such as `--set book.plugin=bisect-list`."""

import tomllib
from collections.abc import Iterable
from typing import Any, Final

from mainspring.errors import ConfigError
from mainspring.host.config_text import check_levels, excerpt

__all__ = ["apply_overrides"]

# Each "=" may be the one that ends the key, and is tried: a longer text could take minutes.
_LONGEST_KEY: Final = 4_096


def apply_overrides(table: dict[str, Any], overrides: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Sets each `key.path=value` in the table and returns the paths that were set.

    The value is TOML; anything that isn't TOML is taken as text, so a name needs no quotes. A part of the path that
    has a point or a slash is quoted, as in TOML. Raises `ConfigError` for an override without `=`, one whose key isn't
    a TOML key, one whose value starts like a list, a table or quoted text but isn't one, and one that goes through a
    value that isn't a table.
    """
    done = set()
    for override in overrides:
        path, text = _split(override)
        _put(table, path, _value(text.strip(), override), override)
        done.add(path)
    return frozenset(done)


def _split(override: str) -> tuple[tuple[str, ...], str]:
    """Splits at the first `=` outside quotes into the key's path and the value's text."""
    at = override.find("=")
    while 0 <= at <= _LONGEST_KEY:
        path = _path(override[:at])
        if path is not None:
            return path, override[at + 1 :]
        at = override.find("=", at + 1)
    raise ConfigError(
        f"--set {excerpt(override)}: write it as key=value, such as --set book.plugin=bisect-list; a part of the key "
        """that isn't letters, digits, "-" and "_" stands in quotes, as in instrument."BTC/USDT".tick_size=0.01"""
    )


def _path(key: str) -> tuple[str, ...] | None:
    if "\n" in key:
        return None
    check_levels(key, "--set")
    try:
        node: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return None
    path = []
    while isinstance(node, dict):
        if not node:
            return None
        (part, node), *_ = node.items()
        path.append(part)
    return tuple(path)


def _value(text: str, override: str) -> Any:
    check_levels(text, "--set")
    try:
        read = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError) as error:
        if text[:1] in ("[", "{", '"', "'"):
            problem = """the value isn't TOML; put text in quotes, as in instruments=["BTC/USDT"]"""
            raise ConfigError(f"--set {excerpt(override)}: {problem}") from error
        return text
    return read["value"] if len(read) == 1 else text


def _put(table: dict[str, Any], path: tuple[str, ...], value: Any, override: str) -> None:
    node = table
    for part in path[:-1]:
        below = node.setdefault(part, {})
        if not isinstance(below, dict):
            raise ConfigError(f"--set {excerpt(override)}: {part} isn't a table, so it has no keys to set")
        node = below
    node[path[-1]] = value
