"""Measures how a CPU is interrupted, with a control run on another CPU in the same rounds."""

import time
from array import array
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from hwprofile.actions import Action, Undo
from hwprofile.apply.pinning import pin_thread
from hwprofile.jitter.causes import Causes, read_causes
from hwprofile.jitter.histogram import JitterHistogram
from hwprofile.jitter.spin import Clock, floor_ns, spin

__all__ = ["Interruptions", "Jitter", "JitterError", "measure"]

Pin = Callable[[Collection[int]], tuple[Action, Undo | None]]
Look = Callable[[int | None], Causes]

_ROUNDS = 5
_GAPS = 1 << 14
_LEAST_THRESHOLD_NS = 1_000
_QUANTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p99_ns": 0.99, "p999_ns": 0.999}


class JitterError(Exception):
    """Jitter can't be measured as requested. The text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Interruptions:
    """The interruptions of the loop on one CPU (None: any CPU that the scheduler chose).

    `observed_ns` is the time spent in the loop. `lengths` are those of the interruptions in nanoseconds, less the
    loop's own `floor_ns`. `causes` is what the kernel counted meanwhile.
    """

    cpu: int | None
    observed_ns: int
    floor_ns: int
    threshold_ns: int
    lengths: JitterHistogram
    causes: Causes

    @property
    def per_second(self) -> float:
        """Interruptions per second."""
        return self.lengths.count * 1e9 / self.observed_ns if self.observed_ns else 0.0

    @property
    def lost_percent(self) -> float:
        """The percentage of time in which the loop didn't run."""
        return self.lengths.total * 100 / self.observed_ns if self.observed_ns else 0.0

    @property
    def explained(self) -> int | None:
        """The largest number of interruptions that the kernel's counts of interrupts and switches can explain."""
        counts = (self.causes.involuntary_switches, self.causes.voluntary_switches)
        if self.causes.interrupts is None or None in counts:
            return None
        served = sum(row.count for row in self.causes.interrupts)
        return min(self.lengths.count, served + sum(count or 0 for count in counts))

    def quantiles(self) -> dict[str, int | None]:
        """The lengths by quantile in nanoseconds, the longest included; None if there were no interruptions."""
        longest = self.lengths.longest if self.lengths.count else None
        return {name: self.lengths.quantile(share) for name, share in _QUANTILES.items()} | {"max_ns": longest}


@dataclass(frozen=True, kw_only=True)
class Jitter:
    """A measurement of a CPU, with the control on another CPU if there is one, and how each was pinned."""

    clock: str
    resolution_ns: float
    target: Interruptions
    control: Interruptions | None
    actions: tuple[Action, ...]

    def to_json(self) -> bytes:
        """Returns indented JSON. Lengths are in nanoseconds; buckets are lowest, highest, count."""
        fields = {
            "clock": self.clock,
            "resolution_ns": self.resolution_ns,
            "target": _fields(self.target),
            "control": None if self.control is None else _fields(self.control),
            "actions": self.actions,
        }
        return msgspec.json.format(msgspec.json.encode(fields), indent=2)


def _fields(found: Interruptions) -> dict[str, object]:
    return {
        "cpu": found.cpu,
        "observed_ns": found.observed_ns,
        "floor_ns": found.floor_ns,
        "threshold_ns": found.threshold_ns,
        "count": found.lengths.count,
        "per_second": found.per_second,
        "lost_ns": found.lengths.total,
        "lost_percent": found.lost_percent,
        **found.quantiles(),
        "buckets": list(found.lengths.buckets()),
        "explained_at_most": found.explained,
        "causes": found.causes,
    }


