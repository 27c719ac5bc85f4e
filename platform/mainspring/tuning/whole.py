"""Runs a candidate's lane over the workload several times, as a process: `python -m mainspring.tuning.whole`.

It reads sys.path and what to run as JSON from standard input, and writes the result to standard output.
"""

import os
import subprocess
import sys
from statistics import median_low
from typing import Final

import msgspec
import psutil

from hwprofile.actions import Scope
from hwprofile.children import module_command
from hwprofile.tune.signs import RunDelay
from hwprofile.tune.values import Score
from mainspring.errors import MainspringError
from mainspring.host.applying import apply_gc
from mainspring.host.registry import Registry
from mainspring.tuning.lanes import NOTHING, RacedLane, ReadAhead, tail_ns
from mainspring.tuning.subject import Subject, read_subject

__all__ = ["PASSES", "WholeRun", "run_whole"]

_MODULE: Final = "mainspring.tuning.whole"
_WITHIN_S = 120.0
PASSES: Final = 3
"""The number of passes over the workload in one process."""


class WholeRun(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a process.

    It has the time of a pass, less the time in which others had the CPU, and the 99th percentile of a message's time
    (both are medians over the passes); the growth of resident memory in the first pass; and the stages' medians in the
    last.
    """

    elapsed_ns: int
    tail_ns: int
    grown_bytes: int
    stages_ns: dict[str, float]

    @property
    def score(self) -> Score:
        """The time and tail as a race's score."""
        return Score(elapsed_ns=self.elapsed_ns, tail_ns=self.tail_ns)


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    path: list[str]
    subject: str
    name: str


def run_whole(subject: Subject, name: str, within_s: float = _WITHIN_S) -> WholeRun:
    """Runs the workload through a candidate's lane in a fresh process. Raises `MainspringError` if that fails."""
    order = msgspec.json.encode(_Order(path=sys.path, subject=str(subject.file), name=name))
    try:
        done = subprocess.run(  # noqa: S603  our own module, by our own interpreter
            module_command(_MODULE),
            input=order,
            capture_output=True,
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MainspringError(f"{name}: the workload wasn't done within {within_s:.0f} s") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise MainspringError(f"{name}: its process failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return msgspec.json.decode(done.stdout, type=WholeRun)


def main() -> None:
    """Runs the process's request."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # From here on, what a plugin prints goes to standard error.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=_Order)
    sys.path[:] = order.path
    subject = read_subject(order.subject)
    plan = subject.plan(order.name)
    registry = Registry.load(subject.allow)
    ahead = ReadAhead()
    process = psutil.Process()
    # A run over the first chunk, so that one-time costs aren't measured.
    RacedLane(plan, registry, ahead).run_to(1)
    delay = RunDelay()
    grown, elapsed, tails = 0, [], []
    for number in range(PASSES):
        before = process.memory_info().rss
        with Scope() as scope:
            lane = RacedLane(plan, registry, ahead)
            apply_gc(scope, plan.gc.value)
            waited_ns = delay()
            elapsed_ns = lane.run_to(subject.workload.messages)
            elapsed.append(max(elapsed_ns - (delay() - waited_ns), 1))
            grown = grown if number else process.memory_info().rss - before
        tails.append(tail_ns(NOTHING, lane.count()) or 0)
    done = WholeRun(
        elapsed_ns=median_low(elapsed), tail_ns=median_low(tails), grown_bytes=grown, stages_ns=lane.medians_ns()
    )
    out.write(msgspec.json.encode(done))
    out.close()


if __name__ == "__main__":
    main()
