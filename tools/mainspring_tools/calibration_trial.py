"""`python -m mainspring_tools.calibration_trial --seeds 0:200`: whether calibration recovers known parameters.

Each seed generates a market's orders: sizes with heavy tails, volatility and spread that change, and costs that follow
the square-root law with a coefficient that was drawn, plus errors with heavy tails which grow with volatility. It
prints in how many of the seeds the coefficient was within the 95% interval, and ends with 1 if it was in less.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from mainspring.calibration import TakenOrder, calibrate

__all__ = ["generated_orders", "main", "trial"]

_LEAST = 0.95
_PRIOR_SD = 0.5


def generated_orders(seed: int, *, tails: float = 3.0) -> tuple[float, list[TakenOrder]]:
    """Returns the coefficient of a seed's market, and its orders as a model with the coefficient 1 estimates them.

    `tails` are the degrees of freedom of the errors' t distribution.
    """
    draw = np.random.default_rng(seed)
    coefficient = float(np.clip(draw.normal(1.0, _PRIOR_SD), 0.2, 2.5))
    count = int(draw.integers(30, 600))
    volatility_bps = 300 * np.exp(0.5 * draw.standard_normal(count))
    shares = np.minimum(1e-6 * (1 + draw.pareto(1.5, count)), 0.01)
    spread_bps = 0.5 * np.exp(0.3 * draw.standard_normal(count))
    impact_bps = volatility_bps * np.sqrt(shares)
    errors = (0.3 * spread_bps + 0.5 * impact_bps) * draw.standard_t(tails, count)
    costs = spread_bps + coefficient * impact_bps + errors
    return coefficient, [
        TakenOrder(
            order_id=place,
            cost_bps=float(costs[place]),
            causes_bps={"spread": float(spread_bps[place]), "impact": float(impact_bps[place])},
            lots=1,
        )
        for place in range(count)
    ]


def trial(seeds: Sequence[int]) -> list[int]:
    """Returns the seeds whose coefficient isn't within its interval."""
    missed = []
    for seed in seeds:
        coefficient, orders = generated_orders(seed)
        (found,) = calibrate(
            "generated", {"one": orders}, {"impact": "impact_coefficient"}, {"impact_coefficient": 1.0}
        )
        if not any(option.low <= coefficient <= option.high for option in found.options):
            missed.append(seed)
    return missed


def main(arguments: Sequence[str]) -> int:
    """Runs the trial; see the module."""
    parser = argparse.ArgumentParser(prog="python -m mainspring_tools.calibration_trial")
    parser.add_argument("--seeds", default="0:200", metavar="FIRST:END")
    first, end = map(int, parser.parse_args(arguments).seeds.split(":"))
    missed = trial(range(first, end))
    within = 1 - len(missed) / (end - first)
    sys.stdout.write(f"{end - first} seeds, {within:.1%} within the 95% interval; not: {missed}\n")
    return 0 if within >= _LEAST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
