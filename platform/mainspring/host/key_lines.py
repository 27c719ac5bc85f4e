"""Finds the line of each key in a TOML text, which the standard library's parser doesn't report."""

import re
import tomllib
from bisect import bisect_left
from typing import Final

__all__ = ["KeyPath", "key_lines"]

KeyPath = tuple[str, ...]
"""A key with the tables above it. A list element is represented by its index as text."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"""(?:"{0,2})'
    r"|'''[\s\S]*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
)
_SCALAR: Final = re.compile(r"[^,\]}\r\n#]+")


def key_lines(text: str) -> dict[KeyPath, int]:
    """Returns the line, counted from 1, where each key, table and list element of a TOML text begins.

    A table that is only named on the way to another (`a` in `[a.b]` or `a.b = 1`) begins where it is first named.
    `text` must be valid TOML; otherwise the result is meaningless.
    """
    return _Scanner(text).document()


class _Scanner:
    """Walks a TOML text and notes where keys begin. It relies on the text being valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._lines: dict[KeyPath, int] = {}
        self._lengths: dict[KeyPath, int] = {}

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_blank():
            if self._peek("["):
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _skip_blank(self) -> bool:
        match = _BLANK.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._at < len(self._text)

    def _peek(self, mark: str) -> bool:
        return self._text.startswith(mark, self._at)

    def _skip(self, mark: str) -> bool:
        """Skips blanks, and the mark if it comes next."""
        self._skip_blank()
        found = self._peek(mark)
        self._at += len(mark) if found else 0
        return found

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no TOML at offset {self._at}")
        self._at = match.end()
        return match.group()

    def _note(self, path: KeyPath, above: int, line: int) -> None:
        """Notes a path and its parents, except the first `above` parts."""
        for length in range(above + 1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _line(self) -> int:
        return bisect_left(self._line_ends, self._at) + 1

    def _header(self) -> KeyPath:
        line = self._line()
        is_list = self._peek("[[")
        self._at += 2 if is_list else 1
        parts = self._key()
        self._skip("]]" if is_list else "]")
        path: KeyPath = ()
        for part in parts[:-1]:
            path = (*path, part)
            if path in self._lengths:
                path = (*path, str(self._lengths[path] - 1))
        path = (*path, parts[-1])
        if is_list:
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = (*path, str(self._lengths[path] - 1))
        self._note(path, 0, line)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table + self._key()
        self._note(path, len(table), line)
        self._skip("=")
        self._value(path)

    def _key(self) -> KeyPath:
        parts = [self._key_part()]
        while self._skip("."):
            parts.append(self._key_part())
        return tuple(parts)

    def _key_part(self) -> str:
        self._skip_blank()
        if not self._peek('"') and not self._peek("'"):
            return self._take(_BARE_KEY)
        return next(iter(tomllib.loads(f"{self._take(_STRING)} = 0")))

    def _value(self, path: KeyPath) -> None:
        self._skip_blank()
        if self._skip("["):
            index = 0
            while not self._skip("]"):
                element = (*path, str(index))
                self._note(element, len(path), self._line())
                self._value(element)
                self._skip(",")
                index += 1
        elif self._skip("{"):
            while not self._skip("}"):
                self._pair(path)
                self._skip(",")
        elif self._peek('"') or self._peek("'"):
            self._take(_STRING)
        else:
            self._take(_SCALAR)
