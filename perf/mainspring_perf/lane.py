"""The whole lane: raw messages to routed orders, stage timing on, a strategy woken as the best prices change."""

from collections.abc import Callable

from mainspring.host.wiring import wire
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.sessions import Session, registry, sessions

__all__ = ["SUITE", "benchmarks"]

SUITE = "lane"

_TARGET_US = 20.0


def benchmarks(tiny: bool) -> list[Benchmark]:
    """One a session: the built-in configuration, so that quotes are made, priced, checked, routed and filled."""
    return [_benchmark(session) for session in sessions(tiny=tiny)]


def _benchmark(session: Session) -> Benchmark:
    name, _, messages = session
    run = _runner(session)
    expected = run()

    def check(answer: object) -> None:
        if answer != expected:
            raise WrongAnswer(f"two runs of the {name} differ: {expected} and {answer}")
        if not expected[0]:
            raise WrongAnswer(f"the {name} led to no order")

    return Benchmark(
        name=f"lane, {name}",
        run=run,
        operations=len(messages),
        check=check,
        input=f"{len(messages):,} messages of the {name}, in memory; wiring included",
        target_us=_TARGET_US,
    )


def _runner(session: Session) -> Callable[[], tuple[int, str]]:
    _, plan, messages = session

    def run() -> tuple[int, str]:
        """How many records the order log holds, and their digest."""
        lane = wire(plan, registry())
        on_message = lane.on_message
        for count, (receive_time_ns, raw) in enumerate(messages):
            on_message(receive_time_ns, raw)
            if not count % 512:
                lane.stages.fold()
        assert lane.desk is not None
        log = lane.desk.trading.log
        return log.records, log.sha256

    return run
