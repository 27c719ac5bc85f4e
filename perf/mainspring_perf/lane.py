"""The whole lane: raw messages to routed orders, stage timing on, a strategy called as the best prices change.

The maker of the built-in configuration quotes all the time, so that orders rest and the paper venue has to see every
event. A strategy that only watches leaves the venue idle.
"""

from collections.abc import Callable, Sequence
from functools import partial

from mainspring.host.plan import Plan
from mainspring.host.wiring import wire
from mainspring.seams import RawMessage
from mainspring.session.driver import Driver
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.parts import Watcher, lane_of, overrides, parts_here, run_lane, standing_in
from mainspring_perf.sessions import Session, sessions

__all__ = ["COUNTED", "SUITE", "benchmarks"]

SUITE = "lane"
COUNTED = True


def benchmarks(tiny: bool) -> list[Benchmark]:
    """A session each: the maker, and a strategy that watches, by the Python parts and by the native ones."""
    return [
        _benchmark(session, part, watching=watching)
        for part in parts_here()
        for session in sessions(tiny=tiny, overrides=overrides(part))
        for watching in (False, True)
    ]


def _benchmark(session: Session, part: str, *, watching: bool) -> Benchmark:
    of, plan, messages = session
    run: Callable[[], tuple[int, object]] = partial(_watch if watching else _trade, plan, messages)
    expected = run()
    calls = f"{expected[0]:,} callbacks; " if watching else ""
    ran = f"{of}, {part}{', watching' if watching else ''}"

    def check(answer: object) -> None:
        if answer != expected:
            raise WrongAnswer(f"two runs of the {ran} differ: {expected} and {answer}")
        if not expected[0]:
            raise WrongAnswer(f"the {ran} led to no {'callback' if watching else 'order'}")

    return Benchmark(
        name=f"lane, {ran}",
        run=run,
        operations=len(messages),
        check=check,
        input=f"{len(messages):,} messages of the {ran}, in memory; {calls}wiring included",
        baseline=None if part == "python" else f"lane, {ran.replace(part, 'python')}",
        counted=1 if of.startswith("reference") else 0,
        # Where blocks are timed in Rust, each distinct time is counted in Python afterwards.
        counted_within=0.01 if part == "python" else 0.04,
    )


def _watch(plan: Plan, messages: Sequence[RawMessage]) -> tuple[int, int]:
    """Returns how many changes the strategy saw, and the sum of their spreads."""
    watcher = Watcher()
    run_lane(Driver(wire(plan, standing_in(strategy=watcher))), messages)
    return watcher.changes, watcher.spreads


def _trade(plan: Plan, messages: Sequence[RawMessage]) -> tuple[int, str]:
    """Returns how many records the order log holds, and their digest."""
    driver = lane_of(plan, trading=True)
    run_lane(driver, messages)
    assert driver.log is not None
    return driver.log.records, driver.log.sha256
