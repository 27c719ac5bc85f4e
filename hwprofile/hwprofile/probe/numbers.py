"""Reads numbers and CPU masks from kernel files."""

import functools
import re
from pathlib import Path

from hwprofile.kernel_files import parse_cpu_list, read_text

__all__ = ["mask_cpus", "read_cpus", "read_int", "read_mask"]


def read_int(path: Path) -> int | None:
    """Reads a file's integer; None if it can't be read or isn't one ("<unsupported>", "max")."""
    text = read_text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def read_cpus(path: Path) -> tuple[int, ...] | None:
    """Reads a file's list of CPUs, separated by commas or spaces; None if there is no such list."""
    text = read_text(path)
    if text is None:
        return None
    # A mask that was never allocated is printed as "(null)", or as a zero byte by RHEL 7's kernel.
    listed = text.strip("\0 ")
    try:
        return () if listed == "(null)" else parse_cpu_list(",".join(listed.split()))
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def mask_cpus(text: str) -> tuple[int, ...]:
    """Parses a kernel mask: groups of hexadecimal digits, the highest first ("ff,ffffffff").

    The cost depends on the number of CPUs in the mask, not on its width, and results are cached. Raises `ValueError` if
    it isn't a mask.
    """
    # Groups are words of 32 bits; only the first may be shorter.
    digits = "".join(group.zfill(8) for group in text.strip("\0 \n").split(","))
    if not re.fullmatch("[0-9a-fA-F]+", digits):
        raise ValueError(f"mask of CPUs {text!r}: no groups of hexadecimal digits")
    bits = f"{int(digits, 16):b}"[::-1]
    cpus = []
    cpu = bits.find("1")
    while cpu >= 0:
        cpus.append(cpu)
        cpu = bits.find("1", cpu + 1)
    return tuple(cpus)


def read_mask(path: Path) -> tuple[int, ...] | None:
    """Reads a file's mask of CPUs; None if there is no such mask."""
    text = read_text(path)
    try:
        # Some kernels pad these files with zero bytes.
        return mask_cpus(text) if text else None
    except ValueError:
        return None
