"""The kinds of CPU on a hybrid host."""

from collections.abc import Mapping
from pathlib import Path

from hwprofile.kernel_files import read_text
from hwprofile.probe.numbers import read_cpus, read_int
from hwprofile.profile import CpuKind

__all__ = ["read_kinds"]

_CPUS = "sys/devices/system/cpu"
_NAMED = {"cpu_core": "performance", "cpu_atom": "efficiency", "cpu_lowpower": "low-power"}
_LIKE = 0.1
"""Frequencies that differ by less are of one kind: the cores that a processor favours clock a little higher."""


def read_kinds(root: Path, online: frozenset[int]) -> tuple[CpuKind, ...]:
    """The kinds of the host's CPUs, the most frugal first; empty where nothing tells its CPUs apart.

    Told, in this order, by the groups that the kernel names, the part numbers of Arm cores, their capacities, and their
    frequencies: the base one, or the highest where it differs by more than a tenth.
    """
    if not online:
        return ()
    capacity = _per_cpu(root, online, "cpu_capacity", 1)
    highest = _per_cpu(root, online, "cpufreq/cpuinfo_max_freq", 1000)
    base = _per_cpu(root, online, "cpufreq/base_frequency", 1000)
    groups, names = _named(root, online)
    for key in (_parts(root, online), capacity, base, _alike(highest)):
        if len(groups) > 1:
            break
        if key.keys() == online and len(set(key.values())) > 1:
            groups = [tuple(sorted(cpu for cpu in online if key[cpu] == value)) for value in sorted(set(key.values()))]
    if len(groups) < 2:
        return ()

    def speed(cpus: tuple[int, ...]) -> tuple[int, int, int]:
        return _most(capacity, cpus) or 0, _most(highest, cpus) or 0, _most(base, cpus) or 0

    # Where the kernel names them their order is known, whatever the frequencies say.
    order = list(_NAMED.values())
    ordered = sorted(groups, key=lambda cpus: (-order.index(names[cpus]) if cpus in names else 0, *speed(cpus), cpus))
    return tuple(
        CpuKind(
            number=number,
            name=names.get(cpus),
            cpus=cpus,
            capacity=_most(capacity, cpus),
            max_mhz=_most(highest, cpus),
            base_mhz=_most(base, cpus),
        )
        for number, cpus in enumerate(ordered)
    )


def _named(root: Path, online: frozenset[int]) -> tuple[list[tuple[int, ...]], dict[tuple[int, ...], str]]:
    names: dict[tuple[int, ...], str] = {}
    for folder, name in _NAMED.items():
        cpus = tuple(cpu for cpu in read_cpus(root / "sys/devices" / folder / "cpus") or () if cpu in online)
        if cpus:
            names[cpus] = name
    rest = tuple(sorted(online.difference(*names)))
    return [*names, *([rest] if names and rest else [])], names


def _parts(root: Path, online: frozenset[int]) -> dict[int, int]:
    """What the identification register of each Arm core says of its design, revisions aside."""
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


def _alike(frequencies: Mapping[int, int]) -> dict[int, int]:
    """The frequencies, those that are alike made equal."""
    levels: list[int] = []
    for value in sorted(set(frequencies.values())):
        if not levels or value > levels[-1] * (1 + _LIKE):
            levels.append(value)
    return {cpu: max(level for level in levels if level <= value) for cpu, value in frequencies.items()}


def _most(values: Mapping[int, int], cpus: tuple[int, ...]) -> int | None:
    return max((values[cpu] for cpu in cpus if cpu in values), default=None)
