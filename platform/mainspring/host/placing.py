"""Chooses where lanes run on this host, from `[hardware]` and the host's profile."""

from collections.abc import Collection, Sequence

from hwprofile.apply import STRATEGIES, Assignment, Role, plan_placement, reachable_cpus
from hwprofile.profile import HostProfile
from mainspring.host.config import AUTO, HardwareConfig
from mainspring.host.diagnostics import Diagnostic, did_you_mean, quoted
from mainspring.host.plan import HardwarePlan, Place

__all__ = ["OFF", "lanes_for", "place_lanes", "unpinned", "wants_pinning"]

OFF = "off"
_REST = "the rest"


def wants_pinning(hardware: HardwareConfig, lanes: int) -> bool:
    """Whether lanes are to be pinned to CPUs."""
    return hardware.pin != OFF and (hardware.pin is not None or lanes > 1)


def unpinned(hardware: HardwareConfig) -> HardwarePlan:
    """How lanes are held that are left to the scheduler. Settings of threads and memory apply to them as well."""
    return HardwarePlan(
        lock_memory=hardware.lock_memory,
        timer_slack_ns=hardware.timer_slack_ns,
        fifo_priority=hardware.fifo_priority,
        violations=()
        if hardware.nic is None
        else (f"hardware.nic = {quoted(hardware.nic)} does nothing: no lane is pinned",),
    )


def lanes_for(profile: HostProfile, instruments: int, taken: Collection[int]) -> tuple[int, str]:
    """Returns how many lanes "auto" means, and why: one per physical core but one, and at most one per instrument.

    `instruments` is their number; `taken` are CPUs that other processes have reserved.
    """
    cores: set[tuple[str, int]] = set()
    for cpu in set(reachable_cpus(profile)) - set(taken):
        thread = profile.topology.thread(cpu)
        own = thread is None or thread.core is None
        cores.add(("cpu", cpu) if own else ("core", thread.core))  # type: ignore[arg-type,union-attr]
    quota = profile.allowance.cpu_quota
    room = len(cores)
    said = f"{room} core{'s' if room != 1 else ''} to run on"
    if quota.value is not None and quota.value < room:
        room = int(quota.value)
        said += f", of which a quota leaves {quota.value:g}"
    lanes = max(1, min(room - 1, instruments))
    many = f"{instruments} instrument{'s' if instruments != 1 else ''}"
    return lanes, f"auto: {said}, one of them for the rest, and {many}"


def place_lanes(
    hardware: HardwareConfig,
    diagnostic: Diagnostic,
    profile: HostProfile,
    names: Sequence[str],
    taken: Collection[int],
) -> tuple[HardwarePlan, tuple[Place, ...]]:
    """Returns the hardware plan and each lane's place. Raises `ConfigError` for invalid CPUs and strategies.

    `names` are the lanes' names; `taken` are CPUs that other processes have reserved.
    """
    usable = reachable_cpus(profile)
    pin = AUTO if hardware.pin is None else hardware.pin
    if hardware.nic is not None and hardware.nic not in (known := [nic.name for nic in profile.topology.nics]):
        raise diagnostic.error(
            ("hardware", "nic"), f"this host has no interface {quoted(hardware.nic)} on a bus{did_you_mean('', known)}"
        )
    if isinstance(pin, tuple):
        places, rest, violations = _listed(pin, diagnostic, profile, usable, names)
        strategy = "cpus"
    else:
        if pin not in STRATEGIES:
            raise diagnostic.error(
                ("hardware", "pin"),
                f"no strategy is named {quoted(pin)}{did_you_mean(pin, [OFF, *STRATEGIES])} "
                "Or a list of CPUs, one for each lane",
            )
        lanes = [f"lane {name}" for name in names]
        roles = [*(Role(lane, hot=True, nic=hardware.nic) for lane in lanes), Role(_REST, hot=False)]
        placement = plan_placement(profile, roles, pin, taken)
        places = tuple(_place(placement.assignment(lane)) for lane in lanes)
        rest, violations, strategy = _place(placement.assignment(_REST)), placement.violations, pin
    pins = strategy == "cpus" or STRATEGIES[strategy].pins
    return (
        HardwarePlan(
            pin=strategy if pins else OFF,
            rest=rest,
            usable=usable,
            violations=violations,
            memory=hardware.memory == "node",
            lock_memory=hardware.lock_memory,
            timer_slack_ns=hardware.timer_slack_ns,
            fifo_priority=hardware.fifo_priority,
            reserve=hardware.reserve,
        ),
        places if pins else tuple(Place() for _ in names),
    )


def _place(assignment: Assignment) -> Place:
    return Place(cpus=assignment.cpus, node=assignment.node, because=assignment.because)


def _listed(
    cpus: tuple[int, ...], diagnostic: Diagnostic, profile: HostProfile, usable: Sequence[int], names: Sequence[str]
) -> tuple[tuple[Place, ...], Place, tuple[str, ...]]:
    """Returns the places for a list of CPUs, the rest on the remaining ones, and violated constraints as sentences."""
    key = ("hardware", "pin")
    if len(cpus) != len(names):
        raise diagnostic.error(
            key, f"names {_many(len(cpus), 'CPU')} for {_many(len(names), 'lane')}; name one per lane, in order"
        )
    online = profile.topology.online
    for cpu in cpus:
        if cpu not in usable:
            why = "may not be used by this process" if cpu in online else "isn't an online CPU of this host"
            raise diagnostic.error(
                key, f"{cpu} {why}; there are: {', '.join(map(str, usable)) or 'none that is known'}"
            )
        if cpus.count(cpu) > 1:
            raise diagnostic.error(key, f"names CPU {cpu} for two lanes; each needs its own")
    beside = {sibling for cpu in cpus for sibling in profile.topology.siblings(cpu)}
    others = tuple(cpu for cpu in usable if cpu not in beside) or tuple(cpu for cpu in usable if cpu not in cpus)
    rest = Place(cpus=others or tuple(usable), node=None, because="the CPUs that the list leaves")
    violations = []
    if not others:
        violations.append("the list leaves no CPU for everything else, which shares the lanes' CPUs")
    for at, cpu in enumerate(cpus):
        shared = [other for other in cpus[at + 1 :] if other in profile.topology.siblings(cpu)]
        violations += [f"CPUs {cpu} and {other} are threads of the same core, and both have a lane" for other in shared]
    return tuple(_on(cpu, profile) for cpu in cpus), rest, tuple(violations)


def _on(cpu: int, profile: HostProfile) -> Place:
    thread = profile.topology.thread(cpu)
    return Place(cpus=(cpu,), node=None if thread is None else thread.node, because="named in hardware.pin")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"
