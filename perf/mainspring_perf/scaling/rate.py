"""Measures latency by message rate up to saturation, and tests the capacity model against it."""

from itertools import islice
from typing import Any

import msgspec

from mainspring.host.plan import Plan
from mainspring.report import StageReport, stage_report
from mainspring.report.capacity import capacity_of
from mainspring.session import open_messages
from mainspring_perf.candidates import registry
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import generated, lane_of, parts_here, plan_of
from mainspring_perf.scaling.calibration import calibrate
from mainspring_perf.scaling.open_loop import UNDISTURBED, Ran, arrivals, run_open_loop
from mainspring_perf.scaling.values import Case, Result
from mainspring_perf.sessions import RECORDED, recorded_capture

__all__ = ["NAME", "WITHIN", "cases", "error_of", "far_off", "measure"]

NAME = "rate"

WITHIN = 0.20
"""The largest relative error of a good prediction."""

_LOADS = (0.2, 0.5, 0.65, 0.8, 0.9, 0.95)
_MODEL_LOAD = 0.3
_MESSAGES = 30_000
_ROUNDS = 3
# A session's first messages hold its snapshot, whose milliseconds would be the tail of all that came meanwhile.
_WARM = 500
# A run for the model takes a twentieth of a second or so: short enough to be left alone even on a busy machine.
_MODEL_MESSAGES = {"python": 4_000, "native": 12_000}
_ATTEMPTS = 24
_ENOUGH = 4
_FOUR = 'instruments=["A/USDT", "B/USDT", "C/USDT", "D/USDT"]'


def cases(tiny: bool) -> list[Case]:
    """Returns the reference session at each load with each part, and more workloads for the model alone."""
    workloads: list[tuple[str, list[str], bool]] = [
        ("reference session, quoting", [], True),
        ("reference session, watching", [], False),
    ]
    if not tiny:
        workloads.append(("four instruments, quoting", [_FOUR], True))
    if recorded_capture() is not None and not tiny:
        capture = [f"feed.capture={RECORDED}", "feed.plugin=binance-spot", "instruments=[]"]
        workloads += [("recorded session, quoting", capture, True), ("recorded session, watching", capture, False)]
    return [
        {
            "part": part,
            "workload": name,
            "overrides": overrides,
            "trading": trading,
            "messages": _MODEL_MESSAGES[part] // (6 if tiny else 1),
            "attempts": 2 if tiny else _ATTEMPTS,
            "calibration": 1_000 if tiny else 8_000,
            "loads": list(_LOADS) if place == 0 else [],
            "load_messages": _MESSAGES // (20 if tiny else 1),
            "rounds": 1 if tiny else _ROUNDS,
            "warm": _WARM,
            "model_load": _MODEL_LOAD,
        }
        for place, (name, overrides, trading) in enumerate(workloads)
        for part in parts_here()
    ]


def measure(case: Case) -> dict[str, Any]:
    """Measures the rate at which the lane saturates, the rate that the model predicts, and the latencies at each load.

    Rates are the best of runs in which the thread had its core to itself (None if there were none), since other work
    can only slow a run. Latencies are from the round in which the thread had most of its core.
    """
    plan = plan_of(case["part"], *case["overrides"])
    bench = _Bench(plan, case)
    calibration = calibrate(case["calibration"])
    saturated, predicted, tried = [], [], 0.0
    for _ in range(case["attempts"]):
        ran, _ = bench.run(case["messages"], 0)
        tried = max(tried, case["messages"] / ran.seconds)
        if ran.core_share >= UNDISTURBED:
            saturated.append(case["messages"] / ran.seconds)
        ran, stages = bench.run(case["messages"], case["model_load"] * tried)
        if ran.core_share >= UNDISTURBED:
            predicted.append(capacity_of(stages, case["part"], calibration, paused=True).saturation)
        if min(len(saturated), len(predicted)) >= _ENOUGH:
            break
    tails = []
    for load in case["loads"]:
        a_second = load * max(saturated, default=tried)
        rounds = [bench.run(case["load_messages"], a_second, warm=case["warm"])[0] for _ in range(case["rounds"])]
        best = max(rounds, key=lambda ran: ran.core_share)
        tails.append([*best.latencies.percentiles([50, 99, 99.9]), best.latencies.max, best.core_share])
    assessed = bool(saturated and predicted)
    return {
        "saturation": max(saturated, default=tried),
        "predicted": max(predicted) if assessed else None,
        "tails": tails,
        "outside": {decoder: msgspec.to_builtins(outside) for decoder, outside in calibration.items()},
    }


def error_of(result: Result) -> float | None:
    """Returns the relative error of the prediction; None if it couldn't be assessed."""
    measured, predicted = result.found["saturation"], result.found["predicted"]
    return None if predicted is None else predicted / measured - 1


def far_off(results: list[Result]) -> list[str]:
    """Describes the workloads whose prediction is off by more than `WITHIN`."""
    words = []
    for one in results:
        error = error_of(one)
        if error is not None and abs(error) > WITHIN:
            measured, predicted = one.found["saturation"], one.found["predicted"]
            reported = f"{predicted:,.0f} predicted, {measured:,.0f} measured"
            words.append(f"{one.case['workload']}, {one.case['part']} parts: {reported}")
    return words


class _Bench:
    """Runs pieces of one workload, and compares what they lead to."""

    def __init__(self, plan: Plan, case: Case) -> None:
        self._plan, self._case = plan, case
        source = open_messages(plan, registry()) if plan.source.captures else generated(plan)
        most = max(case["messages"], case["load_messages"] if case["loads"] else 0)
        self._messages = tuple(islice(source, most))
        self._answers: dict[int, tuple[tuple[int, int], ...]] = {}

    def run(self, count: int, a_second: float, *, warm: int = 0) -> tuple[Ran, list[StageReport]]:
        """The first `count` messages at that rate, 0 for all at once; `warm` of them before anything is timed.

        Raises `WrongAnswer` if two runs differ.
        """
        driver = lane_of(self._plan, trading=self._case["trading"])
        driver.run(self._messages[:warm])
        ran = run_open_loop(driver, self._messages[warm:count], arrivals(count - warm, a_second))
        answer = tuple((market.bid_ticks, market.ask_ticks) for market in driver.lane.markets)
        if self._answers.setdefault(count, answer) != answer:
            raise WrongAnswer(f"{self._case['workload']}: two runs of {count:,} messages end at other best prices")
        stages = [stage_report(name, one, None) for name, one in driver.lane.stages.histograms().items() if one.count]
        return ran, stages
