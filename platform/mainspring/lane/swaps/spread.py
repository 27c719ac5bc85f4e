"""How the estimates of a candidate compare with those of the control, as distributions."""

from math import sqrt

__all__ = ["Spread"]


class Spread:
    """Pairs of estimates, and what they have in common: their means, and the mean and deviation of the differences.

    The sums are updated as B. P. Welford (1962) has it, so that a long session loses no precision.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean_control = 0.0
        self.mean_candidate = 0.0
        self.largest = 0.0
        """The largest difference, whichever way."""
        self._mean = 0.0
        self._squares = 0.0

    def add(self, control: float, candidate: float) -> None:
        """Adds a pair: what the `control` estimates and what the `candidate` does."""
        self.count += 1
        difference = candidate - control
        self.mean_control += (control - self.mean_control) / self.count
        self.mean_candidate += (candidate - self.mean_candidate) / self.count
        delta = difference - self._mean
        self._mean += delta / self.count
        self._squares += delta * (difference - self._mean)
        self.largest = max(self.largest, abs(difference))

    @property
    def mean_difference(self) -> float:
        """How much more the candidate estimates, on average."""
        return self._mean

    @property
    def deviation(self) -> float:
        """The standard deviation of the differences; 0 below two."""
        return sqrt(self._squares / (self.count - 1)) if self.count > 1 else 0.0
