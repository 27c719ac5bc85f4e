"""Refuses an output file that would overwrite an input, another output, or a file worth keeping."""

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from mainspring.data.replace import check_writable
from mainspring.errors import ConfigError

__all__ = ["check_absent", "check_outputs"]

_Identity: TypeAlias = tuple[int, int, str]


def check_outputs(outputs: Mapping[str, Path], inputs: Iterable[Path] = ()) -> None:
    """Raises `ConfigError` if an output is an input or another output, or can't be written. Writes nothing.

    `outputs` has each file by the words that the user knows it by, such as `--html`. Two paths are one file if the
    system says so: through symbolic and hard links, and however they are spelled.
    """
    taken = {identity: f"is an input of this command ({path})" for path in inputs if (identity := _identity(path))}
    for name, path in outputs.items():
        identity = _identity(path)
        if identity is not None and identity in taken:
            raise ConfigError(f"{name} {path} {taken[identity]}, which it would overwrite: name another file")
        try:
            check_writable(path)
        except OSError as error:
            raise ConfigError(f"{name} {path} can't be written: {error.strerror or error}") from error
        if identity is not None:
            taken[identity] = f"is the file that {name} writes"


def check_absent(name: str, path: Path, *, force: bool) -> None:
    """Raises `ConfigError` if there is a file with anything in it at `path`, unless `force` says to replace it.

    `name` is what the user calls the file: an option such as `--order-log`, or what is in it.
    """
    if not force and path.is_file() and path.stat().st_size:
        raise ConfigError(f"{name} {path} exists already: name another file, or replace it with --force")


def _identity(path: Path) -> _Identity | None:
    """What two paths of one file have in common; None for a device, which can be written to by many."""
    real = Path(os.path.realpath(path))
    try:
        status = real.stat()
    except OSError:
        try:
            status = real.parent.stat()
        except OSError:
            return (0, 0, os.path.normcase(real))
        return (status.st_dev, status.st_ino, os.path.normcase(real.name))
    return None if stat.S_ISCHR(status.st_mode) else (status.st_dev, status.st_ino, "")
