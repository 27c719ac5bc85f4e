"""Checks for a steady CPU frequency, shallow idle states and a cheap clock source."""

from hwprofile.cpu_lists import cpus_named
from hwprofile.doctor.places import Places
from hwprofile.doctor.verdict import Check, Verdict, boot, fair, good, poor, run, say, unknown
from hwprofile.profile import HostProfile

__all__ = ["CHECKS"]

_CPUS = "/sys/devices/system/cpu"
_SHALLOW_US = 2
_DEEP_US = 50
# Clock sources that are read without a system call.
_FAST_CLOCKS = frozenset({"tsc", "arch_sys_counter", "timebase", "tod", "riscv_clocksource"})
# Clock sources that are read without a system call, through a page of the hypervisor.
_GUEST_CLOCKS = frozenset({"kvm-clock", "hyperv_clocksource_tsc_page"})


def _hidden(profile: HostProfile) -> Verdict:
    if profile.state.hypervisor:
        ask = say("ask the hypervisor's operator, or use a bare-metal host")
        return unknown(f"the hypervisor ({profile.state.hypervisor}) decides, and doesn't show it", ask)
    return unknown("the kernel doesn't say", run("cpupower frequency-info"))


def _each(cpus: list[int], file: str, value: str) -> str:
    return f'for cpu in {" ".join(map(str, cpus))}; do echo {value} > "{_CPUS}/cpu$cpu/{file}"; done'


def _governor(profile: HostProfile, places: Places) -> Verdict:
    assessed = places.hot or profile.topology.online
    known = [one for one in profile.state.frequencies if one.cpu in assessed and one.governor]
    if not known or len(known) < len(assessed):
        return _hidden(profile)
    governors = ", ".join(sorted({one.governor or "" for one in known}))
    wrong = [one.cpu for one in known if one.governor != "performance"]
    if wrong:
        fix = run(_each(wrong, "cpufreq/scaling_governor", "performance"))
        return poor(f"{governors} on {cpus_named([one.cpu for one in known])}", fix)
    return good(f"performance on {cpus_named(assessed)}")


def _energy(profile: HostProfile, places: Places) -> Verdict:
    assessed = places.hot or profile.topology.online
    known = [one for one in profile.state.frequencies if one.cpu in assessed]
    if not known:
        return _hidden(profile)
    reported = [one for one in known if one.energy_preference]
    if not reported:
        drivers = ", ".join(sorted({one.driver or "unnamed" for one in known}))
        return good(f"the driver ({drivers}) has no such preference; the governor alone decides")
    wrong = [one for one in reported if one.energy_preference != "performance"]
    if not wrong:
        return good(f"performance on {cpus_named([one.cpu for one in reported])}")
    found = ", ".join(sorted({one.energy_preference or "" for one in wrong}))
    fix = run(_each([one.cpu for one in wrong], "cpufreq/energy_performance_preference", "performance"))
    verdict = fair if all(one.energy_preference == "balance_performance" for one in wrong) else poor
    return verdict(f"{found} on {cpus_named([one.cpu for one in wrong])}", fix)


def _turbo(profile: HostProfile, _: Places) -> Verdict:
    on = profile.state.turbo
    if on is None:
        return _hidden(profile)
    if not on:
        return good("off: the clock stays at its nominal frequency")
    intel = any((one.driver or "").startswith("intel_") for one in profile.state.frequencies)
    command = f"echo 1 > {_CPUS}/intel_pstate/no_turbo" if intel else f"echo 0 > {_CPUS}/cpufreq/boost"
    return fair(
        "on: fast, but not steady", run(command), say("or leave it on, where speed counts more than steadiness")
    )


def _idle(profile: HostProfile, places: Places) -> Verdict:
    if "idle=poll" in (profile.state.command_line or "").split():
        return good("idle=poll: idle CPUs stay awake")
    assessed = set(places.hot or profile.topology.online)
    open_states = [
        (number, state)
        for number, state in enumerate(profile.state.c_states)
        if state.exit_latency_us is not None and not assessed <= set(state.disabled_on)
    ]
    if not open_states:
        return _hidden(profile)
    deepest = max(state.exit_latency_us or 0 for _, state in open_states)
    names = "/".join(state.name for _, state in open_states)
    found = f"{names}: up to {deepest} us to leave on {cpus_named(assessed)}"
    if deepest <= _SHALLOW_US:
        return good(found)
    deep = [number for number, state in open_states if (state.exit_latency_us or 0) > _SHALLOW_US]
    command = (
        f"for cpu in {' '.join(map(str, sorted(assessed)))}; do for state in {' '.join(map(str, deep))}; do "
        f'echo 1 > "{_CPUS}/cpu$cpu/cpuidle/state$state/disable"; done; done'
    )
    parameter = "intel_idle.max_cstate=1" if profile.state.idle_driver == "intel_idle" else "processor.max_cstate=1"
    return (fair if deepest <= _DEEP_US else poor)(found, run(command), boot(parameter))


def _clocksource(profile: HostProfile, _: Places) -> Verdict:
    clock, others = profile.state.clocksource, profile.state.clocksources
    if clock is None:
        return unknown(
            "the kernel doesn't say which clock it reads", say("measure it with `hwprofile jitter`: see its floor")
        )
    if clock in _FAST_CLOCKS:
        return good(clock)
    command = run(f"echo tsc > {_CPUS.replace('cpu', 'clocksource')}/clocksource0/current_clocksource")
    fix = command if "tsc" in others else boot("clocksource=tsc tsc=reliable")
    if clock in _GUEST_CLOCKS:
        return fair(f"{clock}: the hypervisor's; on offer: {', '.join(others)}", fix)
    return poor(f"{clock}: each reading is a system call, or a slow device", fix)


def _throttling(profile: HostProfile, _: Places) -> Verdict:
    count = profile.state.throttled_count
    if count is None:
        return _hidden(profile)
    if count == 0:
        return good("never since boot")
    return fair(f"{count} times since boot", say("better cooling, or a lower power limit: see `turbostat`"))


CHECKS = (
    Check(
        "governor",
        "With a governor that follows the load, the first message after a pause meets a slow CPU.",
        _governor,
    ),
    Check(
        "energy preference",
        "If the CPU chooses its own frequency, this decides whether it saves power or time.",
        _energy,
    ),
    Check("turbo", "A turbo frequency depends on heat and on the neighbouring cores, so times vary.", _turbo),
    Check("idle states", "Leaving a deep idle state takes as long as handling several messages.", _idle),
    Check(
        "clock source",
        "The clock is read several times per message; a clock behind a system call costs each time.",
        _clocksource,
    ),
    Check("throttling", "A CPU that gets too hot is slowed down for milliseconds or more.", _throttling),
)
