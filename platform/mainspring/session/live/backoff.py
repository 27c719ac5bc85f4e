"""How long to wait before a connection is tried again."""

from random import Random
from typing import Final

__all__ = ["Backoff"]

_LASTED_S: Final = 60.0


class Backoff:
    """Waits that double up to `cap_s`, each drawn at random between nothing and that ("full jitter").

    So that clients that were cut off together don't return together (M. Brooker, "Exponential Backoff And Jitter",
    AWS, 2015). A venue that says when to come back is heeded, to the longest hour. A connection that lasted a minute
    starts the waits again from `base_s`.
    """

    def __init__(self, random: Random, *, base_s: float = 0.5, cap_s: float = 60.0) -> None:
        self._random = random
        self._base_s = base_s
        self._cap_s = cap_s
        self._tries = 0

    def next_s(self, *, lasted_s: float = 0.0, retry_after_s: float | None = None) -> float:
        """Returns the wait in seconds after a connection that lasted `lasted_s`, 0 if none was made.

        `retry_after_s` is what the venue asked for.
        """
        self._tries = 0 if lasted_s >= _LASTED_S else self._tries
        most_s = min(self._cap_s, self._base_s * 2.0 ** min(self._tries, 30))
        self._tries += 1
        wait_s = self._random.uniform(self._base_s / 2, most_s) if most_s > self._base_s else self._base_s
        return max(wait_s, min(retry_after_s or 0.0, 3_600.0))
