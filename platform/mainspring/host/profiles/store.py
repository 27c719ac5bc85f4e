"""Stores profiles: one JSON file for each host, workload and set of plugins, read only if it is undamaged."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from mainspring.data.lock import exclusive
from mainspring.data.paths import state_folder
from mainspring.data.replace import private_file, remove_private_files, write_atomically
from mainspring.errors import DataError
from mainspring.host.profiles.model import SCHEMA, Profile

__all__ = [
    "Kept",
    "check_writable",
    "decode_profile",
    "encode_profile",
    "files_of",
    "keep",
    "listing",
    "read_profile",
    "save",
]

_MOST_BYTES: Final = 16 << 20
_WORKLOAD_DIGITS: Final = 16
_INSTALLED_DIGITS: Final = 8
_LOCK_S: Final = 5.0
"""Saving takes some milliseconds: a process that has the lock for longer is stuck."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the folder: its profile, or None and why it is refused."""

    path: Path
    profile: Profile | None
    because: str = ""


def save(profile: Profile) -> Path:
    """Keeps a profile in the place of its host, workload and installed plugins, and returns its file.

    Processes that save at the same time take turns. A reader finds the old file or the new one, even after a crash or a
    power cut. Raises `DataError` if it can't be written.
    """
    path = _file(profile)
    keep(path, encode_profile(profile))
    return path


def keep(path: Path, data: bytes) -> None:
    """Writes a file of the folder under the folder's lock. Raises `DataError`."""
    with _reported(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(path.parent / ".lock", within_s=_LOCK_S):
            # No other process writes now: a temporary file here is left over from a killed writer.
            remove_private_files(path)
            write_atomically(path, data)


def check_writable() -> None:
    """Raises `DataError` if a profile couldn't be saved now: better before a race than after it."""
    path = state_folder() / "tune" / "profile.json"
    with _reported(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with private_file(path) as probe:
            probe.write_bytes(b"{}")


def files_of(workload: str | None = None) -> tuple[Path, ...]:
    """Returns the profile files of that workload, or of all, for any host. Reads nothing. Never raises."""
    return _files("*-*.json" if workload is None else f"*-{workload[:_WORKLOAD_DIGITS]}-*.json")


def listing() -> tuple[Kept, ...]:
    """Returns every stored profile and every refused file. Never raises."""
    return tuple(read_profile(path) for path in files_of())


def read_profile(path: Path) -> Kept:
    """Returns the profile of a file of the folder, or why it is refused. Never raises."""
    kept = _read(path)
    if kept.profile is not None and path.name != _name(kept.profile):
        words = f"holds a profile of another host or workload ({kept.profile.host.words})"
        kept = _refused(path, words)
    if kept.profile is not None:
        return kept
    return msgspec.structs.replace(kept, because=f"{kept.because}; run `mainspring tune` to write it again")


def encode_profile(profile: Profile) -> bytes:
    """Encodes a profile as JSON, with the SHA-256 of its canonical encoding (sorted keys, no spaces)."""
    plain = msgspec.to_builtins(profile)
    return msgspec.json.format(msgspec.json.encode({"sha256": _digest(plain), "profile": plain}), indent=2) + b"\n"


def decode_profile(data: bytes, path: Path) -> Kept:
    """Decodes what `encode_profile` wrote, or says why it can't. `path` names the file in the reason."""
    try:
        whole = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        cut = not data.strip() or "truncated" in str(error)
        return _refused(path, "is truncated" if cut else f"isn't a host profile ({error})")
    schema = whole.profile.get("schema")
    if schema != SCHEMA:
        age = "an older" if isinstance(schema, int) and schema < SCHEMA else "a newer or unknown"
        return _refused(path, f"has {age} schema ({schema!r}; this version reads {SCHEMA})")
    if whole.sha256 != _digest(whole.profile):
        return _refused(path, "was changed after it was written: its checksum doesn't match")
    try:
        return Kept(path=path, profile=msgspec.convert(whole.profile, Profile))
    except msgspec.ValidationError as error:
        return _refused(path, f"isn't a host profile ({error})")


class _File(msgspec.Struct, frozen=True):
    sha256: str
    profile: dict[str, Any]


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turns errors of the operating system into a `DataError` that says what to do."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"can't write the host profile {path}: {error.strerror or error}. Set XDG_STATE_HOME to a folder that "
            "can be written to"
        ) from error


def _read(path: Path) -> Kept:
    try:
        if not path.is_file():
            return _refused(path, "isn't a file")
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        return _refused(path, f"can't be read: {error.strerror or error}")
    if len(data) > _MOST_BYTES:
        return _refused(path, f"isn't a host profile: it is larger than {_MOST_BYTES >> 20} MiB")
    return decode_profile(data, path)


def _refused(path: Path, because: str) -> Kept:
    return Kept(path=path, profile=None, because=f"{path} {because}")


def _digest(plain: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def _name(profile: Profile) -> str:
    installed = hashlib.sha256("\n".join(profile.installed).encode()).hexdigest()
    return f"{profile.host.fingerprint}-{profile.workload[:_WORKLOAD_DIGITS]}-{installed[:_INSTALLED_DIGITS]}.json"


def _file(profile: Profile) -> Path:
    return state_folder() / "tune" / _name(profile)


def _files(pattern: str) -> tuple[Path, ...]:
    try:
        return tuple(sorted((state_folder() / "tune").glob(pattern)))
    except (OSError, DataError):
        # If there is no folder, or no permission, there are no profiles.
        return ()
