"""What a router does at a later time."""

from collections.abc import Callable

__all__ = ["Waiting"]


class Waiting:
    """Calls that are due at a time."""

    def __init__(self) -> None:
        self._calls: list[tuple[int, Callable[[], None]]] = []

    def add(self, due_ns: int, do: Callable[[], None]) -> None:
        """Adds a call `do` that is due then."""
        self._calls.append((due_ns, do))

    def take(self, now_ns: int) -> list[Callable[[], None]]:
        """Returns what is due by now, in the order in which it was added, each once."""
        due = [do for due_ns, do in self._calls if due_ns <= now_ns]
        self._calls = [one for one in self._calls if one[0] > now_ns]
        return due
