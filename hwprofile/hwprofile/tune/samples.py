"""Estimates a ratio from paired timings: the one estimator of races, of the paired check and of `bench --against`.

A sample is the log of the ratio of two times that were measured right after each other. The process is the unit: all
samples of a process share its memory layout, so even a thousand of them say little about the next process, and each
process counts once, by the median of its samples.

The estimate is that of Hodges and Lehmann, the median of the Walsh averages of the processes, and the interval is what
Wilcoxon's signed-rank test doesn't reject (Hollander and Wolfe, Nonparametric Statistical Methods, 2nd ed. 1999,
sections 3.1 to 3.3). One disturbed process moves neither much. Of fewer than six processes, whatever they show, that
test has p >= 2 / 2^5 > 5%, so there is no such interval; then it is Student's.

For the same reason the tests differ in their unit. A comparison of two versions has eight rounds or more, enough to
test the processes. A race has four to eight processes, and shares an error of 1% among all its tests: no test of so few
can reach that. It tests the samples, which are too sure of themselves, and so also requires the interval, which isn't.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from hwprofile.tune.errors import RaceError

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Floats = NDArray[float64]

__all__ = ["CONFIDENCE", "Samples", "need_scipy", "signed_rank"]

CONFIDENCE = 0.95
"""The two-sided confidence level of an interval."""

_LEAST_RANKED = 6
_MOST_EXACT = 50
_MOST_IN_TEST = 400

Alternative = Literal["two-sided", "greater", "less"]


def need_scipy() -> None:
    """Raises `RaceError` if SciPy, which all of this needs, isn't installed."""
    try:
        import scipy.stats  # noqa: F401
    except ImportError as error:
        raise RaceError(
            "comparisons need SciPy, which isn't installed: pip install 'mainspring[tune]', or scipy"
        ) from error


@dataclass(frozen=True)
class Samples:
    """Log ratios, one sequence for each process. What is above 0, a gain or a slowdown, is the caller's choice."""

    processes: tuple[tuple[float, ...], ...]

    @property
    def rounds(self) -> int:
        """The number of samples."""
        return sum(map(len, self.processes))

    @cached_property
    def centres(self) -> tuple[float, ...]:
        """The median of each process, on which disturbed samples have little influence."""
        import numpy as np

        # Rounded, so that what differs in its last bit alone is tied.
        return tuple(round(float(np.median(samples)), 12) for samples in self.processes)

    @cached_property
    def _walsh(self) -> "Floats":
        """The means of all pairs of processes, each with itself too, in ascending order."""
        import numpy as np

        centres = np.asarray(self.centres)
        first, second = np.triu_indices(len(centres))
        return np.sort((centres[first] + centres[second]) / 2)

    @cached_property
    def estimate(self) -> float:
        """The log ratio. There must be at least one process."""
        import numpy as np

        return float(np.median(self._walsh))

    @cached_property
    def error(self) -> float:
        """The standard error of the processes' mean. There must be at least two."""
        from scipy import stats

        return float(stats.sem(self.centres))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The bounds of the log ratio at `CONFIDENCE`. They are infinite with one process."""
        from scipy import stats

        count = len(self.processes)
        if count < 2:
            return -math.inf, math.inf
        if count < _LEAST_RANKED:
            reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)) * self.error
            mean = math.fsum(self.centres) / count
            return mean - reach, mean + reach
        # How many Walsh averages lie outside on each side, by the normal approximation with its correction.
        reach = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
        cut = max(math.floor(count * (count + 1) / 4 - reach - 0.5), 0)
        return float(self._walsh[cut]), float(self._walsh[-1 - cut])

    @cached_property
    def p_value(self) -> float:
        """The p-value of "no difference", two-sided, by the signed ranks of the processes."""
        return signed_rank(self.centres)

    def beats(self, floor: float) -> float:
        """Returns the p-value of a log ratio of at most `floor`, by the signed ranks of the samples."""
        return self._of_samples(floor, "greater")

    def misses(self, floor: float) -> float:
        """Returns the p-value of a log ratio of at least `floor`, by the same test."""
        return self._of_samples(floor, "less")

    def _of_samples(self, shift: float, alternative: Alternative) -> float:
        every = [one - shift for samples in self.processes for one in samples]
        # Thinned evenly: successive samples aren't independent, so more of them wouldn't add information.
        return signed_rank(every[:: max(len(every) // _MOST_IN_TEST, 1)], alternative)


def signed_rank(values: "tuple[float, ...] | list[float]", alternative: Alternative = "two-sided") -> float:
    """Returns the p-value of Wilcoxon's signed-rank test of a centre of 0, exact for up to 50 values.

    `alternative` is where the centre lies otherwise.
    """
    import numpy as np
    from scipy import stats

    logs = np.asarray(values)
    if not logs.any():
        return 1.0
    method: Literal["exact", "approx"] = "exact" if len(logs) <= _MOST_EXACT else "approx"
    if alternative != "two-sided":
        return float(stats.wilcoxon(logs, zero_method="zsplit", alternative=alternative, method=method).pvalue)
    # With ties the exact test rounds, to one side's favour: the larger of both favours neither.
    return max(float(stats.wilcoxon(one, zero_method="zsplit", method=method).pvalue) for one in (logs, -logs))
