"""Caches generated sessions, and verifies them before they are used."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from mainspring.data.capture import CaptureWriter
from mainspring.data.digest import sha256_of
from mainspring.data.paths import cache_folder
from mainspring.data.replace import private_file
from mainspring.errors import DataError
from mainspring.seams import RawMessage

__all__ = ["CachedSession", "cached_session"]

_RECIPE = re.compile(r"[0-9a-f]{8,64}")


class CachedSession(msgspec.Struct, frozen=True):
    """A generated session as a capture. `path` is None if it couldn't be cached; `warning` then says why."""

    path: Path | None
    warning: str | None = None


def cached_session(recipe_digest: str, make: Callable[[], Iterable[RawMessage]]) -> CachedSession:
    """The capture of the session that `make` generates: from the cache, or generated now and cached.

    `recipe_digest` is the digest, in lower-case hex, of everything that determines the session, including the
    generator's version: two recipes with the same digest would be mistaken for each other. The capture isn't
    compressed, because a warm start waits for it to be read. Its name holds its SHA-256, which is verified at each
    call: a file that was cut short or changed is generated again. Two processes that generate the same session at the
    same time write the same file.

    If the cache can't be written (read-only, full), nothing is cached, and the caller takes the session from `make`.
    Whatever `make` raises is passed on.
    """
    if not _RECIPE.fullmatch(recipe_digest):
        raise ValueError(f"a recipe's digest is 8 to 64 lower-case hex digits, not {recipe_digest!r}")
    try:
        folder = cache_folder() / "sessions"
    except DataError as error:
        return _not_kept(error)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return CachedSession(_whole(folder, recipe_digest) or _make(folder, recipe_digest, make))
    except OSError as error:
        return _not_kept(f"{folder}: {error.strerror or error}")


def _not_kept(why: object) -> CachedSession:
    return CachedSession(None, f"the generated session can't be cached ({why}), so it is generated each time")


def _whole(folder: Path, recipe: str) -> Path | None:
    """The session's capture, if its content has the digest in its name."""
    candidates = sorted(folder.glob(f"{recipe}-*.capture"))
    return next((path for path in candidates if path.name == _name(recipe, sha256_of(path))), None)


def _make(folder: Path, recipe: str, make: Callable[[], Iterable[RawMessage]]) -> Path:
    with private_file(folder / recipe) as path:
        with CaptureWriter(path) as writer:
            for receive_time_ns, raw in make():
                writer.write(receive_time_ns, raw)
        target = folder / _name(recipe, sha256_of(path))
        path.replace(target)
    return target


def _name(recipe: str, sha256: str) -> str:
    return f"{recipe}-{sha256}.capture"
