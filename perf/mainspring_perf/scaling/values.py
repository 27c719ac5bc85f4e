"""The inputs and results of studies, as frozen values."""

from typing import Any

import msgspec

__all__ = ["ByPart", "Case", "Result", "Table"]

Case = dict[str, Any]
"""What one process is to measure: plain values, which go to it as JSON."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a study found, as text. `note` describes the input."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]


class Result(msgspec.Struct, frozen=True):
    """What a process measured for its case."""

    case: Case
    found: dict[str, Any]


class ByPart:
    """The results of a study whose cases are each part at each of some counts.

    `key` names the count in a case. `parts` and `counts` are in the order of the cases.
    """

    def __init__(self, results: list[Result], key: str) -> None:
        self.parts: list[str] = list(dict.fromkeys(one.case["part"] for one in results))
        self.counts: list[int] = list(dict.fromkeys(one.case[key] for one in results))
        self._found = {(one.case["part"], one.case[key]): one.found for one in results}

    def row(self, count: int, figure: str) -> list[Any]:
        """Returns a figure of each part at a count."""
        return [self._found[part, count][figure] for part in self.parts]

    def head(self, text: str) -> list[str]:
        """Returns the heads of such a row: the text with each part's name."""
        return [f"{text}, {part}" for part in self.parts]
