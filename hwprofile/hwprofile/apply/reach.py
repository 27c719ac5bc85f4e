"""Which CPUs a thread may be put on: those of the process's mask, and isolated ones that the kernel left out of it."""

import functools
from collections.abc import Collection

from hwprofile.apply.kernel import Kernel
from hwprofile.profile import HostProfile

__all__ = ["inherited_cpus", "reachable_cpus"]


def reachable_cpus(profile: HostProfile) -> tuple[int, ...]:
    """The CPUs that a plan for this host may use: the usable ones, and isolated ones that are only waiting to be asked.

    The kernel starts every process on all CPUs but the isolated ones, and lets it go to those when it names them. So a
    mask of exactly all CPUs but the isolated is the kernel's default, and the isolated ones in the cpuset count as
    well. Any other mask was chosen on purpose, and is respected. Empty if nothing is known.
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
    """The CPUs that this process could run on when this was first asked, and isolated ones as in `reachable_cpus`.

    Asked once: afterwards the masks are those that we have set. Raises `OSError` if there are no masks.
    """
    mask: set[int] = set()
    try:
        for tid in kernel.threads(kernel.pid()):
            mask.update(kernel.affinity(tid))
    except FileNotFoundError:
        # A thread ended in between, or /proc isn't there.
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
