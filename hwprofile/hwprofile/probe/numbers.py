"""Numbers and masks in files of the kernel."""

import functools
import re
from pathlib import Path

from hwprofile.kernel_files import parse_cpu_list, read_text

__all__ = ["mask_cpus", "read_cpus", "read_int", "read_mask"]


def read_int(path: Path) -> int | None:
    """The whole number in a file; None if it can't be read or holds something else ("<unsupported>", "max")."""
    text = read_text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def read_cpus(path: Path) -> tuple[int, ...] | None:
    """The CPUs of a list in a file, whether commas or spaces part it; None if there is no such list."""
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
    """The CPUs of a kernel mask: groups of hexadecimal digits, the highest first ("ff,ffffffff").

    Costs as much as there are CPUs in it, whatever its width, and once for the many files that hold the same mask.
    Raises `ValueError` for what isn't a mask.
    """
    # Groups are words of 32 bits; only the first is written shorter.
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
    """The CPUs of a mask in a file; None if there is no such mask."""
    text = read_text(path)
    try:
        # Some kernels fill these files up with zero bytes.
        return mask_cpus(text) if text else None
    except ValueError:
        return None
