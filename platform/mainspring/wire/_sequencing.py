"""The venues' numbering rules: does this delta continue a book that stands at that id?"""

import enum
from collections.abc import Callable
from typing import TypeAlias

from mainspring.model import BookDelta
from mainspring.wire.formats import Chained, Contiguous, Sequencing

__all__ = ["Judge", "Verdict", "judge_for"]


class Verdict(enum.Enum):
    """What a delta is to the book."""

    CONTINUES = enum.auto()
    LATE = enum.auto()
    GAP = enum.auto()


Judge: TypeAlias = Callable[[BookDelta, int, bool], Verdict]
"""Called with a delta, the id that the book stands at, and whether a snapshot brought it there."""

# Members of an enum are looked up by a slow path; the judges run once for each delta.
_CONTINUES, _LATE, _GAP = Verdict.CONTINUES, Verdict.LATE, Verdict.GAP


def judge_for(rule: Sequencing) -> Judge:
    """The judge of a rule; the rules' docstrings say what each does."""
    if isinstance(rule, Contiguous):
        return _contiguous
    if isinstance(rule, Chained):
        return _chained
    return _unsequenced


def _contiguous(delta: BookDelta, book_id: int, _from_snapshot: bool) -> Verdict:
    if delta.last_id <= book_id:
        return _LATE
    return _CONTINUES if delta.first_id <= book_id + 1 else _GAP


def _chained(delta: BookDelta, book_id: int, from_snapshot: bool) -> Verdict:
    if delta.previous_id == book_id:
        return _CONTINUES
    if not from_snapshot:
        return _LATE if delta.last_id <= book_id else _GAP
    if delta.last_id < book_id:
        return _LATE
    return _CONTINUES if delta.first_id <= book_id else _GAP


def _unsequenced(_delta: BookDelta, _book_id: int, _from_snapshot: bool) -> Verdict:
    return _CONTINUES
