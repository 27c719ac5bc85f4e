"""Checks if memory is resident when it is touched: huge pages, swap, NUMA balancing, locked memory."""

from hwprofile.cpu_lists import cpu_list, cpus_named
from hwprofile.doctor.places import Places, main_nic
from hwprofile.doctor.verdict import Check, Verdict, fair, good, poor, run, say, unknown
from hwprofile.profile import HostProfile

__all__ = ["CHECKS"]

_POOL_BYTES = 2**30
_LOCKED_BYTES = 2**30


def _huge_pages(profile: HostProfile, places: Places) -> Verdict:
    pools = [pool for pool in profile.state.huge_pages if pool.node is None]
    if not pools:
        return unknown("the kernel shows no pools", run("grep -i huge /proc/meminfo"))
    kept = [pool for pool in pools if pool.total]
    free = sum(pool.size * (pool.total if pool.free is None else pool.free) for pool in kept)
    if free:
        return good(f"{free >> 20} MiB of huge pages are free")
    size = min(pool.size for pool in pools)
    name = f"hugepages/hugepages-{size >> 10}kB/nr_hugepages"
    number = max(1, _POOL_BYTES // size) + sum(pool.total for pool in kept if pool.size == size)
    nodes = {thread.node for cpu in places.hot if (thread := profile.topology.thread(cpu)) and thread.node is not None}
    node = min(nodes, default=None)
    base = "/sys/kernel/mm" if node is None else f"/sys/devices/system/node/node{node}"
    return fair("all are in use" if kept else "the pools are empty", run(f"echo {number} > {base}/{name}"))


def _transparent(profile: HostProfile, _: Places) -> Verdict:
    mode = profile.state.transparent_huge_pages
    path = "/sys/kernel/mm/transparent_hugepage/enabled"
    if mode is None:
        return unknown("the kernel doesn't say", run(f"cat {path}"))
    if mode == "always":
        return poor(mode, run(f"echo madvise > {path}"))
    return good(mode)


def _swap(profile: HostProfile, _: Places) -> Verdict:
    size, eagerness = profile.state.swap_bytes, profile.state.swappiness
    if size is None:
        return unknown("whether there is swap isn't known", run("swapon --show"))
    if size == 0:
        return good("there is none")
    found = f"{size >> 20} MiB, swappiness {'unknown' if eagerness is None else eagerness}"
    verdict = fair if eagerness is not None and eagerness <= 10 else poor
    return verdict(found, run("swapoff -a"), run("sysctl -w vm.swappiness=1"))


def _balancing(profile: HostProfile, _: Places) -> Verdict:
    moves, nodes = profile.state.numa_balancing, len(profile.topology.nodes)
    if nodes == 1:
        return good("there is one node: nothing to move")
    if moves is None:
        return unknown("the kernel doesn't say", run("sysctl kernel.numa_balancing"))
    if moves:
        return poor(f"on, over {nodes} nodes", run("sysctl -w kernel.numa_balancing=0"))
    return good("off")


def _locality(profile: HostProfile, places: Places) -> Verdict:
    nodes, nic = profile.topology.nodes, main_nic(profile)
    if len(nodes) == 1:
        return good("there is one node: everything is near")
    if nic is None:
        return unknown("no NIC's node is known", run("cat /sys/class/net/*/device/numa_node"))
    near = {cpu for node in nodes if node.number == nic.node for cpu in node.cpus}
    far = [cpu for cpu in places.hot if cpu not in near]
    if not far:
        return good(f"near {nic.name} (node {nic.node}): {cpus_named(places.hot)}")
    return poor(
        f"far from {nic.name} (node {nic.node}): {cpus_named(far)}",
        say(f"take CPUs of that node, {cpu_list(near)}: `hwprofile pin --cpus {cpu_list(near)} -- COMMAND`"),
    )


def _locks(profile: HostProfile, _: Places) -> Verdict:
    limit = profile.allowance.memlock
    capable = profile.allowance.capabilities
    fix = run("prlimit --pid PID --memlock=unlimited:unlimited")
    lasting = say("for good: `* - memlock unlimited` in /etc/security/limits.d/latency.conf")
    if capable is not None and "ipc_lock" in capable:
        return good("unlimited for this process (CAP_IPC_LOCK)")
    if limit.state == "unlimited":
        return good("unlimited")
    if limit.state == "unknown" or limit.value is None:
        return unknown(f"not known: {limit.source}", run("prlimit --memlock"))
    found = f"{int(limit.value) >> 10} KiB"
    return good(found) if limit.value >= _LOCKED_BYTES else fair(found, fix, lasting)


CHECKS = (
    Check(
        "huge pages",
        "Large tables in small pages miss the TLB; a pool is available even if memory is fragmented.",
        _huge_pages,
    ),
    Check("transparent huge pages", 'With "always" the kernel stops threads to make pages contiguous.', _transparent),
    Check("swap", "It takes milliseconds to bring back a page that was swapped out.", _swap),
    Check(
        "NUMA balancing",
        "To find out which thread uses a page, the kernel unmaps it and waits for the fault.",
        _balancing,
    ),
    Check("NIC locality", "Each message from a NIC on another node crosses the link between the nodes.", _locality),
    Check(
        "locked memory", "Memory that isn't locked may be paged out; locking more than the limit is refused.", _locks
    ),
)
