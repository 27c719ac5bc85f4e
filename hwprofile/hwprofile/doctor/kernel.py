"""Checks how the kernel treats threads: preemption, timers, watchdogs, real-time share, mitigations."""

from hwprofile.doctor.places import Places
from hwprofile.doctor.verdict import Check, Verdict, boot, fair, good, run, say, unknown
from hwprofile.profile import HostProfile

__all__ = ["CHECKS"]


def _preemption(profile: HostProfile, _: Places) -> Verdict:
    model = profile.state.preemption
    if model in ("full", "rt"):
        return good(model)
    wants = (boot("preempt=full"), say("it needs a kernel that is built with CONFIG_PREEMPT_DYNAMIC"))
    if model is None:
        return unknown("the kernel doesn't say", run("uname -v"))
    if model == "dynamic":
        return unknown(
            "decided at boot, and the file that shows it can't be read",
            run("mount -t debugfs debugfs /sys/kernel/debug; cat /sys/kernel/debug/sched/preempt"),
            wants[0],
        )
    return fair(model, *wants)


def _timers(profile: HostProfile, _: Places) -> Verdict:
    return _switch(profile.state.timer_migration, "kernel.timer_migration")


def _watchdog(profile: HostProfile, _: Places) -> Verdict:
    return _switch(profile.state.nmi_watchdog, "kernel.nmi_watchdog")


def _switch(on: bool | None, name: str) -> Verdict:
    if on is None:
        return unknown("the kernel doesn't say", run(f"sysctl {name}"))
    return fair("on", run(f"sysctl -w {name}=0")) if on else good("off")


def _realtime(profile: HostProfile, places: Places) -> Verdict:
    runtime, period = profile.state.rt_runtime_us, profile.state.rt_period_us
    limit, capable = profile.allowance.rtprio, profile.allowance.capabilities or ()
    allowed = "sys_nice" in capable or limit.state == "unlimited" or bool(limit.value)
    permit = say("allow it: `* - rtprio 50` in /etc/security/limits.d/latency.conf")
    if runtime is None or period is None:
        return unknown("the kernel doesn't say", run("sysctl kernel.sched_rt_runtime_us"))
    if not allowed:
        nothing = "not known to be allowed" if limit.state == "unknown" else "not allowed"
        return (unknown if limit.state == "unknown" else fair)(f"SCHED_FIFO is {nothing} to this process", permit)
    if runtime < 0:
        return good("real-time threads may take all of a CPU")
    found = f"real-time threads are stopped for {(period - runtime) / 1000:g} ms in every {period / 1000:g} ms"
    if not places.hot:
        return fair(found, say("leave it: on one core a thread that never sleeps would stop the system"))
    return fair(found, run("sysctl -w kernel.sched_rt_runtime_us=-1"))


def _mitigations(profile: HostProfile, _: Places) -> Verdict:
    reported = profile.state.mitigations
    if not reported:
        return unknown("the kernel doesn't say", run("grep . /sys/devices/system/cpu/vulnerabilities/*"))
    active = [name for name, text in reported if text.startswith("Mitigation")]
    if not active:
        return good("none is active")
    warning = say("only where nothing but your own code runs: it gives up protection between processes")
    return fair(f"{len(active)} active: {', '.join(active)}", boot("mitigations=off", optional=True), warning)


CHECKS = (
    Check(
        "preemption",
        "A thread that becomes ready waits until the kernel code on its CPU can be preempted.",
        _preemption,
    ),
    Check("timer migration", "Timers of idle CPUs move to busy ones, where the hot threads are.", _timers),
    Check(
        "NMI watchdog",
        "It interrupts every CPU to check that it still runs, and occupies a performance counter.",
        _watchdog,
    ),
    Check("real time", "SCHED_FIFO keeps other tasks off a CPU; permission and throttling limit it.", _realtime),
    Check(
        "mitigations",
        "Mitigations of speculative execution make each system call and interrupt more expensive.",
        _mitigations,
    ),
)
