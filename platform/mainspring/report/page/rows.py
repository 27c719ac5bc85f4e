"""Charts of rows: a label, marks along a common horizontal axis, and a remark at the end."""

from collections.abc import Sequence

import msgspec

from mainspring.report.page.axes import Frame, fitted, text_width
from mainspring.report.page.markup import Html, join, tag

__all__ = ["Row", "are_long", "rows_frame", "rows_labels"]

_WIDE_ROW, _STACKED_ROW = 32, 46
_WIDE_LEFT, _WIDE_RIGHT = 176, 164
_STACKED_MARGIN = 14
_GAP = 14


class Row(msgspec.Struct, frozen=True):
    """A row's label and its remark."""

    label: str
    remark: str


def are_long(rows: Sequence[Row]) -> bool:
    """Whether a label or a remark is too long to fit next to the marks."""
    room = _WIDE_LEFT - _GAP, _WIDE_RIGHT - _GAP
    return any(text_width(row.label) > room[0] or text_width(row.remark) > room[1] for row in rows)


def rows_frame(frame: Frame, count: int, *, stacked: bool = False) -> Frame:
    """Returns the frame, high enough for this number of rows.

    Labels are at the left and remarks at the right; on a narrow screen, and if `stacked` asks for it because labels
    are long, both are above the row's marks.
    """
    height = frame.top + frame.bottom + count * (_STACKED_ROW if stacked or frame.narrow else _WIDE_ROW)
    if stacked or frame.narrow:
        return msgspec.structs.replace(frame, height=height, left=_STACKED_MARGIN, right=_STACKED_MARGIN)
    return msgspec.structs.replace(frame, height=height, left=_WIDE_LEFT, right=_WIDE_RIGHT)


def rows_labels(frame: Frame, rows: Sequence[Row]) -> tuple[list[float], Html]:
    """Returns the middle of each row's marks, and the labels and remarks. `frame` comes from `rows_frame`."""
    middles, parts = [], []
    for place, row in enumerate(rows):
        middle, words = (_stacked if frame.left == _STACKED_MARGIN else _beside)(frame, place, row)
        middles.append(middle)
        parts.append(words)
    return middles, join(*parts)


def _stacked(frame: Frame, place: int, row: Row) -> tuple[float, Html]:
    left, right = frame.x_range
    top = frame.top + place * _STACKED_ROW
    remark = fitted(row.remark, (right - left) * 0.7)
    label = fitted(row.label, right - left - text_width(remark) - 8)
    words = join(
        tag("text", label, class_="name", x=left, y=top + 13),
        tag("text", remark, class_="remark", x=right, y=top + 13, text_anchor="end"),
    )
    return top + 29.0, words


def _beside(frame: Frame, place: int, row: Row) -> tuple[float, Html]:
    left, right = frame.x_range
    middle = frame.top + (place + 0.5) * _WIDE_ROW
    label, remark = fitted(row.label, left - _GAP), fitted(row.remark, frame.width - right - _GAP)
    words = join(
        tag("text", label, class_="name", x=left - 12, y=middle + 4, text_anchor="end"),
        tag("text", remark, class_="remark", x=right + 12, y=middle + 4),
    )
    return middle, words
