"""Files that are either whole or not there: written under a name of their own, then renamed."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["private_file", "write_atomically"]


@contextmanager
def private_file(target: Path) -> Iterator[Path]:
    """An empty file beside `target` that nobody else uses; gone afterwards, unless it was renamed to its place.

    It has the access rights of any new file, so that `target` has them too. Raises `OSError`.
    """
    path = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    path.touch(exist_ok=False)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def write_atomically(target: Path, data: bytes) -> None:
    """Gives `target` these bytes in one step: a reader sees the old file or the new one. Raises `OSError`."""
    with private_file(target) as path:
        path.write_bytes(data)
        path.replace(target)
