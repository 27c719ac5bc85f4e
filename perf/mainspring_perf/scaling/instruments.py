"""What a message costs, and an instrument's memory, by how many instruments a lane carries."""

import gc
from time import perf_counter
from typing import Any

import psutil

from mainspring.report.figures import latency, memory
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import CHUNK, lane_of, parts_here, plan_of
from mainspring_perf.scaling.streams import changes, instruments, snapshots
from mainspring_perf.scaling.values import ByPart, Case, Result, Table

__all__ = ["NAME", "cases", "measure", "tables"]

NAME = "instruments"

_COUNTS = (1, 10, 100, 1_000, 10_000)
_MESSAGES = 30_000
# Below this many, what the process itself takes hides what an instrument does.
_MEMORY_FROM = 100


def cases(tiny: bool) -> list[Case]:
    """Each number of instruments by each part."""
    counts = _COUNTS[:2] if tiny else _COUNTS
    messages = 1_000 if tiny else _MESSAGES
    return [{"part": part, "instruments": count, "messages": messages} for count in counts for part in parts_here()]


def measure(case: Case) -> dict[str, Any]:
    """Nanoseconds a message once every book is whole, the least of three thirds; and bytes an instrument."""
    count = case["instruments"]
    plan = plan_of(case["part"])
    warm = list(snapshots(count))
    stream = list(changes(count, case["messages"]))
    gc.collect()
    before = psutil.Process().memory_info().rss
    driver = lane_of(plan, trading=False, instruments=instruments(count))
    for start in range(0, len(warm), CHUNK):
        driver.run(warm[start : start + CHUNK])
        driver.lane.fold()
    grown = psutil.Process().memory_info().rss - before
    if not all(market.live for market in driver.lane.markets):
        raise WrongAnswer(f"{case}: a book isn't whole after its snapshot")
    third = len(stream) // 3
    times = []
    for begin in range(0, third * 3, third):
        started = perf_counter()
        for start in range(begin, begin + third, CHUNK):
            driver.run(stream[start : min(start + CHUNK, begin + third)])
            driver.lane.fold()
        times.append((perf_counter() - started) * 1e9 / third)
    if (
        driver.lane.feeds[0].feed.statistics().gaps
        or sum(driver.lane.feeds[0].feed.statistics().by_kind.values()) < third * 3
    ):
        raise WrongAnswer(f"{case}: {driver.lane.feeds[0].feed.statistics()}")
    return {"message_ns": min(times), "instrument_bytes": grown / count if count >= _MEMORY_FROM else None}


def tables(results: list[Result]) -> list[Table]:
    """Returns a table, a column for each part."""
    found = ByPart(results, "instruments")
    rows = []
    for count in found.counts:
        sizes = ["" if size is None else memory(round(size)) for size in found.row(count, "instrument_bytes")]
        rows.append([f"{count:,}", *map(latency, found.row(count, "message_ns")), *sizes])
    return [
        Table(
            title="A message, by the instruments of its lane",
            note=(
                f"{results[0].case['messages']:,} depth messages of four levels, each of an instrument at random; "
                "books of 40 levels, and a strategy that watches them all. Memory: what making the lane and its books "
                "added to the process."
            ),
            head=["instruments", *found.head("a message"), *found.head("memory an instrument")],
            rows=rows,
        )
    ]
