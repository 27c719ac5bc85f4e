"""Adapts output to the terminal, and escapes characters that would control it."""

import os
import re
import shutil
import sys

__all__ = ["colour_wanted", "in_the_terminals_letters", "printable", "text_width", "write_result"]

_NARROWEST, _WIDEST = 60, 110
# C0 without tab and newline, DEL and C1; marks that change the direction of text; separators; lone surrogates.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_COLOUR = re.compile("(\x1b\\[[0-9;]*m)")
_PLAIN_FRAMES = str.maketrans("┌┐└┘─│", "++++-|")


def colour_wanted() -> bool:
    """Whether to print colours: on a terminal, unless NO_COLOR is set (no-color.org) or TERM is dumb."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def text_width() -> int:
    """Returns the width of text: the terminal's columns, within readable bounds."""
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns))


def in_the_terminals_letters(text: str) -> str:
    """Returns the text as the output's encoding can write it, with ASCII frames if it has no others."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN_FRAMES).encode(encoding, "replace").decode(encoding)
    return text


def printable(text: str, *, json: bool = False) -> str:
    """The text with escapes such as ``\x1b`` in place of characters that would control the terminal.

    Names of symbols, files and distributions come from outside: they may contain sequences that move the cursor, set
    the title or reverse text. Lone surrogates, as in a file name that isn't UTF-8, are escaped too. If the text is
    `json`, JSON's escapes are used.
    """
    return _UNPRINTABLE.sub(_escape_json if json else _escape, text)


def write_result(text: str) -> None:
    """Writes text to standard output with its colours, control characters escaped."""
    parts = _COLOUR.split(text)
    sys.stdout.write("".join(part if index % 2 else printable(part) for index, part in enumerate(parts)))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _escape_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
