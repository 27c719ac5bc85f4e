"""Whether a thread had its core to itself while it was measured."""

from time import perf_counter_ns, thread_time_ns

__all__ = ["UNDISTURBED", "CoreShare"]

UNDISTURBED = 0.97
"""With less of its core than this, a thread was put aside for others, and what it measured is theirs too."""


class CoreShare:
    """From its making to `share`: how much of the time this thread ran, from 0 to 1."""

    def __init__(self) -> None:
        self._wall_ns, self._cpu_ns = perf_counter_ns(), thread_time_ns()

    def share(self) -> float:
        """The share until now. A thread that never waits, as these don't, has all of a core that is its own."""
        return min((thread_time_ns() - self._cpu_ns) / max(perf_counter_ns() - self._wall_ns, 1), 1.0)
