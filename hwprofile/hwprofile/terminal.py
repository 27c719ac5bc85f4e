"""What the terminal that is printed to can take."""

import os
import shutil
import sys

__all__ = ["colour_wanted", "in_the_terminals_letters", "text_width"]

_NARROWEST, _WIDEST = 60, 110
_PLAIN_FRAMES = str.maketrans("┌┐└┘─│", "++++-|")


def colour_wanted() -> bool:
    """Whether to print colours: on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is a dumb one."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def text_width() -> int:
    """The columns to write in: those of the terminal, within bounds that can be read."""
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns))


def in_the_terminals_letters(text: str) -> str:
    """The text as the output's encoding can write it: frames of plain signs where it has no others."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN_FRAMES).encode(encoding, "replace").decode(encoding)
    return text
