"""Exports profiles to files and imports them on identical machines."""

from pathlib import Path

import msgspec

from mainspring.data.replace import write_atomically
from mainspring.errors import DataError
from mainspring.host.profiles.hosts import differences
from mainspring.host.profiles.model import HostKey, Profile
from mainspring.host.profiles.store import decode_profile, encode_profile, save

__all__ = ["export_profile", "import_profile"]


def export_profile(profile: Profile, path: Path) -> None:
    """Writes a profile to a file. Raises `DataError` if it can't be written."""
    try:
        write_atomically(path, encode_profile(profile))
    except OSError as error:
        raise DataError(f"{path} can't be written: {error.strerror or error}") from error


def import_profile(path: Path, host: HostKey) -> Profile:
    """Stores an exported profile as this host's, replacing one of the same workload, and returns it as stored.

    Stale parts stay stale. Raises `DataError` if the file isn't a complete profile, or was measured on another CPU or
    with another mask or quota; the error names the differences.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} can't be read: {error.strerror or error}") from error
    profile = decode_profile(data, path)
    if profile.profile is None:
        raise DataError(f"{profile.because}. Nothing was imported")
    found = profile.profile
    apart = differences(found.host, host)
    if apart:
        raise DataError(
            f"{path} was measured on another host and isn't valid here: {', and '.join(apart)}. Nothing was "
            "imported; run `mainspring tune` here"
        )
    # The path follows from this host's fingerprint; kernel and Python stay those that were measured.
    origin = found.imported_from or found.host.fingerprint
    here = msgspec.structs.replace(found.host, fingerprint=host.fingerprint)
    kept = msgspec.structs.replace(found, host=here, imported_from=None if origin == host.fingerprint else origin)
    save(kept)
    return kept
