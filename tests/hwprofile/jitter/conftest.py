"""A clock that runs only when it is read, and a kernel that pins as told."""

from collections.abc import Iterable

import pytest

from hwprofile.actions import Action
from hwprofile.jitter import Causes


class SimulatedClock:
    """Each reading takes `step` nanoseconds, and longer by an interruption's length once its time has come."""

    def __init__(self, step: int, interruptions: Iterable[tuple[int, int]] = ()) -> None:
        self.now = 0
        self._step = step
        self._pending = sorted(interruptions, reverse=True)

    def __call__(self) -> int:
        self.now += self._step
        while self._pending and self._pending[-1][0] <= self.now:
            self.now += self._pending.pop()[1]
        return self.now


class SimulatedKernel:
    """Pins to the CPUs that may be used, and knows what was asked of it and where the thread is."""

    def __init__(self, usable: Iterable[int]) -> None:
        self.usable = set(usable)
        self.asked: list[int] = []
        self.at: int | None = None

    def pin(self, cpus):
        """Stands for `pin_thread`."""
        (cpu,) = cpus
        self.asked.append(cpu)
        common = {"name": "pin", "subject": "thread 1", "wanted": f"CPU {cpu}", "evidence": "simulated"}
        if cpu not in self.usable:
            reason = f"CPU {cpu} may not be used"
            return Action(**common, holds="as before", outcome="refused", reason=reason, needs="a wider mask"), None
        before, self.at = self.at, cpu

        def undo() -> Action:
            self.at = before
            return Action(**common, holds="as before", outcome="applied")

        return Action(**common, holds=f"CPU {cpu}", outcome="applied"), undo


@pytest.fixture
def clock():
    """Makes a simulated clock."""
    return SimulatedClock


@pytest.fixture
def kernel():
    """Makes a kernel with CPUs that may be used."""
    return SimulatedKernel


@pytest.fixture
def blind():
    """Sees nothing of the kernel's counts."""
    return lambda cpu: Causes()
