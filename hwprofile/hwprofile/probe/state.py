"""Reads a host's settings and load from the kernel's files, below any root."""

import re
from pathlib import Path

from hwprofile.kernel_files import read_text
from hwprofile.probe.command_line import parameter
from hwprofile.probe.frequency import c_states, frequencies, idle_driver, throttled_count, turbo
from hwprofile.probe.hypervisor import hypervisor
from hwprofile.probe.interrupts import default_irq_affinity, irq_affinity, irqbalance
from hwprofile.probe.isolation import isolated, nohz_full, rcu_nocbs
from hwprofile.probe.numbers import read_int
from hwprofile.probe.pages import chosen, huge_pages, meminfo, transparent_huge_pages
from hwprofile.profile import Pressure, State

__all__ = ["read_state"]

_CLOCK = "sys/devices/system/clocksource/clocksource0"
_KERNEL = "proc/sys/kernel"


def read_state(root: Path) -> State:
    """Returns the state of the host whose files are below `root`. What isn't known is None or an empty tuple."""
    return State(
        isolated=isolated(root),
        nohz_full=nohz_full(root),
        rcu_nocbs=rcu_nocbs(root),
        command_line=read_text(root / "proc/cmdline"),
        frequencies=frequencies(root),
        turbo=turbo(root),
        c_states=c_states(root),
        idle_driver=idle_driver(root),
        clocksource=read_text(root / _CLOCK / "current_clocksource"),
        clocksources=tuple((read_text(root / _CLOCK / "available_clocksource") or "").split()),
        huge_pages=huge_pages(root),
        transparent_huge_pages=transparent_huge_pages(root),
        swap_bytes=meminfo(root).get("SwapTotal"),
        swappiness=read_int(root / "proc/sys/vm/swappiness"),
        numa_balancing=_switch(root / _KERNEL / "numa_balancing"),
        irqbalance=irqbalance(root),
        irq_affinity=irq_affinity(root),
        default_irq_affinity=default_irq_affinity(root),
        timer_migration=_switch(root / _KERNEL / "timer_migration"),
        nmi_watchdog=_switch(root / _KERNEL / "nmi_watchdog"),
        preemption=_preemption(root),
        rt_period_us=read_int(root / _KERNEL / "sched_rt_period_us"),
        rt_runtime_us=read_int(root / _KERNEL / "sched_rt_runtime_us"),
        mitigations=_mitigations(root),
        steal_percent=_steal_percent(root),
        pressure=_pressure(root),
        throttled_count=throttled_count(root),
        hypervisor=hypervisor(root),
    )


def _switch(path: Path) -> bool | None:
    value = read_int(path)
    return None if value is None else value != 0


def _preemption(root: Path) -> str | None:
    """Returns the kernel's preemption model: "none", "voluntary", "full", "lazy" or "rt".

    "dynamic" is a kernel that decides at boot, if its decision can't be read; "none or voluntary" is one of two that
    can't be distinguished.
    """
    built = read_text(root / _KERNEL / "version") or read_text(root / "proc/version")
    if read_int(root / "sys/kernel/realtime") == 1 or "PREEMPT_RT" in (built or ""):
        return "rt"
    # Only root may read this one.
    reported = chosen(read_text(root / "sys/kernel/debug/sched/preempt"), "()")
    asked = parameter(read_text(root / "proc/cmdline") or "", "preempt")
    if built is None:
        return reported
    if "PREEMPT_DYNAMIC" in built:
        return reported or asked or "dynamic"
    for mark, name in (("PREEMPT_LAZY", "lazy"), ("PREEMPT_VOLUNTARY", "voluntary"), ("PREEMPT", "full")):
        if mark in built:
            return name
    return reported or "none or voluntary"


def _mitigations(root: Path) -> tuple[tuple[str, str], ...]:
    said = [(path.name, read_text(path)) for path in (root / "sys/devices/system/cpu/vulnerabilities").glob("*")]
    return tuple(sorted((name, text) for name, text in said if text is not None))


def _steal_percent(root: Path) -> float | None:
    """Returns steal time since boot, in percent: the hypervisor ran others while a CPU here had work."""
    found = re.match(r"cpu((?:\s+\d+)+)", read_text(root / "proc/stat") or "")
    # user nice system idle iowait irq softirq steal; the others are included in user and nice.
    times = [int(time) for time in found[1].split()[:8]] if found else []
    if len(times) < 8 or not sum(times):
        return None
    return 100 * times[7] / sum(times)


def _pressure(root: Path) -> Pressure | None:
    cpu, memory, io = (_some_avg10(root / "proc/pressure" / name) for name in ("cpu", "memory", "io"))
    return None if cpu is memory is io is None else Pressure(cpu=cpu, memory=memory, io=io)


def _some_avg10(path: Path) -> float | None:
    found = re.search(r"^some .*?avg10=([\d.]+)", read_text(path) or "", re.MULTILINE)
    return float(found[1]) if found else None
