"""Decides from a race's samples which candidate beats the default and which no longer can, and explains why."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hwprofile.tune.samples import Samples
from hwprofile.tune.values import CandidateResult, Standing

__all__ = ["ALPHA", "Bar", "candidate", "figures", "leader", "out_of_reach", "times"]

ALPHA = 0.01
"""The error probability of a whole race, shared among its candidates and looks (Bonferroni)."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What a gain must exceed: the floor and the noise as fractions, and how many tests share `ALPHA`."""

    floor: float
    noise: float
    tests: int

    @property
    def least(self) -> float:
        """The log gain that the interval's lower bound must exceed."""
        return math.log1p(max(self.floor, self.noise))


def leader(found: Mapping[str, Samples], bar: Bar) -> str | None:
    """Returns the best candidate that reliably beats the default beyond floor and noise; None if there is none."""
    passed = [name for name, samples in found.items() if _beats(samples, bar)]
    return max(passed, key=lambda name: found[name].estimate, default=None)


def _beats(samples: Samples, bar: Bar) -> bool:
    low, _ = samples.interval
    return low > bar.least and samples.beats(math.log1p(bar.floor)) <= ALPHA / bar.tests


def out_of_reach(samples: Samples, bar: Bar) -> bool:
    """Whether a candidate reliably can't reach the floor any more."""
    return len(samples.processes) > 1 and samples.misses(math.log1p(bar.floor)) <= ALPHA / bar.tests


def candidate(
    name: str, samples: Samples, tail: Samples | None, *, bar: Bar, left: bool, memory: int | None
) -> CandidateResult:
    """Returns the result of a candidate that raced and didn't win.

    `left` says that it left the race early; `memory` is the bytes that it holds, or None.
    """
    low, high = samples.interval
    worse = samples.estimate < -max(math.log1p(bar.floor), math.log1p(bar.noise))
    slower = high < 0 or (worse and samples.misses(0.0) <= ALPHA / bar.tests)
    standing: Standing = "slower" if slower else "left" if left else "tied"
    reported = f"{times(samples.estimate)} [{math.exp(low):.2f}, {math.exp(high):.2f}]"
    if standing == "slower":
        because = f"worse than the default: {reported}"
    elif standing == "left":
        because = f"a gain of {bar.floor:.0%} was out of its reach: {reported}"
    elif bar.noise > bar.floor:
        because = f"no gain beyond the noise of {bar.noise:.1%}: {reported}"
    else:
        because = f"no gain beyond {bar.floor:.0%}: {reported}"
    return figures(name, standing, because, samples, tail, memory)


def figures(
    name: str, standing: Standing, because: str, samples: Samples, tail: Samples | None, memory: int | None
) -> CandidateResult:
    """Returns the result of a candidate that raced. `because` explains its standing; `memory` is in bytes, or None."""
    low, high = samples.interval
    bounded = math.isfinite(low)
    return CandidateResult(
        name=name,
        standing=standing,
        because=because,
        gain=math.exp(samples.estimate),
        low=math.exp(low) if bounded else None,
        high=math.exp(high) if bounded else None,
        tail_gain=math.exp(tail.estimate) if tail is not None and tail.processes else None,
        memory_bytes=memory,
        rounds=samples.rounds,
        ratios=tuple(math.exp(centre) for centre in samples.centres),
    )


def times(log: float) -> str:
    """Formats a log gain as a factor: "1.05x"."""
    return f"{math.exp(log):.2f}x"
