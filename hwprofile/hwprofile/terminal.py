"""What the terminal that is printed to can take, and what it must not be sent."""

import os
import re
import shutil
import sys

__all__ = ["colour_wanted", "in_the_terminals_letters", "printable", "text_width", "write_result"]

_NARROWEST, _WIDEST = 60, 110
# C0 without tab and newline, DEL and C1; the marks that change the direction of text; separators; lone surrogates.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_COLOUR = re.compile("(\x1b\\[[0-9;]*m)")
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


def printable(text: str, *, json: bool = False) -> str:
    """The text with escapes such as ``\x1b`` in place of characters that would control the terminal.

    Names of symbols, files and distributions come from outside: they may hold sequences that move the cursor, set the
    title or turn text around. Lone surrogates, as of a file name that isn't UTF-8, are escaped, too. `json` says that
    the text is JSON: the escapes are then JSON's.
    """
    return _UNPRINTABLE.sub(_escape_json if json else _escape, text)


def write_result(text: str) -> None:
    """Writes to standard output what is printable of the text, and its colours."""
    parts = _COLOUR.split(text)
    sys.stdout.write("".join(part if index % 2 else printable(part) for index, part in enumerate(parts)))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _escape_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
