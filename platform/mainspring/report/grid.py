"""A table as text, before it is laid out for a terminal or a page."""

from collections.abc import Sequence

import msgspec

__all__ = ["Grid"]


class Grid(msgspec.Struct, frozen=True):
    """Titles and rows of cells; `words` are the columns of text, the others hold figures, aligned to the right."""

    titles: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: frozenset[int] = frozenset({0})
