"""Placement: what a plan costs on a small and a large host, what a pin costs, and what exact sleeps save."""

import os
import time
from collections.abc import Callable, Sequence
from functools import partial

from hwprofile.apply import Placement, Role, pin_thread, plan_placement, set_timer_slack
from hwprofile.partial import partly_known
from hwprofile.profile import Allowance, Cache, HostProfile, Nic, Node, State, Thread, Topology
from mainspring_perf.harness import Benchmark, WrongAnswer

__all__ = ["SUITE", "benchmarks"]

SUITE = "placement"

_SLEEP_S = 50e-6
_USUAL_SLACK_NS, _LEAST_SLACK_NS = 50_000, 1


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Plans for 2 and 256 CPUs; a pin, checked and read back, against the bare call; a sleep with and without slack."""
    passes = 2 if tiny else 20
    plans = [
        _plan("plan-2-cpus", _host(nodes=1, caches=1, cores=2, smt=1), 1, [(1,), (0,)], passes),
        _plan(
            "plan-256-cpus",
            _host(nodes=2, caches=8, cores=8, smt=2),
            8,
            [*((64 + core,) for core in range(8)), tuple(cpu for cpu in range(256) if cpu % 128 not in range(64, 72))],
            1 if tiny else 2,
        ),
    ]
    if not hasattr(os, "sched_setaffinity"):
        return plans
    sleeps = 5 if tiny else 200
    usual = _sleep("usual", _USUAL_SLACK_NS, sleeps)
    return [*plans, *_pins(10 if tiny else 500), usual, _sleep("least", _LEAST_SLACK_NS, sleeps, usual.name)]


def _plan(name: str, host: HostProfile, hot: int, expected: Sequence[tuple[int, ...]], passes: int) -> Benchmark:
    roles = [*(Role(f"lane-{number}", hot=True, nic="eth0") for number in range(hot)), Role("rest", hot=False)]

    def run() -> Placement:
        for _ in range(passes):
            plan = plan_placement(host, roles)
        return plan

    def check(answer: object) -> None:
        if (
            not isinstance(answer, Placement)
            or [assignment.cpus for assignment in answer.assignments] != expected
            or answer.violations
        ):
            raise WrongAnswer(f"{name}: {answer!r}")

    cpus = len(host.topology.threads)
    return Benchmark(
        name=name,
        run=run,
        operations=passes,
        check=check,
        input=f"{hot} hot roles and one other on a host of {cpus} CPUs",
    )


def _pins(passes: int) -> list[Benchmark]:
    """The calling thread bound to the last usable CPU, freed and bound again: it is moved once only, by the first."""
    everywhere = sorted(os.sched_getaffinity(0))
    last = everywhere[-1]
    ends = [(last,), *[everywhere, (last,)] * passes]

    def check(answer: object) -> None:
        if answer != {last}:
            raise WrongAnswer(f"pinned to CPU {last}, the thread may run on {answer!r}")

    def benchmark(name: str, pin: Callable[[Sequence[int]], object], baseline: str | None = None) -> Benchmark:
        def run() -> set[int]:
            for cpus in ends:
                pin(cpus)
            pinned = os.sched_getaffinity(0)
            os.sched_setaffinity(0, everywhere)
            return pinned

        text = f"a thread bound to CPU {last} and freed, {len(ends)} masks"
        return Benchmark(name=name, run=run, operations=len(ends), check=check, input=text, baseline=baseline)

    return [
        benchmark("sched-setaffinity", partial(os.sched_setaffinity, 0)),
        benchmark("pin-thread", partial(pin_thread, usable=everywhere), "sched-setaffinity"),
    ]


def _sleep(slack: str, slack_ns: int, passes: int, baseline: str | None = None) -> Benchmark:
    name = f"sleep-50us-{slack}-slack"

    def run() -> float:
        action, undo = set_timer_slack(slack_ns)
        started = time.monotonic()
        for _ in range(passes):
            time.sleep(_SLEEP_S)
        took_s = time.monotonic() - started
        if undo is not None:
            undo()
        if action.outcome != "applied":
            raise WrongAnswer(f"{name}: {action.reason}")
        return took_s

    def check(answer: object) -> None:
        if not isinstance(answer, float) or answer < passes * _SLEEP_S:
            raise WrongAnswer(f"{passes} sleeps of {_SLEEP_S} s took {answer!r} s")

    text = f"{passes} sleeps of 50 us, with {slack_ns} ns of timer slack"
    return Benchmark(name=name, run=run, operations=passes, check=check, input=text, baseline=baseline)


def _host(*, nodes: int, caches: int, cores: int, smt: int) -> HostProfile:
    """A host of `nodes` with `caches` L3 caches each, of `cores` cores of `smt` threads, its interface on the last."""
    total = nodes * caches * cores
    each = total // nodes
    threads = [
        partly_known(
            Thread,
            number=place * total + core,
            online=True,
            package=core // each,
            core=core,
            smt=place,
            node=core // each,
        )
        for place in range(smt)
        for core in range(total)
    ]
    everything = tuple(thread.number for thread in threads)

    def cpus(first: int, count: int) -> tuple[int, ...]:
        return tuple(cpu for cpu in everything if first <= cpu % total < first + count)

    l3 = [partly_known(Cache, level=3, type="unified", cpus=cpus(first, cores)) for first in range(0, total, cores)]
    distances = [tuple((other, 10 if other == node else 20) for other in range(nodes)) for node in range(nodes)]
    memory = [
        partly_known(Node, number=node, cpus=cpus(node * each, each), distances=distances[node])
        for node in range(nodes)
    ]
    nic = partly_known(Nic, name="eth0", node=nodes - 1)
    return partly_known(
        HostProfile,
        topology=partly_known(Topology, threads=tuple(threads), caches=tuple(l3), nodes=tuple(memory), nics=(nic,)),
        allowance=partly_known(Allowance, usable=everything, affinity=everything),
        state=partly_known(State, rcu_nocbs=(), nohz_full=(), isolated=()),
    )
