"""The console that prints everything: external text can't control the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from hwprofile.terminal import printable

__all__ = ["SafeConsole"]


class SafeConsole(Console):
    """A rich console that shows control characters as escapes such as ``\\x1b``.

    Text is cleaned before it is laid out, so that tables stay aligned, and whatever is rendered otherwise after that.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """See `rich.console.Console.render_str`."""
        return super().render_str(printable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """See `rich.console.Console.render`."""
        for segment in super().render(renderable, options):
            text = segment.text if segment.control else printable(segment.text)
            yield segment if text == segment.text else Segment(text, segment.style)
