"""The time that a tune may take, and its distribution among the steps."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from mainspring.errors import ConfigError

__all__ = ["LEAST_BUDGET_S", "Budget", "parse_budget"]

LEAST_BUDGET_S: Final = 10.0
"""The smallest race in fresh processes needs this much."""

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_budget(text: str) -> float:
    """Parses "60s", "2m", "1h" or "90" to seconds. Raises `ConfigError` for anything else, and for too little."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if found is None:
        raise ConfigError(f"--budget takes a time such as 60s, 2m or 90, not {text!r}")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds < LEAST_BUDGET_S:
        raise ConfigError(
            f"--budget {text}: races in fresh processes need at least {LEAST_BUDGET_S:g}s, and 60s serve well"
        )
    return seconds


class Budget:
    """A time that starts to run when it is created, by `clock`.

    Each step's share of the remaining time is in proportion to its weight, so what one step saves goes to later ones.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._started = clock()

    @property
    def spent_s(self) -> float:
        """Returns the seconds since the start."""
        return self._clock() - self._started

    @property
    def left_s(self) -> float:
        """Returns the seconds until the end, at least 0."""
        return max(self.seconds - self.spent_s, 0.0)

    def share(self, step: str, weights: Mapping[str, float]) -> float:
        """Returns the seconds for a step. `weights` has that step and all later ones."""
        return self.left_s * weights[step] / sum(weights.values())
