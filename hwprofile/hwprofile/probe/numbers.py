"""Numbers and masks in files of the kernel."""

from pathlib import Path

from hwprofile.kernel_files import read_text

__all__ = ["mask_cpus", "read_int"]


def read_int(path: Path) -> int | None:
    """The whole number in a file; None where it can't be read or holds something else ("<unsupported>", "max")."""
    text = read_text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def mask_cpus(text: str) -> tuple[int, ...]:
    """The CPUs of a kernel mask: groups of hexadecimal digits, the highest first ("ff,ffffffff")."""
    mask = 0
    for group in text.strip().split(","):
        # Groups are words of 32 bits; only the first is written shorter.
        mask = mask << 32 | int(group, 16)
    return tuple(bit for bit in range(mask.bit_length()) if mask >> bit & 1)
