"""How far the capacity model is off here, as a target is held to it."""

from mainspring_perf.scaling import rate
from mainspring_perf.scaling.run import run_cases

__all__ = ["worst_percent"]


def worst_percent(*, tiny: bool = False) -> float | str:
    """The most that a workload's predicted saturation is off what is measured, in percent; why there is none.

    The latencies at each load, which the study of rates measures too, are left out: they say nothing of the model.
    """
    results = run_cases(rate.NAME, [{**case, "loads": []} for case in rate.cases(tiny)])
    errors = [error for error in map(rate.error_of, results) if error is not None]
    if not errors:
        return "not here: a core to itself, which no run had"
    return 100 * max(map(abs, errors))
