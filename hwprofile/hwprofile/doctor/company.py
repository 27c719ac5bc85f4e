"""Checks what the host is shared with: a hypervisor and its other guests, other processes, and a quota."""

from hwprofile.doctor.places import Places
from hwprofile.doctor.verdict import Check, Verdict, boot, fair, good, poor, run, say, unknown
from hwprofile.profile import HostProfile

__all__ = ["CHECKS"]

_STEAL_GOOD, _STEAL_FAIR = 0.01, 0.5
_WAIT_GOOD, _WAIT_FAIR = 1.0, 10.0


def _hypervisor(profile: HostProfile, _: Places) -> Verdict:
    name = profile.state.hypervisor
    if name is not None:
        return fair(f"there is one: {name}", say("bare metal, or an instance whose virtual CPUs are pinned to cores"))
    if profile.cpu.architecture in ("x86_64", "i686") and profile.cpu.instruction_sets:
        return good("the CPU reports none")
    return unknown("none was found, which proves nothing", run("systemd-detect-virt --vm"))


def _steal(profile: HostProfile, _: Places) -> Verdict:
    share = profile.state.steal_percent
    if share is None:
        return unknown("the kernel doesn't say", run("head -n 1 /proc/stat"))
    found = f"{share:.3f} % of all time since boot"
    if share < _STEAL_GOOD:
        return good(found)
    return (fair if share < _STEAL_FAIR else poor)(found, say("a host or an instance that isn't shared"))


def _quota(profile: HostProfile, _: Places) -> Verdict:
    quota, group = profile.allowance.cpu_quota, (profile.allowance.cgroup or "/").strip("/")
    if quota.state == "unlimited":
        return good("none")
    if quota.state == "unknown":
        return unknown(f"not known: {quota.source}", run("cat /proc/self/cgroup"))
    found = f"{quota.value:g} CPUs ({quota.source})"
    where = f"/{group}" if group else ""
    if profile.allowance.cgroup_version == 1:
        return poor(found, run(f"echo -1 > /sys/fs/cgroup/cpu{where}/cpu.cfs_quota_us"))
    return poor(
        found, run(f"echo max > /sys/fs/cgroup{where}/cpu.max"), say("for a container: start it without --cpus")
    )


def _pressure(profile: HostProfile, _: Places) -> Verdict:
    pressure = profile.state.pressure
    if pressure is None or pressure.cpu is None:
        return unknown("the kernel doesn't say", boot("psi=1"))
    found = f"tasks waited for a CPU in {pressure.cpu:g} % of the last ten seconds"
    if pressure.cpu < _WAIT_GOOD:
        return good(found)
    busiest = run("ps -eo pid,psr,pcpu,comm --sort=-pcpu | head -n 12")
    return (fair if pressure.cpu < _WAIT_FAIR else poor)(found, busiest, say("stop or move what needn't run here"))


CHECKS = (
    Check(
        "hypervisor",
        "It interrupts its guests without their knowledge, and every exit to it costs microseconds.",
        _hypervisor,
    ),
    Check("steal", "While the hypervisor runs another guest, this host is stopped without noticing.", _steal),
    Check(
        "CPU quota", "A process that has used up its quota is stopped until the next period, usually 100 ms.", _quota
    ),
    Check("CPU pressure", "Waiting tasks are moved to any CPU that isn't isolated.", _pressure),
)
