"""Reads the kernel's counters of disturbances: steal, throttling, pressure, preemption."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from hwprofile.kernel_files import read_text
from hwprofile.probe.cgroups import controller
from hwprofile.probe.frequency import throttled_count
from hwprofile.probe.numbers import read_int

__all__ = ["RunDelay", "Signs", "Throttling", "put_aside", "ran_on", "read_signs"]

_ROOT = Path("/")


@dataclass(frozen=True, kw_only=True)
class Signs:
    """Counters since boot; None if the kernel doesn't show them.

    `steal` and `total` are ticks of all CPUs, `waited_us` is how long some task waited for a CPU, and `throttled` how
    often heat slowed a CPU or a quota stopped the process.
    """

    steal: int | None = None
    total: int | None = None
    waited_us: int | None = None
    throttled: int | None = None


def read_signs(root: Path = _ROOT) -> Signs:
    """Reads the current counters, below any root."""
    times = (read_text(root / "proc/stat") or "").partition("\n")[0].split()[1:9]
    pressure = (read_text(root / "proc/pressure/cpu") or "").partition("\n")[0].rpartition("total=")[2]
    reported = len(times) == 8 and all(one.isdigit() for one in times)
    counts = throttled_count(root), Throttling(root)(None)
    return Signs(
        steal=int(times[7]) if reported else None,
        total=sum(map(int, times)) if reported else None,
        waited_us=int(pressure) if pressure.isdigit() else None,
        throttled=sum(known) if (known := [one for one in counts if one is not None]) else None,
    )


class Throttling:
    """Counts how often a cgroup's quota stopped this process or heat slowed a CPU. Cheap to read."""

    def __init__(self, root: Path = _ROOT) -> None:
        self._root = root
        found = controller(root, "cpu")
        folders = () if found is None else found.folders
        self._files = [folder / "cpu.stat" for folder in folders if _by_quota(folder / "cpu.stat") is not None]
        self._heat: dict[int, list[Path]] = {}

    def __call__(self, cpu: int | None) -> int | None:
        """Returns the count, with throttling by heat of this CPU and its package only; None if it isn't known."""
        counts = [_by_quota(file) for file in self._files]
        if cpu is not None:
            if cpu not in self._heat:
                folder = self._root / f"sys/devices/system/cpu/cpu{cpu}/thermal_throttle"
                self._heat[cpu] = sorted(folder.glob("*_throttle_count"))
            counts += [read_int(file) for file in self._heat[cpu]]
        known = [one for one in counts if one is not None]
        return sum(known) if known else None


class RunDelay:
    """Measures how long the calling thread was ready while others had its CPU. Create it in that thread."""

    def __init__(self) -> None:
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        except OSError:
            # Not Linux, or a kernel without this count.
            self._file = -1

    def __call__(self) -> int:
        """Returns nanoseconds since the thread began; always 0 if the system doesn't count them."""
        return int(os.pread(self._file, 128, 0).split()[1]) if self._file >= 0 else 0

    def close(self) -> None:
        """Closes the kernel's file."""
        if self._file >= 0:
            os.close(self._file)


def ran_on() -> int | None:
    """Returns the calling thread's CPU; None if the system doesn't show it."""
    # The 39th field, counted after the last bracket: the name before it may contain spaces and brackets.
    fields = (read_text(Path("/proc/thread-self/stat")) or "").rpartition(")")[2].split()
    return int(fields[36]) if len(fields) > 36 and os.name == "posix" else None


if sys.platform == "linux":
    import resource

    def put_aside() -> int | None:
        """Returns how often the calling thread was preempted; None if the system doesn't count it."""
        return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw

else:

    def put_aside() -> int | None:
        """Returns how often the calling thread was preempted; None if the system doesn't count it."""
        return None


def _by_quota(file: Path) -> int | None:
    for line in (read_text(file) or "").splitlines():
        name, _, value = line.partition(" ")
        if name == "nr_throttled" and value.isdigit():
            return int(value)
    return None
