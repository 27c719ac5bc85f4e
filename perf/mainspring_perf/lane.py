"""The whole lane: raw messages to routed orders, stage timing on, a strategy called as the best prices change.

The maker of the built-in configuration quotes all the time, so that the paper venue has to see every event. A strategy
that only watches leaves the router idle: then the native decoder and book run feed, books and markets as one.
"""

from collections.abc import Callable, Sequence

import msgspec

from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.lane import Lane
from mainspring.seams import SEAMS, MarketView, Orders, RawMessage, Subscription
from mainspring_perf.candidates import registry, usable
from mainspring_perf.harness import Benchmark, WrongAnswer
from mainspring_perf.sessions import Session, sessions

__all__ = ["COUNTED", "SUITE", "benchmarks"]

SUITE = "lane"
COUNTED = True

_CHUNK = 512
_PYTHON = ("decoder.plugin=python", "book.plugin=bisect-list")
_NATIVE = ("decoder.plugin=native", "book.plugin=ladder")


def benchmarks(tiny: bool) -> list[Benchmark]:
    """A session each: the maker, and a strategy that watches, by the Python parts and by the native ones."""
    parts = {"python": _PYTHON}
    if usable("decoder", "native") and usable("book", "ladder"):
        parts["native"] = _NATIVE
    made = []
    for part, overrides in parts.items():
        for name, plan, messages in sessions(tiny=tiny, overrides=overrides):
            made.append(_benchmark((f"{name}, {part}", plan, messages), name, part))
            made.append(_watching((f"{name}, {part}, watching", plan, messages), name, part))
    return made


def _benchmark(session: Session, of: str, part: str) -> Benchmark:
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
        baseline=None if part == "python" else f"lane, {of}, python",
        counted=1 if of.startswith("reference") else 0,
    )


class _Watcher:
    """Reads the best prices of each change, and never trades."""

    subscription = Subscription(bbo=True)

    def __init__(self) -> None:
        self.changes = 0
        self.spreads = 0

    def on_bbo(self, market: MarketView, orders: Orders) -> None:
        self.changes += 1
        self.spreads += market.ask_ticks - market.bid_ticks


def _watching(session: Session, of: str, part: str) -> Benchmark:
    name, plan, messages = session

    def run() -> tuple[int, int]:
        """How many changes the strategy saw, and the sum of their spreads."""
        watcher = _Watcher()
        lane = wire(plan, _watched(watcher))
        _run(lane, messages)
        return watcher.changes, watcher.spreads

    expected = run()

    def check(answer: object) -> None:
        if answer != expected or not expected[0]:
            raise WrongAnswer(f"the watcher of the {name} saw {answer}, not {expected}")

    return Benchmark(
        name=f"lane, {name}",
        run=run,
        operations=len(messages),
        check=check,
        input=f"{len(messages):,} messages of the {name}, in memory; {expected[0]:,} callbacks; wiring included",
        baseline=None if part == "python" else f"lane, {of}, python, watching",
    )


def _watched(watcher: _Watcher) -> Registry:
    """Our plugins, with the watcher in the place of every strategy."""
    ours = registry()
    offers = {seam: ours.offers(seam) for seam in SEAMS}
    strategies = {
        name: msgspec.structs.replace(offer, factory=lambda *_, **__: watcher)
        for name, offer in offers["strategy"].items()
    }
    return Registry({**offers, "strategy": strategies}, ())


def _run(lane: Lane, messages: Sequence[RawMessage]) -> None:
    for start in range(0, len(messages), _CHUNK):
        lane.run(messages[start : start + _CHUNK])
        lane.fold()


def _runner(session: Session) -> Callable[[], tuple[int, str]]:
    _, plan, messages = session

    def run() -> tuple[int, str]:
        """How many records the order log holds, and their digest."""
        lane = wire(plan, registry())
        _run(lane, messages)
        assert lane.order_manager is not None
        log = lane.order_manager.trading.log
        return log.records, log.sha256

    return run
