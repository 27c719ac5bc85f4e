"""Reads how CPU frequencies are controlled: governors, turbo, idle states, throttling."""

import re
from collections.abc import Iterator
from pathlib import Path

from hwprofile.kernel_files import cpuinfo_fields, read_text
from hwprofile.probe.numbers import read_cpus, read_int
from hwprofile.profile import CpuFrequency, CState

__all__ = ["c_states", "frequencies", "idle_driver", "throttled_count", "turbo"]

_CPUS = "sys/devices/system/cpu"


def cpu_directories(root: Path) -> Iterator[tuple[int, Path]]:
    """Returns sysfs's directories of CPUs, by ascending number."""
    base = root / _CPUS
    try:
        names = [entry.name for entry in base.iterdir()]
    except OSError:
        return
    for number in sorted(int(name[3:]) for name in names if re.fullmatch(r"cpu\d+", name)):
        yield number, base / f"cpu{number}"


def frequencies(root: Path) -> tuple[CpuFrequency, ...]:
    """Returns the frequency settings of each CPU whose frequency the kernel controls."""
    clocks = _clocks(root)
    found: dict[int, CpuFrequency] = {}
    for policy in _policies(root):
        driver = read_text(policy / "scaling_driver")
        governor = read_text(policy / "scaling_governor")
        preference = read_text(policy / "energy_performance_preference")
        least, most = read_int(policy / "scaling_min_freq"), read_int(policy / "scaling_max_freq")
        current = None
        for cpu in _cpus_of(policy):
            if cpu not in clocks and current is None:
                current = read_int(policy / "scaling_cur_freq")
            found[cpu] = CpuFrequency(
                cpu=cpu,
                driver=driver,
                governor=governor,
                energy_preference=preference,
                min_mhz=_mhz(least),
                max_mhz=_mhz(most),
                current_mhz=clocks.get(cpu, _mhz(current)),
            )
    return tuple(found[cpu] for cpu in sorted(found))


def _policies(root: Path) -> list[Path]:
    policies = sorted((root / _CPUS / "cpufreq").glob("policy*"))
    # Old kernels, and recordings without links, have this directory only below each CPU.
    return policies or [path / "cpufreq" for _, path in cpu_directories(root) if (path / "cpufreq").is_dir()]


def _cpus_of(policy: Path) -> tuple[int, ...]:
    for name in ("affected_cpus", "related_cpus"):
        cpus = read_cpus(policy / name)
        if cpus:
            return cpus
    number = re.search(r"\d+$", policy.name) or re.search(r"\d+$", policy.parent.name)
    return (int(number[0]),) if number else ()


def _clocks(root: Path) -> dict[int, int]:
    """Returns each CPU's frequency in MHz from `/proc/cpuinfo`, which on x86 equals `scaling_cur_freq`.

    It is preferred because kernels before 5.18 sleep ten milliseconds when an idle CPU's `scaling_cur_freq` is read.
    """
    fields = cpuinfo_fields(root)
    numbers, clocks = fields.get("processor", ()), fields.get("cpu mhz", ())
    if len(numbers) != len(clocks):
        return {}
    try:
        return {int(number): round(float(clock)) for number, clock in zip(numbers, clocks, strict=True)}
    except ValueError:
        return {}


def _mhz(khz: int | None) -> int | None:
    return None if khz is None else round(khz / 1000)


def turbo(root: Path) -> bool | None:
    """Whether any CPU may exceed its nominal frequency; None if no driver shows it."""
    off = read_int(root / _CPUS / "intel_pstate/no_turbo")
    if off is not None:
        return off == 0
    boost = read_int(root / _CPUS / "cpufreq/boost")
    if boost is not None:
        return boost == 1
    each = [value for policy in _policies(root) if (value := read_int(policy / "boost")) is not None]
    return any(each) if each else None


def idle_driver(root: Path) -> str | None:
    """Returns the driver of the idle states ("intel_idle", "acpi_idle", "haltpoll", "none")."""
    return read_text(root / _CPUS / "cpuidle/current_driver")


def c_states(root: Path) -> tuple[CState, ...]:
    """Returns the idle states by depth, each with its longest latency on any CPU."""
    latencies: dict[str, int | None] = {}
    disabled: dict[str, list[int]] = {}
    for cpu, directory in cpu_directories(root):
        for depth, state in enumerate(_states(directory / "cpuidle")):
            name = read_text(state / "name") or f"state{depth}"
            latency = read_int(state / "latency")
            known = latencies.setdefault(name, latency)
            if latency is not None and (known is None or latency > known):
                latencies[name] = latency
            if read_int(state / "disable"):
                disabled.setdefault(name, []).append(cpu)
    return tuple(
        CState(name=name, exit_latency_us=latency, disabled_on=tuple(disabled.get(name, ())))
        for name, latency in latencies.items()
    )


def _states(directory: Path) -> list[Path]:
    return sorted(directory.glob("state[0-9]*"), key=lambda path: int(re.sub(r"\D", "", path.name)))


def throttled_count(root: Path) -> int | None:
    """Counts how often heat slowed a core or a package since boot. Each core counts once, not each thread."""
    counts = [
        count
        for cpu, directory in cpu_directories(root)
        for what in ("core", "package")
        if (count := read_int(directory / f"thermal_throttle/{what}_throttle_count")) is not None
        and _is_first(cpu, directory, what)
    ]
    return sum(counts) if counts else None


def _is_first(cpu: int, directory: Path, what: str) -> bool:
    names = {"core": ("core_cpus_list", "thread_siblings_list"), "package": ("package_cpus_list", "core_siblings_list")}
    for name in names[what]:
        cpus = read_cpus(directory / "topology" / name)
        if cpus:
            return cpus[0] == cpu
    return True
