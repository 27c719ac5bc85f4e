"""The whole lane: raw messages to routed orders, stage timing on, a strategy called as the best prices change.

The maker of the built-in configuration quotes all the time, so that orders rest and the paper venue has to see every
event. A strategy that only watches leaves the venue idle.
"""

from collections.abc import Callable

from mainspring.host.wiring import wire
from mainspring.session.driver import Driver
from mainspring_perf.candidates import registry
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.parts import Watcher, overrides, parts_here, run_lane, standing_in
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
    of, _, messages = session
    run = (_watching if watching else _trading)(session)
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
        counted=1 if of.startswith("reference") and not watching else 0,
        # Where blocks are timed in Rust, each distinct time is counted in Python afterwards.
        counted_within=0.01 if part == "python" else 0.04,
    )


def _watching(session: Session) -> Callable[[], tuple[int, int]]:
    _, plan, messages = session

    def run() -> tuple[int, int]:
        """How many changes the strategy saw, and the sum of their spreads."""
        watcher = Watcher()
        run_lane(Driver(wire(plan, standing_in(strategy=watcher))), messages)
        return watcher.changes, watcher.spreads

    return run


def _trading(session: Session) -> Callable[[], tuple[int, str]]:
    _, plan, messages = session

    def run() -> tuple[int, str]:
        """How many records the order log holds, and their digest."""
        driver = Driver(wire(plan, registry()))
        run_lane(driver, messages)
        log = driver.log
        assert log is not None
        return log.records, log.sha256

    return run
