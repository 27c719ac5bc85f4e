"""Probing: what it costs to find out what this host is, as a whole and part by part."""

from collections.abc import Callable
from pathlib import Path

from hwprofile.probe import probe, read_allowance, read_cpu, read_state, read_system, read_topology
from hwprofile.profile import HostProfile
from mainspring_perf.harness import Benchmark, WrongAnswer, same_call

__all__ = ["SUITE", "benchmarks"]

SUITE = "probe"

_TARGET_US = 100_000.0
_ROOT = Path("/")


def benchmarks(tiny: bool) -> list[Benchmark]:
    """The whole probe of this host, and each of its parts."""
    calls = 1 if tiny else 5
    topology = read_topology(_ROOT)
    parts: dict[str, Callable[[], object]] = {
        "whole": probe,
        "cpu": lambda: read_cpu(_ROOT),
        "topology": lambda: read_topology(_ROOT),
        "allowance": lambda: read_allowance(_ROOT, topology),
        "state": lambda: read_state(_ROOT),
        "system": lambda: read_system(_ROOT),
    }
    return [_benchmark(part, call, calls) for part, call in parts.items()]


def _benchmark(part: str, call: Callable[[], object], calls: int) -> Benchmark:
    right = _steady(call())

    def run() -> object:
        answer = call()
        for _ in range(calls - 1):
            answer = call()
        return answer

    def check(answer: object) -> None:
        if _steady(answer) != right:
            raise WrongAnswer(f"probe, {part}: two looks at one host differ in what doesn't change")

    return Benchmark(
        name=part,
        run=run,
        operations=calls,
        check=check,
        input="this host's own kernel files",
        target_us=_TARGET_US if part == "whole" else None,
        calls=same_call(20 * calls, call),
    )


def _steady(answer: object) -> object:
    """What of an answer doesn't change from one look to the next: load and frequencies do."""
    return answer.fingerprint if isinstance(answer, HostProfile) else type(answer)
