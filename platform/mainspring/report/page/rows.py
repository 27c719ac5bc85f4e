"""Charts of rows: a label, marks along a common horizontal axis, and a remark at the end."""

from collections.abc import Sequence

import msgspec

from mainspring.report.page.axes import Frame, fitted, text_width
from mainspring.report.page.markup import Html, join, tag

__all__ = ["Row", "rows_frame", "rows_labels"]

_WIDE_ROW, _NARROW_ROW = 32, 46
_WIDE_LEFT, _WIDE_RIGHT = 176, 164


class Row(msgspec.Struct, frozen=True):
    """What a row is called, and what is said of it. `colour` is the CSS class of its label."""

    label: str
    remark: str
    colour: str = ""


def rows_frame(frame: Frame, count: int) -> Frame:
    """The frame, made high enough for so many rows.

    Wide, labels stand at the left and remarks at the right; narrow, both stand above the row's marks.
    """
    height = frame.top + frame.bottom + count * (_NARROW_ROW if frame.narrow else _WIDE_ROW)
    if frame.narrow:
        return msgspec.structs.replace(frame, height=height, left=14, right=14)
    return msgspec.structs.replace(frame, height=height, left=_WIDE_LEFT, right=_WIDE_RIGHT)


def rows_labels(frame: Frame, rows: Sequence[Row]) -> tuple[list[float], Html]:
    """Where the middle of each row's marks is, and the labels and remarks."""
    middles, parts = [], []
    left, right = frame.x_range
    for place, row in enumerate(rows):
        name = f"name {row.colour}" if row.colour else "name"
        if frame.narrow:
            top = frame.top + place * _NARROW_ROW
            remark = fitted(row.remark, (right - left) * 0.7)
            label = fitted(row.label, right - left - text_width(remark) - 8)
            parts.append(tag("text", label, class_=name, x=left, y=top + 13))
            parts.append(tag("text", remark, class_="remark", x=right, y=top + 13, text_anchor="end"))
            middles.append(top + 29.0)
        else:
            middle = frame.top + (place + 0.5) * _WIDE_ROW
            label, remark = fitted(row.label, left - 14), fitted(row.remark, frame.width - right - 14)
            parts.append(tag("text", label, class_=name, x=left - 12, y=middle + 4, text_anchor="end"))
            parts.append(tag("text", remark, class_="remark", x=right + 12, y=middle + 4))
            middles.append(middle)
    return middles, join(*parts)
