"""Reads Linux's /proc and /sys files below any root, such as another host's recorded files."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["cpuinfo_fields", "kernel_release", "parse_cpu_list", "read_text"]

_MOST_CPUS = 2**20
"""Far above what a kernel can be built for: a longer range is a mistake, and would exhaust memory."""


def read_text(path: Path) -> str | None:
    """Returns the file's text, stripped; None if it can't be read, which means that the kernel doesn't provide it.

    Bytes that aren't UTF-8 (firmware writes some of these files) become the replacement character.
    """
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return None


def cpuinfo_fields(root: Path) -> Mapping[str, Sequence[str]]:
    """Returns the fields of `/proc/cpuinfo`: each name in lower case, with its values in order, one for each CPU.

    Empty if there is no such file. Names differ between architectures, as do the fields that occur once at the end.
    """
    fields: dict[str, list[str]] = {}
    for line in (read_text(root / "proc/cpuinfo") or "").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), []).append(value.strip())
    return fields


def kernel_release(root: Path) -> str | None:
    """Returns the kernel's release, as `uname -r` prints it."""
    banner = re.match(r"\S+ version (\S+)", read_text(root / "proc/version") or "")
    return read_text(root / "proc/sys/kernel/osrelease") or (banner[1] if banner else None)


def parse_cpu_list(text: str) -> tuple[int, ...]:
    """Parses a kernel list such as "0-3,8" to ascending CPUs. Raises `ValueError` if it isn't one."""
    cpus: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, dash, last = part.partition("-")
        start, end = int(first), int(last if dash else first)
        if not 0 <= start <= end < _MOST_CPUS:
            raise ValueError(f"list of CPUs {text!r}: {part!r} is no range of CPUs")
        cpus.update(range(start, end + 1))
    return tuple(sorted(cpus))
