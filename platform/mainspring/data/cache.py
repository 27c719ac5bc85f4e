"""Keeps generated sessions: made once, read afterwards, and never believed unless whole."""

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
    """A generated session as a capture. `path` is None where it couldn't be kept, and `warning` then says why."""

    path: Path | None
    warning: str | None = None


def cached_session(recipe_digest: str, make: Callable[[], Iterable[RawMessage]]) -> CachedSession:
    """The capture of the session that `make` generates, from the cache, or made now and kept there.

    `recipe_digest` is the digest, in lower-case hex, of everything that the session follows from, the generator's
    version included: two recipes with one digest would be taken for one another. The capture is a plain one (no
    compression: reading it is what a warm start waits for). Its name holds its own SHA-256, which is worked out again
    at each call: a file that was cut or changed is made again. Two processes that make one session at once
    make the same file.

    Where the cache can't be written (read-only, full), nothing is kept, and the session is for the caller to take from
    `make` itself. What `make` raises goes through.
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
    return CachedSession(None, f"the generated session can't be kept ({why}), so it is generated again each time")


def _whole(folder: Path, recipe: str) -> Path | None:
    """The session's capture whose bytes are those that its name says."""
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
