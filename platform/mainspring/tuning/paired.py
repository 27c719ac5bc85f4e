"""Compares the tuned lane with the default lane in turns, each run in a process of its own."""

import math
from collections.abc import Callable, Sequence
from random import Random
from statistics import median
from typing import Final

from hwprofile.tune import Objective
from hwprofile.tune.samples import Samples
from hwprofile.tune.scores import log_gain
from mainspring.host.profiles.model import Paired
from mainspring.tuning.budget import Budget
from mainspring.tuning.progress import Progress
from mainspring.tuning.subject import Subject
from mainspring.tuning.whole import WholeRun, run_whole

__all__ = ["DEFAULT", "TUNED", "assess", "check_paired", "stage_medians"]

DEFAULT: Final = "default"
TUNED: Final = "tuned"

_LEAST_PAIRS, _WANTED_PAIRS, _MOST_PAIRS = 2, 5, 30
_UTMOST = 100.0
# A run that hangs is ended this long after the budget's end.
_GRACE_S = 5.0


def check_paired(
    subject: Subject,
    objective: Objective,
    *,
    seed: int,
    until_s: float,
    budget: Budget,
    progress: Progress,
    run: Callable[[Subject, str, float], WholeRun] = run_whole,
) -> tuple[Paired | None, dict[str, float]]:
    """Runs pairs of the subject's "default" and "tuned" in a random order until `until_s` of the budget is spent.

    Returns the verdict, None if there was no time for two pairs, and the medians of the tuned lane's stages. Raises
    `MainspringError` if a lane fails.
    """
    random = Random(seed)  # noqa: S311  an order, no secret
    pairs: list[tuple[WholeRun, WholeRun]] = []
    began, longest = budget.spent_s, 0.0
    while len(pairs) < _MOST_PAIRS:
        started = budget.spent_s
        if started + longest >= until_s:
            break
        done = {}
        for name in random.sample((DEFAULT, TUNED), 2):
            done[name] = run(subject, name, budget.left_s + _GRACE_S)
        pairs.append((done[DEFAULT], done[TUNED]))
        longest = max(longest, budget.spent_s - started)
        progress("paired check", min((budget.spent_s - began) / max(until_s - began, 1e-9), 1.0))
    verdict = assess(pairs, objective) if len(pairs) >= _LEAST_PAIRS else None
    return verdict, stage_medians([tuned for _, tuned in pairs])


def assess(pairs: Sequence[tuple[WholeRun, WholeRun]], objective: Objective) -> Paired:
    """Returns the tuned lane's gain with its bounds, computed as in `hwprofile.tune`.

    There must be at least two pairs. Each pair counts as one process.
    """
    logs = (log_gain(default.score, tuned.score, objective) for default, tuned in pairs)
    samples = Samples(tuple((log,) for log in logs))
    # The bounds of two pairs may overflow.
    gain, low, high = (math.exp(min(max(one, -_UTMOST), _UTMOST)) for one in (samples.estimate, *samples.interval))
    few = f"; with {len(pairs)} of the {_WANTED_PAIRS} pairs that are wanted" if len(pairs) < _WANTED_PAIRS else ""
    if high < 1.0:
        said = "the tuned lane is slower than the default beyond the noise"
    elif low > 1.0:
        said = "the tuned lane is faster than the default beyond the noise"
    else:
        said = "no difference beyond the noise"
    return Paired(gain=gain, low=low, high=high, rounds=len(pairs), because=said + few)


def stage_medians(runs: Sequence[WholeRun]) -> dict[str, float]:
    """Returns the median over the runs of each stage's median, in nanoseconds."""
    stages = dict.fromkeys(stage for run in runs for stage in run.stages_ns)
    return {stage: median(run.stages_ns[stage] for run in runs if stage in run.stages_ns) for stage in stages}
