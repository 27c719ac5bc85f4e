"""Records where threads really run, by sampling the scheduler's figures for each."""

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from hwprofile.apply.kernel import KERNEL, Kernel
from hwprofile.apply.threads import Switches, parse_switches

__all__ = ["ThreadRan", "Watch"]


@dataclass(frozen=True, kw_only=True)
class ThreadRan:
    """Where one thread ran while it was watched.

    `role` and `wanted` are what was expected, None if nothing was. `mask` has the CPUs that it may run on, as last
    read. `ran_on` has pairs of a CPU and the number of samples in which it had run there last; samples between which it
    didn't run are ignored. `switches` are those since watching began, None if the kernel doesn't count them. `ended`
    says if the thread has ended.
    """

    tid: int
    name: str
    role: str | None
    wanted: tuple[int, ...] | None
    mask: tuple[int, ...] | None
    ran_on: tuple[tuple[int, int], ...]
    switches: Switches | None
    ended: bool

    @property
    def samples(self) -> int:
        """The number of samples in which it had run."""
        return sum(count for _, count in self.ran_on)

    @property
    def strayed(self) -> int:
        """The number of samples in which it had run on a CPU that wasn't wanted."""
        wanted = self.wanted
        return 0 if wanted is None else sum(count for cpu, count in self.ran_on if cpu not in wanted)

    @property
    def kept(self) -> bool | None:
        """Whether it ran on the wanted CPUs in every sample; None if none were wanted, or it never ran."""
        return None if self.wanted is None or not self.samples else not self.strayed


@dataclass(kw_only=True)
class _Seen:
    started: int
    name: str
    ran: int | None
    first: Switches | None
    last: Switches | None
    mask: tuple[int, ...] | None
    cpus: Counter[int] = field(default_factory=Counter)
    ended: bool = False


class Watch:
    """Samples all threads of this process or of another (for example a lane, from its parent's core).

    `start` records the initial state, `sample` takes one sample, and `report` returns the result. If `start` is given
    an interval, a thread takes samples until `stop`. It competes for the interpreter's lock, so watch a hot thread from
    another process. A sample costs about 50 us for each thread.
    """

    def __init__(self, pid: int = 0, *, kernel: Kernel = KERNEL) -> None:
        self._kernel = kernel
        self._pid = pid or kernel.pid()
        self._expected: dict[int, tuple[str, tuple[int, ...]]] = {}
        self._seen: dict[int, _Seen] = {}
        self._gone: list[tuple[int, _Seen]] = []
        self._guard = threading.Lock()
        self._end = threading.Event()
        self._sampler: threading.Thread | None = None

    def expect(self, tid: int, role: str, cpus: Collection[int]) -> None:
        """Sets the role of a thread and the CPUs on which it should run; `tid` is its native number."""
        self._expected[tid] = role, tuple(sorted(cpus))

    def start(self, every_s: float | None = None) -> None:
        """Starts a new measurement. Raises `OSError` if there is no such process, or no /proc."""
        self.stop()
        with self._guard:
            self._seen.clear()
            self._gone.clear()
            self._look(count=False)
        if every_s is not None:
            self._end.clear()
            self._sampler = threading.Thread(target=self._sample_on, args=(every_s,), name="hw-watch", daemon=True)
            self._sampler.start()

    def stop(self) -> None:
        """Ends the sampling thread, if there is one."""
        if self._sampler is not None:
            self._end.set()
            self._sampler.join()
            self._sampler = None

    def sample(self) -> None:
        """Takes one sample of all threads."""
        with self._guard:
            self._look(count=True)

    def report(self) -> tuple[ThreadRan, ...]:
        """Returns the result so far for each thread, starting with those that have ended."""
        with self._guard:
            seen = [*self._gone, *sorted(self._seen.items())]
            return tuple(self._ran(tid, one) for tid, one in seen)

    def _sample_on(self, every_s: float) -> None:
        while not self._end.wait(every_s):
            try:
                self.sample()
            except OSError:
                # The process has ended.
                return

    def _look(self, *, count: bool) -> None:
        try:
            tids = self._kernel.threads(self._pid)
        except OSError:
            if not self._seen:
                raise
            tids = ()
        for tid in tids:
            try:
                self._look_at(tid, count=count)
            except OSError:
                # It has ended since it was listed.
                self._end_of(tid)
        for tid in [tid for tid in self._seen if tid not in tids]:
            self._end_of(tid)

    def _look_at(self, tid: int, *, count: bool) -> None:
        stat = self._kernel.stat(tid)
        seen = self._seen.get(tid)
        if seen is not None and seen.started != stat.started:
            self._end_of(tid)
            seen = None
        switches = parse_switches(self._kernel.read(f"/proc/{tid}/status") or "")
        schedule = self._kernel.read(f"/proc/{tid}/schedstat")
        ran = int(schedule.split()[0]) if schedule else None
        mask = self._kernel.affinity(tid)
        if seen is None:
            # A thread that started later: all of its switches happened since watching began.
            first = switches if not count else switches and Switches(voluntary=0, involuntary=0)
            seen = _Seen(
                started=stat.started, name=stat.name, ran=None if count else ran, first=first, last=switches, mask=mask
            )
            self._seen[tid] = seen
            fresh = count
        else:
            # If the kernel has no run time, a thread has run if it is running now or has switched.
            fresh = ran != seen.ran if ran is not None else stat.state == "R" or switches != seen.last
        if count and fresh:
            seen.cpus[stat.cpu] += 1
        seen.name, seen.ran, seen.last, seen.mask = stat.name, ran, switches, mask

    def _end_of(self, tid: int) -> None:
        seen = self._seen.pop(tid, None)
        if seen is not None:
            seen.ended = True
            self._gone.append((tid, seen))

    def _ran(self, tid: int, seen: _Seen) -> ThreadRan:
        role, wanted = self._expected.get(tid, (None, None))
        switches = None
        if seen.first is not None and seen.last is not None:
            switches = Switches(
                voluntary=seen.last.voluntary - seen.first.voluntary,
                involuntary=seen.last.involuntary - seen.first.involuntary,
            )
        return ThreadRan(
            tid=tid,
            name=seen.name,
            role=role,
            wanted=wanted,
            mask=seen.mask,
            ran_on=tuple(sorted(seen.cpus.items())),
            switches=switches,
            ended=seen.ended,
        )
