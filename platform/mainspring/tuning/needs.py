"""Estimates a race's minimum time on this host, so that the budget goes to races that can finish."""

from collections.abc import Callable
from typing import Final

import msgspec

from mainspring.tuning.budget import Budget
from mainspring.tuning.candidates import Field
from mainspring.tuning.subject import Subject
from mainspring.tuning.whole import PASSES, WholeRun, run_whole

__all__ = ["PAIRS", "Costs", "measure_costs"]

PAIRS: Final = 5
"""The smallest number of pairs that makes a paired check useful."""

# The minimum of a race in `hwprofile.tune`: processes, rounds in each with the warm-up, candidates after the first
# look, and processes that confirm a winner.
_PROCESSES, _ROUNDS, _LEFT, _CONFIRMING = 4, 8, 3, 3
# The largest part of its time that a race spends on answers, and the part that it keeps for confirming.
_GATE, _CONFIRM = 0.35, 0.25
# The most important race gets more than the minimum.
_AT_EASE = 1.75


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """Measured costs in seconds: starting a process with its lane, and running a message in the default lane."""

    process_s: float
    message_s: float

    def race_s(self, field: Field, subject: Subject, *, sure: bool) -> float:
        """Returns the seconds that a race needs for a verdict; `sure` adds a winner's confirmation and reserve."""
        entrants, messages = len(field.candidates), subject.workload.messages
        begin, timed = subject.workload.begin, subject.workload.seen - subject.workload.begin
        # After the last payload, a lane starts again and runs up to the first.
        unit_s = subject.unit * self.message_s * (1 + begin / timed)
        gate_s = self.process_s + entrants * messages * self.message_s + 2 * _ROUNDS * unit_s
        before_s = begin * self.message_s
        look_s = self.process_s + (entrants + 1) * (before_s + _ROUNDS * unit_s) if entrants > _LEFT + 2 else 0.0
        lanes = min(entrants - 1, _LEFT) + 2
        race_s = _PROCESSES * (self.process_s + lanes * (before_s + _ROUNDS * unit_s))
        if not sure:
            return max(gate_s / _GATE, (gate_s + look_s + race_s) / (1 - _CONFIRM))
        seen_s = subject.workload.seen * self.message_s
        confirm_s = _CONFIRMING * (self.process_s + 2 * seen_s + 2 * _ROUNDS * unit_s)
        memory_s = self.process_s + 2 * self.whole_s(messages)
        return _AT_EASE * max(gate_s / _GATE, gate_s + look_s + race_s + confirm_s + memory_s)

    def whole_s(self, messages: int) -> float:
        """Returns the seconds of one run of the whole workload in a process of its own."""
        return self.process_s + PASSES * messages * self.message_s


def measure_costs(
    subject: Subject, name: str, budget: Budget, run: Callable[[Subject, str, float], WholeRun] = run_whole
) -> tuple[Costs, WholeRun]:
    """Runs the default's lane once in a fresh process, and returns the costs. Raises `MainspringError`."""
    began = budget.spent_s
    whole = run(subject, name, budget.left_s + 1.0)
    work_s = whole.elapsed_ns / 1e9
    process_s = max(budget.spent_s - began - PASSES * work_s, 0.0)
    return Costs(process_s=process_s, message_s=work_s / subject.workload.messages), whole
