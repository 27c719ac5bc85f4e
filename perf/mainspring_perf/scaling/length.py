"""What a message costs, and what the process holds, as a trading session goes on: one pass, looked at on the way."""

from itertools import islice
from time import perf_counter
from typing import Any

import psutil

from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import CHUNK, generated, lane_of, parts_here, plan_of, run_lane
from mainspring_perf.scaling.values import Case

__all__ = ["NAME", "cases", "measure"]

NAME = "length"

_TIMES = (1, 3, 10, 30, 100)
_MESSAGES = 4_200


def cases(tiny: bool) -> list[Case]:
    """Each part over the same session."""
    times = _TIMES[:2] if tiny else _TIMES
    return [{"part": part, "times": times, "messages": _MESSAGES} for part in parts_here()]


def measure(case: Case) -> dict[str, Any]:
    """Nanoseconds a message since the look before, and the process's memory, at each look."""
    wanted = case["messages"] * max(case["times"])
    plan = plan_of(case["part"], "feed.seconds=86400", f"feed.messages={wanted}")
    messages = generated(plan)
    driver = lane_of(plan, trading=True)
    process = psutil.Process()
    done, taken, costs, held = 0, 0.0, [], []
    since = 0
    for times in case["times"]:
        while done < times * case["messages"]:
            chunk = list(islice(messages, min(CHUNK, times * case["messages"] - done)))
            if not chunk:
                raise WrongAnswer(f"the session ended after {done:,} messages of {wanted:,}")
            started = perf_counter()
            run_lane(driver, chunk)
            taken += perf_counter() - started
            done += len(chunk)
        costs.append(taken * 1e9 / (done - since))
        held.append(process.memory_info().rss)
        taken, since = 0.0, done
    if driver.log is None or not driver.log.records:
        raise WrongAnswer(f"{case}: no order was made")
    return {"message_ns": costs, "rss_bytes": held, "records": driver.log.records}
