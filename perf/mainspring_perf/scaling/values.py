"""The inputs and results of studies, as frozen values."""

from typing import Any, Protocol

import msgspec

__all__ = ["ByPart", "Case", "Figure", "Result", "Series", "Study"]

Case = dict[str, Any]
"""What one process is to measure: plain values, which go to it as JSON."""


class Series(msgspec.Struct, frozen=True):
    """A line of a figure, its points in the axes' units from left to right."""

    name: str
    points: list[tuple[float, float]]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A plot and the table behind it. Both axes are logarithmic; `linear_x` and `linear_y` start at zero.

    `name` is its file's name. `note` describes the input. `x_unit` and `y_unit` are "" for plain numbers,
    "ns" for times in nanoseconds, "bytes", or "%".
    """

    name: str
    title: str
    note: str
    x_title: str
    y_title: str
    x_unit: str = ""
    y_unit: str = "ns"
    linear_x: bool = False
    linear_y: bool = False
    series: list[Series]
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

    def series(self, figure: str) -> list[Series]:
        """Returns a figure over the counts, a line for each part."""
        return [
            Series(f"{part} parts", [(float(count), self._found[part, count][figure]) for count in self.counts])
            for part in self.parts
        ]


class Study(Protocol):
    """A module of this package that measures how one thing grows."""

    NAME: str

    @staticmethod
    def cases(tiny: bool) -> list[Case]:
        """What is to be measured, each in a process of its own; `tiny` for a check that takes seconds."""
        ...

    @staticmethod
    def measure(case: Case) -> dict[str, Any]:
        """Measures one case, after its answer was checked. Raises `WrongAnswer`."""
        ...

    @staticmethod
    def figures(results: list[Result]) -> list[Figure]:
        """The figures of what was measured."""
        ...
