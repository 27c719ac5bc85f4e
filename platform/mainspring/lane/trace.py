"""Samples for the report's charts, in bounded memory however long the session is."""

from collections.abc import Iterable
from typing import Generic, TypeVar

__all__ = ["Trace"]

_T = TypeVar("_T")


class Trace(Generic[_T]):
    """Keeps every sample until `limit` is reached, and then every second, every fourth, and so on.

    What is kept depends on the samples alone, so that two runs of one input keep the same.
    """

    def __init__(self, limit: int, samples: Iterable[_T] = (), seen: int = 0) -> None:
        """`samples` are those that were kept elsewhere of `seen`."""
        self.samples = list(samples)
        self.seen = seen
        self._limit = limit
        self._stride = 1

    def add(self, sample: _T) -> None:
        """Takes a sample, or passes over it."""
        if self.seen % self._stride == 0:
            self.samples.append(sample)
            if len(self.samples) >= self._limit:
                del self.samples[1::2]
                self._stride *= 2
        self.seen += 1
