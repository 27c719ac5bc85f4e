"""Measures the error of the capacity model, for its target."""

from mainspring_perf.scaling import rate
from mainspring_perf.scaling.run import run_cases

__all__ = ["worst_percent"]


def worst_percent(*, tiny: bool = False) -> float | str:
    """Returns the largest error of a predicted saturation in percent, or why none could be assessed.

    Leaves out the latencies at each load, which say nothing about the model.
    """
    results = run_cases(rate.NAME, [{**case, "loads": []} for case in rate.cases(tiny)])
    errors = [error for error in map(rate.error_of, results) if error is not None]
    if not errors:
        return "not here: a core to itself, which no run had"
    return 100 * max(map(abs, errors))
