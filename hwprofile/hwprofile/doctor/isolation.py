"""Checks if hot CPUs are free of the scheduler, the tick, RCU callbacks, interrupts and busy siblings."""

from hwprofile.cpu_lists import cpu_list, cpu_mask, cpus_named
from hwprofile.doctor.places import Places
from hwprofile.doctor.verdict import Check, Verdict, boot, fair, good, poor, run, say, unknown
from hwprofile.profile import HostProfile

__all__ = ["CHECKS"]

_NO_SPARE = "no CPU is available for hot threads"
_MORE = say("give this host, or this process, at least two cores")


def _cores(profile: HostProfile, _: Places) -> Verdict:
    online, usable = profile.topology.online, profile.allowance.usable
    if usable is None:
        return unknown("which CPUs may be used isn't known", say("run the doctor on the host itself"))
    threads = [profile.topology.thread(cpu) for cpu in usable]
    if any(thread is None or thread.core is None for thread in threads):
        return unknown(f"which of {cpus_named(usable)} share a core isn't known", run("lscpu --extended"))
    cores = {thread.core for thread in threads if thread}
    found = f"{len(cores)} core{'s'[: len(cores) != 1]} may be used ({cpus_named(usable)} of {cpu_list(online)})"
    if len(cores) > 1:
        return good(found)
    if set(online) <= set(usable):
        return poor(found, _MORE)
    return poor(found, run(f"taskset -pc {cpu_list(online)} PID"), say("or widen the cpuset of this process's cgroup"))


def _isolated(profile: HostProfile, places: Places) -> Verdict:
    held, hot = profile.state.isolated, cpu_list(places.hot)
    if held is None:
        return unknown("the kernel doesn't say which CPUs are isolated", run("cat /sys/devices/system/cpu/isolated"))
    if not places.hot:
        return poor(f"none is isolated: {_NO_SPARE}", _MORE)
    if set(places.hot) <= set(held):
        return good(f"{cpus_named(places.hot)} isolated")
    asked = "isolcpus=" in (profile.state.command_line or "")
    refused = ", although isolcpus= is on the command line" if asked and not held else ""
    return poor(f"{cpus_named(held)} isolated{refused}", boot(f"isolcpus=domain,managed_irq,{hot}"))


def _tickless(profile: HostProfile, places: Places) -> Verdict:
    held, hot = profile.state.nohz_full, cpu_list(places.hot)
    if held is None:
        return unknown("the kernel doesn't say which CPUs are tickless", run("cat /sys/devices/system/cpu/nohz_full"))
    if not places.hot:
        return fair(f"every CPU has its tick: {_NO_SPARE}", _MORE)
    if set(places.hot) <= set(held):
        return good(f"the tick stops on {cpus_named(places.hot)}")
    needs = say("it needs a kernel that is built with CONFIG_NO_HZ_FULL")
    return fair(f"the tick stops on {cpus_named(held)}", boot(f"nohz_full={hot}"), needs)


def _rcu(profile: HostProfile, places: Places) -> Verdict:
    held, hot = profile.state.rcu_nocbs, cpu_list(places.hot)
    if held is None:
        return unknown("the kernel's command line can't be read", run("cat /proc/cmdline"))
    if not places.hot:
        return fair(f"every CPU runs RCU callbacks: {_NO_SPARE}", _MORE)
    if set(places.hot) <= set(held):
        return good(f"those of {cpus_named(places.hot)} run elsewhere")
    return fair(f"those of {cpus_named(held)} run elsewhere", boot(f"rcu_nocbs={hot}"))


def _interrupts(profile: HostProfile, places: Places) -> Verdict:
    affinity, default = profile.state.irq_affinity, profile.state.default_irq_affinity
    if not affinity and default is None:
        return unknown("the kernel doesn't show its interrupts", run("ls /proc/irq"))
    if not places.hot:
        return poor(f"every CPU serves interrupts: {_NO_SPARE}", _MORE)
    hot, keep = set(places.hot), cpu_list(places.housekeeping)
    meeting = [number for number, cpus in affinity if hot & set(cpus)]
    strays = bool(default and hot & set(default))
    if not meeting and not strays:
        return good(f"none of {len(affinity)} interrupts may be served on {cpus_named(hot)}")
    if not places.housekeeping:
        return poor("no CPU is left to serve interrupts", say("grade fewer CPUs: --cpus"))
    found = f"{len(meeting)} of {len(affinity)} interrupts may be served on {cpus_named(hot)}"
    new = run(f"echo {cpu_mask(places.housekeeping)} > /proc/irq/default_smp_affinity")
    move = run(f'for irq in {" ".join(map(str, meeting))}; do echo {keep} > "/proc/irq/$irq/smp_affinity_list"; done')
    if not meeting:
        return fair(f"{found}, and new ones may", new, boot(f"irqaffinity={keep}"))
    return poor(found, move, new, boot(f"irqaffinity={keep}"))


def _irqbalance(profile: HostProfile, places: Places) -> Verdict:
    runs, held = profile.state.irqbalance, set(profile.state.isolated or ()) | set(profile.state.nohz_full or ())
    if runs is None:
        return unknown("the host's processes can't be seen from here", run("pgrep -x irqbalance"))
    if not runs:
        return good("it doesn't run")
    if places.hot and set(places.hot) <= held:
        return good(f"it runs, and leaves out the isolated {cpus_named(places.hot)}")
    ban = say(f"or keep it away: IRQBALANCE_BANNED_CPULIST={cpu_list(places.hot)} in /etc/default/irqbalance")
    return poor("it runs, and may move any interrupt to any CPU", run("systemctl disable --now irqbalance"), ban)


def _siblings(profile: HostProfile, places: Places) -> Verdict:
    threads = {cpu: profile.topology.thread(cpu) for cpu in places.hot or profile.topology.online}
    if not threads or any(thread is None or thread.core is None for thread in threads.values()):
        return unknown("which CPUs share a core isn't known", run("lscpu --extended"))
    seen: set[int] = set()
    spare: list[int] = []
    for cpu in threads:
        if cpu not in seen:
            seen.update(profile.topology.siblings(cpu))
            spare.extend(sibling for sibling in profile.topology.siblings(cpu) if sibling != cpu)
    if not spare:
        return good(f"no other CPU is on a core of {cpus_named(threads)}")
    off = run(f'for cpu in {" ".join(map(str, spare))}; do echo 0 > "/sys/devices/system/cpu/cpu$cpu/online"; done')
    return fair(
        f"the cores of {cpus_named(set(threads) - set(spare))} have {cpus_named(spare)} too",
        off,
        boot("nosmt", optional=True),
    )


CHECKS = (
    Check("cores", "A hot thread needs a core of its own; the system needs one too.", _cores),
    Check(
        "isolated CPUs", "The scheduler puts other tasks onto a CPU that isn't isolated, for milliseconds.", _isolated
    ),
    Check(
        "tick", "The scheduling tick interrupts a thread 100 to 1000 times a second, for microseconds each.", _tickless
    ),
    Check("RCU callbacks", "The kernel's deferred work runs wherever it was queued, hot CPUs included.", _rcu),
    Check(
        "interrupts",
        "Each device interrupt costs the thread that it hits microseconds and cache contents.",
        _interrupts,
    ),
    Check(
        "irqbalance", "The daemon moves interrupts every ten seconds, and overrides where you put them.", _irqbalance
    ),
    Check("SMT siblings", "Two threads of a core share its units and its caches: each slows the other.", _siblings),
)
