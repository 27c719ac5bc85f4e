"""What the terminal that is printed to can take."""

import os
import shutil
import sys

__all__ = ["colour_wanted", "text_width"]

_NARROWEST, _WIDEST = 60, 110


def colour_wanted() -> bool:
    """Whether to print colours: on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is a dumb one."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def text_width() -> int:
    """The columns to write in: those of the terminal, within bounds that can be read."""
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns))
