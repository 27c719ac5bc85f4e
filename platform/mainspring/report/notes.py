"""Footnotes: reasons too long for a table cell, listed once below the table, by number."""

from collections.abc import Iterator

__all__ = ["Notes"]

_LONGEST_CELL = 40


class Notes:
    """Numbers reasons in order. One that extends an earlier one is shown as that one's number and the addition."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cell(self, reason: str) -> str:
        """Returns the text that the table shows instead of the reason."""
        if len(reason) <= _LONGEST_CELL:
            return reason
        reported = next((one for one in self._numbers if f"{reason};".startswith(f"{one};")), reason)
        number = self._numbers.setdefault(reported, len(self._numbers) + 1)
        return f"({number}){reason[len(reported) :]}"

    def __iter__(self) -> Iterator[str]:
        """Yields the lines below the table."""
        return (f"({number}) {reason}" for reason, number in self._numbers.items())
