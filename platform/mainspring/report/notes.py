"""Reasons that are too long for a table: they stand below it, each once, by number."""

from collections.abc import Iterator

__all__ = ["Notes"]

_LONGEST_CELL = 40


class Notes:
    """Takes the reasons as they come. One that adds to an earlier one is told by that one's number and what it adds."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cell(self, reason: str) -> str:
        """What the table says in place of the reason."""
        if len(reason) <= _LONGEST_CELL:
            return reason
        reported = next((one for one in self._numbers if f"{reason};".startswith(f"{one};")), reason)
        number = self._numbers.setdefault(reported, len(self._numbers) + 1)
        return f"({number}){reason[len(reported) :]}"

    def __iter__(self) -> Iterator[str]:
        """The lines below the table."""
        return (f"({number}) {reason}" for reason, number in self._numbers.items())
