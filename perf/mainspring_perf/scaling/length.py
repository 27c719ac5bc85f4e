"""What a message costs, and what the process holds, as a trading session goes on: one pass, looked at on the way."""

from itertools import islice
from time import perf_counter
from typing import Any

import psutil

from mainspring.report.figures import latency, memory
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import CHUNK, generated, lane_of, parts_here, plan_of
from mainspring_perf.scaling.values import Case, Figure, Result, Series

__all__ = ["NAME", "cases", "figures", "measure"]

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
    lane = lane_of(plan, trading=True)
    process = psutil.Process()
    done, taken, costs, held = 0, 0.0, [], []
    since = 0
    for times in case["times"]:
        while done < times * case["messages"]:
            chunk = list(islice(messages, min(CHUNK, times * case["messages"] - done)))
            if not chunk:
                raise WrongAnswer(f"the session ended after {done:,} messages of {wanted:,}")
            started = perf_counter()
            lane.run(chunk)
            lane.fold()
            taken += perf_counter() - started
            done += len(chunk)
        costs.append(taken * 1e9 / (done - since))
        held.append(process.memory_info().rss)
        taken, since = 0.0, done
    if lane.order_manager is None or not lane.order_manager.trading.log.records:
        raise WrongAnswer(f"{case}: no order was made")
    return {"message_ns": costs, "rss_bytes": held, "records": lane.order_manager.trading.log.records}


def figures(results: list[Result]) -> list[Figure]:
    """A plot of the cost and one of the memory, a line for each part."""
    times = results[0].case["times"]
    unit = results[0].case["messages"]
    lengths = [float(unit * one) for one in times]
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

    def series(key: str) -> list[Series]:
        return [Series(f"{one.case['part']} parts", list(zip(lengths, one.found[key], strict=True))) for one in results]

    common: dict[str, Any] = {"x_title": "messages so far", "note": note, "head": head}
    return [
        Figure(
            name="length",
            title="A message, as the session goes on",
            y_title="one message, since the look before",
            series=series("message_ns"),
            rows=rows,
            **common,
        ),
        Figure(
            name="length-memory",
            title="Memory, as the session goes on",
            y_title="resident memory",
            y_unit="bytes",
            linear_y=True,
            series=series("rss_bytes"),
            rows=[],
            **common,
        ),
    ]
