"""A chart on the page: its title, its drawings, its legend, and the table behind it."""

from collections.abc import Callable, Sequence

from mainspring.report.page.axes import FRAMES, Frame
from mainspring.report.page.markup import Child, Html, join, tag

__all__ = ["drawing", "figure", "legend", "swatch"]


def figure(title: str, draw: Callable[[Frame], Html], *, key: Html | None = None, table: Html | None = None) -> Html:
    """Returns the chart for wide and for narrow screens. `table` holds its data and is folded away."""
    folded = tag("details", tag("summary", "The figures behind this"), table) if table is not None else None
    return tag("figure", tag("figcaption", title), *[draw(frame) for frame in FRAMES], key, folded)


def drawing(frame: Frame, kind: str, words: str, *parts: Child) -> Html:
    """Returns an SVG drawing of the frame's size. `kind` is its class, `words` the text for screen readers."""
    return tag(
        "svg",
        *parts,
        class_=f"chart {frame.name} {kind}",
        viewBox=f"0 0 {frame.width} {frame.height}",
        role="img",
        aria_label=words,
    )


def legend(entries: Sequence[Html]) -> Html:
    """Returns the meaning of a chart's marks, side by side."""
    return tag("ul", *[tag("li", entry) for entry in entries], class_="legend")


def swatch(colour: str, words: str) -> Html:
    """A patch of colour, by its CSS class, and its meaning in `words`."""
    return join(tag("i", class_=f"swatch {colour}"), words)
