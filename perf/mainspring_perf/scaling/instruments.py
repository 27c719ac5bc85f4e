"""What a message costs, and an instrument's memory, by how many instruments a lane carries."""

import gc
from typing import Any

import psutil

from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import lane_of, least_message_ns, parts_here, plan_of, run_lane
from mainspring_perf.scaling.streams import changes, instruments, snapshots
from mainspring_perf.scaling.values import Case

__all__ = ["NAME", "cases", "measure"]

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
    run_lane(driver, warm)
    grown = psutil.Process().memory_info().rss - before
    if not all(market.live for market in driver.lane.markets):
        raise WrongAnswer(f"{case}: a book isn't whole after its snapshot")
    message_ns = least_message_ns(driver, stream)
    counted = driver.lane.feeds[0].feed.statistics()
    if counted.gaps or sum(counted.by_kind.values()) < len(stream) // 3 * 3:
        raise WrongAnswer(f"{case}: {counted}")
    return {"message_ns": message_ns, "instrument_bytes": grown / count if count >= _MEMORY_FROM else None}
