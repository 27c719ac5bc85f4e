"""What a message costs, and what the process holds, as a trading session goes on: one pass, looked at on the way."""

from itertools import islice
from time import perf_counter
from typing import Any

import psutil

from mainspring.report.figures import latency, memory
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import CHUNK, generated, lane_of, parts_here, plan_of
from mainspring_perf.scaling.values import Case, Result, Table

__all__ = ["NAME", "cases", "measure", "tables"]

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
            driver.run(chunk)
            driver.lane.fold()
            taken += perf_counter() - started
            done += len(chunk)
        costs.append(taken * 1e9 / (done - since))
        held.append(process.memory_info().rss)
        taken, since = 0.0, done
    if driver.log is None or not driver.log.records:
        raise WrongAnswer(f"{case}: no order was made")
    return {"message_ns": costs, "rss_bytes": held, "records": driver.log.records}


def tables(results: list[Result]) -> list[Table]:
    """Returns a table of the cost and the memory, columns for each part."""
    times = results[0].case["times"]
    unit = results[0].case["messages"]
    note = (
        f"The reference session with its quoting strategy, {unit:,} messages at 1x, looked at as it goes on; generated "
        "while it runs, which isn't timed."
    )
    rows = [
        [
            f"{one}x",
            f"{unit * one:,}",
            *[latency(result.found["message_ns"][place]) for result in results],
            *[memory(result.found["rss_bytes"][place]) for result in results],
        ]
        for place, one in enumerate(times)
    ]
    parts = [result.case["part"] for result in results]
    head = ["length", "messages", *[f"a message, {part}" for part in parts], *[f"memory, {part}" for part in parts]]

    return [Table(title="A message, as the session goes on", note=note, head=head, rows=rows)]
