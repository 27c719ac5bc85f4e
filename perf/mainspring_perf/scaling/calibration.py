"""Measures what a lane costs outside its clocks, and what it costs to wait, on this host."""

from time import perf_counter_ns

from mainspring.host.plan import Plan
from mainspring.report.capacity import Calibration, Outside
from mainspring.seams import RawMessage
from mainspring_perf.parts import CHUNK, generated, lane_of, parts_here, plan_of
from mainspring_perf.scaling.open_loop import arrivals, run_open_loop

__all__ = ["calibrate"]

_MESSAGES = 8_000
_ROUNDS = 5
_WAITING_LOAD = 0.3


def calibrate(messages: int = _MESSAGES) -> Calibration:
    """The costs of each decoder here, from the start of the reference session; a few seconds.

    Of several rounds the least is taken: whatever else the machine does can only add to them.
    """
    found = {}
    for part in parts_here():
        plan = plan_of(part, f"feed.messages={messages}")
        found[part] = _outside(plan, tuple(generated(plan)))
    return found


def _outside(plan: Plan, messages: tuple[RawMessage, ...]) -> Outside:
    trading = [_Run(plan, messages, trading=True) for _ in range(_ROUNDS)]
    watching = [_Run(plan, messages, trading=False) for _ in range(_ROUNDS)]
    return Outside(
        fold_ns=min(run.fold_ns / run.passes for run in trading),
        message_ns=min(run.unseen_ns / max(run.alone, 1) for run in trading),
        callback_ns=min(run.unseen_ns / run.callbacks if run.fused else 0.0 for run in watching),
        pause=_pause(plan, messages),
    )


def _pause(plan: Plan, messages: tuple[RawMessage, ...]) -> float:
    """How many times as much the path costs at a low load as with all messages there at once."""
    paths: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(_ROUNDS):
        a_second = 0.0
        for waiting in (False, True):
            driver = lane_of(plan, trading=True)
            ran = run_open_loop(driver, messages, arrivals(len(messages), a_second))
            a_second = _WAITING_LOAD * len(messages) / ran.seconds
            paths[waiting].append(driver.lane.stages.histograms()["whole_path"].mean)
    return max(min(paths[True]) / min(paths[False]), 1.0)


class _Run:
    """What one run cost outside the clocks: folding, and what is left unseen of the rest."""

    def __init__(self, plan: Plan, messages: tuple[RawMessage, ...], *, trading: bool) -> None:
        driver = lane_of(plan, trading=trading)
        folded_ns = 0
        started = perf_counter_ns()
        for start in range(0, len(messages), CHUNK):
            driver.run(messages[start : start + CHUNK])
            folding = perf_counter_ns()
            driver.lane.fold()
            folded_ns += perf_counter_ns() - folding
        total = perf_counter_ns() - started
        folding = perf_counter_ns()
        histograms = driver.lane.stages.histograms()
        # The last values, which didn't fill a buffer, are folded after the work, and are the work's all the same.
        self.fold_ns = folded_ns + perf_counter_ns() - folding
        fused = histograms.get("feed+book")
        self.fused = fused.count if fused is not None else 0
        self.alone = len(messages) - self.fused
        self.callbacks = histograms["strategy"].count
        self.passes = self.alone + sum(
            histogram.count for name, histogram in histograms.items() if name not in {"feed+book", "whole_path"}
        )
        whole = histograms["whole_path"]
        self.unseen_ns = max(total - folded_ns - whole.count * whole.mean, 0.0)
