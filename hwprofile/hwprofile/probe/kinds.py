"""Finds the kinds of CPU on a hybrid host."""

from collections.abc import Mapping
from pathlib import Path

from hwprofile.kernel_files import read_text
from hwprofile.probe.numbers import read_cpus, read_int
from hwprofile.profile import CpuKind

__all__ = ["read_kinds"]

_CPUS = "sys/devices/system/cpu"
_NAMED = {"cpu_core": "performance", "cpu_atom": "efficiency", "cpu_lowpower": "low-power"}
_FASTEST_FIRST = tuple(_NAMED.values())
_LIKE = 0.1
"""CPUs whose figures differ by less are of one kind: a processor's favoured cores clock a little higher."""


def read_kinds(root: Path, online: frozenset[int]) -> tuple[CpuKind, ...]:
    """Returns the kinds of the host's CPUs, the slowest first; empty if all CPUs are alike.

    CPUs are of one kind if everything that the kernel shows of them agrees: its named group, an Arm core's part number,
    capacity, base frequency, and highest frequency. Capacities and highest frequencies agree if they differ by at most
    a tenth.
    """
    capacity = _per_cpu(root, online, "cpu_capacity", 1)
    highest = _per_cpu(root, online, "cpufreq/cpuinfo_max_freq", 1000)
    base = _per_cpu(root, online, "cpufreq/base_frequency", 1000)
    names = _named(root, online)
    known = [key for key in (_parts(root, online), _alike(capacity), base, _alike(highest)) if key.keys() == online]
    groups: dict[tuple[int | str | None, ...], list[int]] = {}
    for cpu in sorted(online):
        groups.setdefault((names.get(cpu), *(key[cpu] for key in known)), []).append(cpu)
    if len(groups) < 2:
        return ()

    def rank(cpus: tuple[int, ...]) -> tuple[int, int, int, int, tuple[int, ...]]:
        # If the kernel names the kinds, their order is known regardless of frequencies.
        name = names.get(cpus[0])
        by_name = -_FASTEST_FIRST.index(name) if name is not None else 0
        return by_name, _most(capacity, cpus) or 0, _most(highest, cpus) or 0, _most(base, cpus) or 0, cpus

    return tuple(
        CpuKind(
            number=number,
            name=names.get(cpus[0]),
            cpus=cpus,
            capacity=_most(capacity, cpus),
            max_mhz=_most(highest, cpus),
            base_mhz=_most(base, cpus),
        )
        for number, cpus in enumerate(sorted(map(tuple, groups.values()), key=rank))
    )


def _named(root: Path, online: frozenset[int]) -> dict[int, str]:
    """Returns the kernel's group of each CPU that is in one."""
    return {
        cpu: name
        for folder, name in _NAMED.items()
        for cpu in read_cpus(root / "sys/devices" / folder / "cpus") or ()
        if cpu in online
    }


def _parts(root: Path, online: frozenset[int]) -> dict[int, int]:
    """Returns each Arm core's design from its identification register, without the revision."""
    parts = {}
    for cpu in online:
        text = read_text(root / _CPUS / f"cpu{cpu}/regs/identification/midr_el1")
        try:
            parts[cpu] = int(text or "", 16) & 0xFF0FFFF0
        except ValueError:
            return {}
    return parts


def _per_cpu(root: Path, online: frozenset[int], name: str, unit: int) -> dict[int, int]:
    values = {cpu: read_int(root / _CPUS / f"cpu{cpu}" / name) for cpu in online}
    return {cpu: value // unit for cpu, value in values.items() if value is not None and value > 0}


def _alike(figures: Mapping[int, int]) -> dict[int, int]:
    """Returns the figures with similar ones made equal."""
    levels: list[int] = []
    for value in sorted(set(figures.values())):
        if not levels or value > levels[-1] * (1 + _LIKE):
            levels.append(value)
    return {cpu: max(level for level in levels if level <= value) for cpu, value in figures.items()}


def _most(values: Mapping[int, int], cpus: tuple[int, ...]) -> int | None:
    return max((values[cpu] for cpu in cpus if cpu in values), default=None)
