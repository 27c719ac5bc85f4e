"""Detects a lasting change in a sequence of ratios, by accumulated evidence instead of a threshold."""

import math
from typing import Generic, TypeVar

import msgspec

__all__ = ["ALLOWANCE", "CLIP", "THRESHOLD", "Cusum", "Shift"]

_T = TypeVar("_T")

ALLOWANCE = math.log(1.3)
THRESHOLD = 1.5
CLIP = math.log(2.0)


class Shift(msgspec.Struct, Generic[_T], frozen=True):
    """A change: the mark of the first value after it, the number of values since, and their mean ratio."""

    since: _T
    values: int
    factor: float


class Cusum(Generic[_T]):
    """A two-sided CUSUM (E. S. Page, Continuous inspection schemes, Biometrika 41, 1954) over log ratios.

    With x the natural logarithm of the ratio of a value to its expectation, the sums are S+ = max(0, S+ + x - k) and
    S- = max(0, S- - x - k). A change is reported when one exceeds h, and dated to where that sum last left zero (D. V.
    Hinkley, Inference about the change-point from cumulative sum tests, Biometrika 58, 1971). k is `ALLOWANCE`: a
    shared machine varies by up to 30% anyway, which must not accumulate. The classic k, half the change to be
    detected, would detect a factor of 1.5 one value sooner, but would also report a lasting 25%. h is `THRESHOLD`. A
    single value counts as at most a factor of two, `CLIP`, so that one outlier isn't a change.

    docs/tune.md gives its false-alarm interval and detection delay, as simulated by tests/telemetry/test_cusum.py.
    """

    def __init__(self) -> None:
        self._slower: _Side[_T] = _Side()
        self._faster: _Side[_T] = _Side()

    def add(self, ratio: float, mark: _T) -> Shift[_T] | None:
        """Adds the next ratio, which must be above zero, and returns the change if one is detected.

        `mark` identifies where the ratio comes from.
        """
        log_ratio = math.log(ratio)
        clipped = min(max(log_ratio, -CLIP), CLIP)
        return self._slower.add(clipped, log_ratio, mark) or self._faster.add(-clipped, log_ratio, mark)


class _Side(Generic[_T]):
    """One of the two sums, and the values since it left zero."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._since: _T | None = None
        self._values = 0
        self._total = 0.0

    def add(self, step: float, log_ratio: float, mark: _T) -> Shift[_T] | None:
        self._sum += step - ALLOWANCE
        if self._sum <= 0:
            self._sum, self._values, self._total = 0.0, 0, 0.0
            return None
        if not self._values:
            self._since = mark
        self._values += 1
        self._total += log_ratio
        if self._sum <= THRESHOLD:
            return None
        assert self._since is not None
        return Shift(self._since, self._values, math.exp(self._total / self._values))