class _Place:
    """A CPU to spin on, and what was measured there so far."""

    def __init__(self, cpu: int | None, clock: Clock, look: Look, pin: Pin) -> None:
        self.cpu = cpu
        self.action: Action | None = None
        self.floor_ns = 0
        self._clock, self._look, self._pin = clock, look, pin
        self._gaps = array("q", bytes(8 * _GAPS))
        self._lengths, self._observed_ns = JitterHistogram(), 0
        self._causes: Causes | None = None

    def calibrate(self) -> None:
        """Measures the loop's own cost on this CPU."""
        with self._there():
            self.floor_ns = floor_ns(self._clock)

    def spend(self, duration_ns: int, threshold_ns: int) -> None:
        """Spins for `duration_ns`, and adds the gaps that it saw."""
        with self._there():
            self._spin(duration_ns, threshold_ns)

    def found(self, threshold_ns: int) -> Interruptions:
        """Returns everything measured so far."""
        return Interruptions(
            cpu=self.cpu,
            observed_ns=self._observed_ns,
            floor_ns=self.floor_ns,
            threshold_ns=threshold_ns,
            lengths=self._lengths,
            causes=self._causes or Causes(),
        )

    @contextmanager
    def _there(self) -> Iterator[None]:
        if self.cpu is None:
            yield
            return
        action, undo = self._pin((self.cpu,))
        self.action = action
        try:
            if action.outcome != "applied":
                needs = f"; it needs {action.needs}" if action.needs else ""
                raise JitterError(f"pinning to CPU {self.cpu} is {action.outcome}: {action.reason}{needs}")
            yield
        finally:
            if undo is not None:
                undo()

    def _spin(self, duration_ns: int, threshold_ns: int) -> None:
        left = duration_ns
        while left > 0:
            before = self._look(self.cpu)
            spun = spin(self._clock, left, threshold_ns, self._gaps)
            seen = self._look(self.cpu).since(before)
            self._causes = seen if self._causes is None else self._causes.plus(seen)
            self._lengths.add(gap - self.floor_ns for gap in self._gaps[: spun.gaps])
            self._observed_ns += spun.end_ns - spun.begin_ns
            left -= spun.end_ns - spun.begin_ns


def measure(
    cpu: int | None,
    seconds: float,
    *,
    control: int | None = None,
    threshold_ns: int | None = None,
    clock: Clock = time.perf_counter_ns,
    look: Look = read_causes,
    pin: Pin = pin_thread,
    on_round: Callable[[int, int], None] | None = None,
) -> Jitter:
    """Spins on the clock on `cpu` for `seconds`, and on the CPU `control` for a quarter of that time.

    The two take turns, so that both see the same load. The thread's CPU mask is restored at the end.

    Args:
        cpu: None doesn't pin the thread.
        control: None leaves the control run out.
        threshold_ns: A longer gap between two readings is an interruption. The default is ten times the loop's own
        time,
            and at least a microsecond.
        on_round: Called with the number of the round that begins and the number of rounds.

    Raises:
        JitterError: The CPU may not be used, or the loop can't see gaps as short as the threshold.
    """
    if seconds <= 0:
        raise JitterError(f"{seconds:g} seconds: give more than none")
    places = [_Place(cpu, clock, look, pin)]
    if control is not None:
        places.append(_Place(control, clock, look, pin))
    for place in places:
        place.calibrate()
    slowest = max(place.floor_ns for place in places)
    if threshold_ns is None:
        threshold_ns = max(_LEAST_THRESHOLD_NS, 10 * slowest)
    elif threshold_ns < 2 * slowest:
        raise JitterError(
            f"threshold {threshold_ns} ns: a pass of the loop alone takes {slowest} ns; give at least {2 * slowest}"
        )
    for number in range(_ROUNDS):
        if on_round is not None:
            on_round(number + 1, _ROUNDS)
        for place, share in zip(places, (1, 4), strict=False):
            place.spend(round(seconds * 1e9 / _ROUNDS / share), threshold_ns)
    info = time.get_clock_info("perf_counter")
    return Jitter(
        clock=info.implementation,
        resolution_ns=info.resolution * 1e9,
        target=places[0].found(threshold_ns),
        control=places[1].found(threshold_ns) if len(places) > 1 else None,
        actions=tuple(place.action for place in places if place.action is not None),
    )
