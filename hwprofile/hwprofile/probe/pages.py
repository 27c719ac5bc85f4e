"""Reads the settings of huge pages and swap."""

import re
from pathlib import Path

from hwprofile.kernel_files import read_text
from hwprofile.probe.numbers import read_int
from hwprofile.profile import HugePages

__all__ = ["huge_pages", "meminfo", "transparent_huge_pages"]


def meminfo(root: Path) -> dict[str, int]:
    """Returns the figures of `/proc/meminfo`, in bytes if they have a unit."""
    figures = {}
    for line in (read_text(root / "proc/meminfo") or "").splitlines():
        found = re.match(r"(\S+):\s+(\d+)( kB)?", line)
        if found:
            figures[found[1]] = int(found[2]) * (1024 if found[3] else 1)
    return figures


def huge_pages(root: Path) -> tuple[HugePages, ...]:
    """Returns the pools of the whole host (node None) by size, then those of each node."""
    pools = _pools(root / "sys/kernel/mm/hugepages", None) or _from_meminfo(root)
    nodes = root / "sys/devices/system/node"
    numbers = sorted(int(path.name[4:]) for path in nodes.glob("node[0-9]*") if path.name[4:].isdecimal())
    for node in numbers:
        pools += _pools(nodes / f"node{node}/hugepages", node)
    return tuple(pools)


def _pools(directory: Path, node: int | None) -> list[HugePages]:
    found = []
    for path in directory.glob("hugepages-*kB"):
        kilobytes = path.name.removeprefix("hugepages-").removesuffix("kB")
        total = read_int(path / "nr_hugepages")
        if kilobytes.isdecimal() and total is not None:
            free = read_int(path / "free_hugepages")
            found.append(HugePages(size=int(kilobytes) * 1024, node=node, total=total, free=free))
    return sorted(found, key=lambda pool: pool.size)


def _from_meminfo(root: Path) -> list[HugePages]:
    """Returns the pool of the default size, the only one that kernels before 2.6.27 show."""
    figures = meminfo(root)
    if "HugePages_Total" not in figures or "Hugepagesize" not in figures:
        return []
    total, free = figures["HugePages_Total"], figures.get("HugePages_Free")
    return [HugePages(size=figures["Hugepagesize"], node=None, total=total, free=free)]


def transparent_huge_pages(root: Path) -> str | None:
    """Returns the mode of transparent huge pages: "always", "madvise" or "never"."""
    return chosen(read_text(root / "sys/kernel/mm/transparent_hugepage/enabled"), "[]")


def chosen(text: str | None, marks: str) -> str | None:
    """Returns the word between two marks, with which the kernel marks the current one of several settings."""
    opening, closing = map(re.escape, marks)
    found = re.search(rf"{opening}(\S+?){closing}", text or "")
    return found[1] if found else None
