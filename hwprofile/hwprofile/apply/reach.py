"""Finds the CPUs that a thread may be moved to: the process's mask, and isolated CPUs that the kernel left out."""

import functools
from collections.abc import Collection

from hwprofile.apply.kernel import Kernel
from hwprofile.profile import HostProfile

__all__ = ["inherited_cpus", "reachable_cpus"]


def reachable_cpus(profile: HostProfile) -> tuple[int, ...]:
    """Returns the CPUs that a plan for this host may use: the usable ones, and isolated ones that can be requested.

    The kernel starts every process on all CPUs except the isolated ones, and allows it to request those. So if the mask
    is all CPUs except the isolated ones, it is the kernel's default, and the isolated CPUs of the cpuset are included.
    Any other mask was chosen on purpose and is respected. Empty if nothing is known.
    """
    allowance = profile.allowance
    online = frozenset(profile.topology.online)
    if allowance.cpuset is not None:
        online &= frozenset(allowance.cpuset)
    usable = allowance.usable
    if usable is None:
        usable = tuple(online) if allowance.affinity is None else tuple(online & frozenset(allowance.affinity))
    mask = usable if allowance.affinity is None else allowance.affinity
    return _with_isolated(usable, mask, online, profile.state.isolated or ())


@functools.cache
def inherited_cpus(kernel: Kernel) -> tuple[int, ...]:
    """Returns the CPUs that this process could run on at the first call, and isolated ones as in `reachable_cpus`.

    The result is cached, because later masks may be those that we set. Raises `OSError` if the system has no masks.
    """
    mask: set[int] = set()
    try:
        for tid in kernel.threads(kernel.pid()):
            mask.update(kernel.affinity(tid))
    except FileNotFoundError:
        # A thread has ended, or there is no /proc.
        mask.update(kernel.affinity(0))
    online = kernel.cpus("/sys/devices/system/cpu/online") or ()
    isolated = kernel.cpus("/sys/devices/system/cpu/isolated") or ()
    return _with_isolated(mask, mask, online, isolated)


def _with_isolated(
    usable: Collection[int], mask: Collection[int], online: Collection[int], isolated: Collection[int]
) -> tuple[int, ...]:
    left_out = frozenset(online) & frozenset(isolated)
    if left_out and frozenset(mask) & frozenset(online) == frozenset(online) - left_out:
        usable = {*usable, *left_out}
    return tuple(sorted(usable))
