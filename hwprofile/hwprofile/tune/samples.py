"""Tests one candidate's log ratios to the default over several processes, and bounds their mean.

The process is the unit: rounds of one process share its memory layout, so even a thousand of them say little. The
standard error is that of a hierarchical bootstrap of the ratio, processes first, then rounds within them in blocks,
because successive rounds see the same machine state (Davison and Hinkley, Bootstrap Methods and their
Application, 1997, sections 3.8 and 8.2). With few processes this error is too small by sqrt((n - 1) / n), and the
interval uses Student's t instead of the normal distribution (Hesterberg, What Teachers Should Know About the
Bootstrap, The American Statistician 69, 2015).
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from hwprofile.tune.errors import RaceError

if TYPE_CHECKING:
    from numpy import float64
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[float64]

__all__ = ["CONFIDENCE", "Samples", "need_scipy"]

CONFIDENCE = 0.95
"""The two-sided confidence level of a gain's interval."""

_RESAMPLES = 400
_BLOCK = 8
_MOST_IN_TEST = 400


def need_scipy() -> None:
    """Raises `RaceError` if SciPy, which the tests need, isn't installed."""
    try:
        import scipy.stats  # noqa: F401
    except ImportError as error:
        raise RaceError("races need SciPy, which isn't installed: pip install 'mainspring[tune]', or scipy") from error


@dataclass(frozen=True)
class Samples:
    """Log gains over the default (above 0 is better), one sequence for each process. `seed` is the bootstrap's."""

    processes: tuple[tuple[float, ...], ...]
    seed: int = 1

    @property
    def rounds(self) -> int:
        """The number of rounds."""
        return sum(map(len, self.processes))

    @cached_property
    def centres(self) -> tuple[float, ...]:
        """The median of each process, on which disturbed rounds have little influence."""
        import numpy as np

        return tuple(float(np.median(rounds)) for rounds in self.processes)

    @cached_property
    def mean(self) -> float:
        """The mean of the processes' medians."""
        return math.fsum(self.centres) / len(self.centres)

    @cached_property
    def error(self) -> float:
        """The standard error of `mean`."""
        import numpy as np

        count = len(self.processes)
        random = np.random.default_rng(self.seed)
        # A block bootstrap gives the spread of each process's median; then processes are resampled.
        within = [self._resampled(np.asarray(rounds), random) for rounds in self.processes]
        chosen = random.integers(0, count, size=(_RESAMPLES, count))
        drawn = random.integers(0, _RESAMPLES, size=(_RESAMPLES, count))
        means = np.asarray(within)[chosen, drawn].mean(axis=1)
        return float(means.std(ddof=1)) * math.sqrt(count / max(count - 1, 1))

    @staticmethod
    def _resampled(rounds: "Floats", random: "Generator") -> "Floats":
        """Returns medians of block resamples of one process's rounds."""
        import numpy as np

        count = len(rounds)
        block = max(min(_BLOCK, count // 4), 1)
        blocks = math.ceil(count / block)
        starts = random.integers(0, count, size=(_RESAMPLES, blocks))
        places = (starts[:, :, None] + np.arange(block)) % count
        medians: Floats = np.median(rounds[places.reshape(_RESAMPLES, -1)[:, :count]], axis=1)
        return medians

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The bounds of the mean at `CONFIDENCE`. They are infinite with one process."""
        from scipy import stats

        if len(self.processes) < 2:
            return -math.inf, math.inf
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(self.processes) - 1)) * self.error
        return self.mean - reach, self.mean + reach

    def beats(self, floor: float) -> float:
        """Returns the p-value, by Wilcoxon's signed-rank test, of a gain of at most `floor` (a log)."""
        return self._signed_rank(floor, "greater")

    def misses(self, floor: float) -> float:
        """Returns the p-value, by the same test, of a gain of at least `floor` (a log)."""
        return self._signed_rank(floor, "less")

    def _signed_rank(self, shift: float, alternative: Literal["greater", "less"]) -> float:
        import numpy as np
        from scipy import stats

        every = [one - shift for rounds in self.processes for one in rounds]
        # Thinned evenly: successive rounds aren't independent, so more of them wouldn't add information.
        step = max(len(every) // _MOST_IN_TEST, 1)
        chosen = every[::step]
        if not any(chosen):
            return 1.0
        return float(stats.wilcoxon(np.asarray(chosen), alternative=alternative, method="approx").pvalue)
