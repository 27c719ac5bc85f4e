"""The venues' numbering rules, which tell whether a delta continues a book."""

import enum
from collections.abc import Callable
from typing import TypeAlias

from mainspring.model import NO_ID, BookDelta
from mainspring.wire.formats import Chained, Contiguous, Rising, Sequencing

__all__ = ["Continuity", "SequenceCheck", "sequence_check"]


class Continuity(enum.Enum):
    """How a delta relates to the book."""

    CONTINUES = enum.auto()
    LATE = enum.auto()
    GAP = enum.auto()


SequenceCheck: TypeAlias = Callable[[BookDelta, int, bool], Continuity]
"""Called with a delta, the book's id, and whether that id comes from a snapshot."""

# Members of an enum are looked up by a slow path; the judges run once for each delta.
_CONTINUES, _LATE, _GAP = Continuity.CONTINUES, Continuity.LATE, Continuity.GAP


def sequence_check(rule: Sequencing) -> SequenceCheck:
    """The function for a rule; the docstrings of the rules say what each does."""
    if isinstance(rule, Contiguous):
        return _contiguous
    if isinstance(rule, Chained):
        return _chained
    if isinstance(rule, Rising):
        return _rising
    return _unsequenced


def _contiguous(delta: BookDelta, book_id: int, from_snapshot: bool) -> Continuity:
    if delta.last_id <= book_id:
        return _LATE
    if delta.first_id <= book_id + 1 or (from_snapshot and book_id == NO_ID):
        return _CONTINUES
    return _GAP


def _chained(delta: BookDelta, book_id: int, from_snapshot: bool) -> Continuity:
    if from_snapshot and book_id == NO_ID:
        return _CONTINUES
    if delta.previous_id == book_id:
        return _CONTINUES if delta.last_id >= book_id else _LATE
    if not from_snapshot:
        return _LATE if delta.last_id <= book_id else _GAP
    if delta.last_id < book_id:
        return _LATE
    return _CONTINUES if delta.first_id <= book_id else _GAP


def _rising(delta: BookDelta, book_id: int, _from_snapshot: bool) -> Continuity:
    return _LATE if delta.last_id <= book_id else _CONTINUES


def _unsequenced(_delta: BookDelta, _book_id: int, _from_snapshot: bool) -> Continuity:
    return _CONTINUES
