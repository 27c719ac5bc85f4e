"""Compares two versions by paired rounds and their ranks: one disturbed round decides nothing.

The estimate is that of Hodges and Lehmann and the test that of Wilcoxon for signed ranks (Hollander and Wolfe,
Nonparametric Statistical Methods, 2nd ed. 1999, sections 3.1 to 3.3), both on the logarithms of the ratios.
"""

import math
from collections.abc import Sequence

import msgspec

from mainspring.errors import MainspringError

__all__ = ["Paired", "compare_rounds", "need_scipy"]

_Z = 1.96
"""The quantile of the normal distribution for an interval of 95%."""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """`ratio` is later to earlier (above 1: slower), `low` and `high` its interval of 95%, `p` that of "no change"."""

    ratio: float
    low: float
    high: float
    p: float
    rounds: int


def need_scipy() -> None:
    """Raises `MainspringError` if SciPy, which every comparison needs, isn't installed."""
    try:
        import scipy.stats  # noqa: F401
    except ImportError as error:
        raise MainspringError(
            "comparisons need SciPy, which isn't installed: pip install 'mainspring[tune]'"
        ) from error


def compare_rounds(ratios: Sequence[float]) -> Paired:
    """Compares two versions by the ratio, later to earlier, of each round. Raises `ValueError` for fewer than two."""
    import numpy as np
    from scipy import stats

    count = len(ratios)
    if count < 2:
        raise ValueError(f"needs two rounds or more, not {count}")
    # Rounded, so that ratios which differ in their last bit alone are tied.
    logs = np.round(np.log(ratios), 12)
    first, second = np.triu_indices(count)
    walsh = np.sort((logs[first] + logs[second]) / 2)
    # How many Walsh averages lie outside the interval on each side, by the normal approximation with its correction.
    reach = _Z * math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
    cut = max(math.floor(count * (count + 1) / 4 - reach - 0.5), 0)
    # With ties the exact test rounds, to one side's favour: the larger of both favours neither.
    sides = [stats.wilcoxon(one, zero_method="zsplit", method="exact").pvalue for one in (logs, -logs)]
    p = float(max(sides)) if logs.any() else 1.0
    ratio, low, high = (math.exp(one) for one in (np.median(walsh), walsh[cut], walsh[-1 - cut]))
    return Paired(ratio=ratio, low=low, high=high, p=p, rounds=count)
