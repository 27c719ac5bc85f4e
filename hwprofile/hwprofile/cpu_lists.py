"""Formats CPU numbers as the kernel does."""

from collections.abc import Collection

__all__ = ["cpu_list", "cpu_mask", "cpus_named"]


def cpu_list(cpus: Collection[int]) -> str:
    """Formats CPUs as a list with ranges, "0-3,8"; "none" if there are none."""
    parts: list[str] = []
    start = previous = None
    for cpu in [*sorted(set(cpus)), None]:
        if start is not None and previous is not None and cpu != previous + 1:
            parts.append(str(start) if start == previous else f"{start}-{previous}")
            start = None
        start, previous = (cpu if start is None else start), cpu
    return ",".join(parts) or "none"


def cpus_named(cpus: Collection[int]) -> str:
    """Names CPUs for use in a sentence: "CPU 2", "CPUs 0-3,8", "no CPU"."""
    if not cpus:
        return "no CPU"
    return f"CPU{'s'[: len(set(cpus)) != 1]} {cpu_list(cpus)}"


def cpu_mask(cpus: Collection[int]) -> str:
    """Formats CPUs as a mask in words of 32 bits, the highest first: "f,00000003"."""
    mask = sum(1 << cpu for cpu in set(cpus))
    words = []
    while mask:
        words.append(f"{mask & 0xFFFFFFFF:08x}")
        mask >>= 32
    return ",".join(reversed(words)).lstrip("0") or "0"
