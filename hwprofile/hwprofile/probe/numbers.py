"""Numbers and masks in files of the kernel."""

from pathlib import Path

from hwprofile.kernel_files import parse_cpu_list, read_text

__all__ = ["mask_cpus", "read_cpus", "read_int", "read_mask"]


def read_int(path: Path) -> int | None:
    """The whole number in a file; None where it can't be read or holds something else ("<unsupported>", "max")."""
    text = read_text(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def read_cpus(path: Path) -> tuple[int, ...] | None:
    """The CPUs of a list in a file, whether commas or spaces part it; None where there is no such list."""
    text = read_text(path)
    if text is None:
        return None
    # A mask that was never allocated is printed as "(null)", or as a zero byte by RHEL 7's kernel.
    listed = text.strip("\0 ")
    try:
        return () if listed == "(null)" else parse_cpu_list(",".join(listed.split()))
    except ValueError:
        return None


def mask_cpus(text: str) -> tuple[int, ...]:
    """The CPUs of a kernel mask: groups of hexadecimal digits, the highest first ("ff,ffffffff")."""
    mask = 0
    for group in text.strip().split(","):
        # Groups are words of 32 bits; only the first is written shorter.
        mask = mask << 32 | int(group, 16)
    return tuple(bit for bit in range(mask.bit_length()) if mask >> bit & 1)


def read_mask(path: Path) -> tuple[int, ...] | None:
    """The CPUs of a mask in a file; None where there is no such mask."""
    text = read_text(path)
    try:
        # Some kernels fill these files up with zero bytes.
        return None if text is None else mask_cpus(text.strip("\0 \n"))
    except ValueError:
        return None
