"""Tests one candidate's log ratios to the default over several processes, and bounds their mean.

The process is the unit: rounds of one process share its layout of memory, so that a thousand of them say less than they
seem to. The standard error is that of a hierarchical bootstrap of the ratio, processes first, then rounds within
them in blocks, since neighbours in time meet the same machine (Davison and Hinkley, Bootstrap Methods and their
Application, 1997, sections 3.8 and 8.2). With few processes such an error is too small by sqrt((n - 1) / n), and the
interval takes Student's t in place of the normal distribution (Hesterberg, What Teachers Should Know About the
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
"""How sure the interval of a gain is, both sides together."""

_RESAMPLES = 400
_BLOCK = 8
_MOST_IN_TEST = 400


def need_scipy() -> None:
    """Raises `RaceError` if SciPy isn't installed, without which nothing is assessed."""
    try:
        import scipy.stats  # noqa: F401
    except ImportError as error:
        raise RaceError("races need SciPy, which isn't installed: pip install 'mainspring[tune]', or scipy") from error


@dataclass(frozen=True)
class Samples:
    """Log gains over the default (above 0: better), a sequence for each process. `seed` is the bootstrap's."""

    processes: tuple[tuple[float, ...], ...]
    seed: int = 1

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return sum(map(len, self.processes))

    @cached_property
    def centres(self) -> tuple[float, ...]:
        """The median of each process: a round that was disturbed decides nothing."""
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
        # The spread within a process, of its median, by a bootstrap in blocks; then processes are drawn.
        within = [self._resampled(np.asarray(rounds), random) for rounds in self.processes]
        chosen = random.integers(0, count, size=(_RESAMPLES, count))
        drawn = random.integers(0, _RESAMPLES, size=(_RESAMPLES, count))
        means = np.asarray(within)[chosen, drawn].mean(axis=1)
        return float(means.std(ddof=1)) * math.sqrt(count / max(count - 1, 1))

    @staticmethod
    def _resampled(rounds: "Floats", random: "Generator") -> "Floats":
        """Medians of resamples of one process's rounds, in blocks of neighbours."""
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
        """The bounds of the mean, with `CONFIDENCE`. With one process nothing bounds it."""
        from scipy import stats

        if len(self.processes) < 2:
            return -math.inf, math.inf
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(self.processes) - 1)) * self.error
        return self.mean - reach, self.mean + reach

    def beats(self, floor: float) -> float:
        """The chance, by Wilcoxon's signed ranks, of such rounds if the gain were at most `floor` (a log)."""
        return self._signed_rank(floor, "greater")

    def misses(self, floor: float) -> float:
        """The chance of such rounds if the gain were at least `floor`."""
        return self._signed_rank(floor, "less")

    def _signed_rank(self, shift: float, alternative: Literal["greater", "less"]) -> float:
        import numpy as np
        from scipy import stats

        every = [one - shift for rounds in self.processes for one in rounds]
        # Thinned evenly: more would say nothing more, as neighbours aren't independent.
        step = max(len(every) // _MOST_IN_TEST, 1)
        chosen = every[::step]
        if not any(chosen):
            return 1.0
        return float(stats.wilcoxon(np.asarray(chosen), alternative=alternative, method="approx").pvalue)
