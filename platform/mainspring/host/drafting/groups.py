"""Sorts what was found in messages into kinds, each with the texts that tell it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from mainspring.host.drafting import names
from mainspring.host.drafting.fields import find_symbol
from mainspring.host.drafting.look import Piece, words_of
from mainspring.wire import Levels, Text

__all__ = ["Group", "group_pieces", "is_snapshot", "update_or_snapshot"]

_MAX_WORDS = 8
"""A text of more values than this doesn't tell kinds apart."""


class Group(msgspec.Struct):
    """Pieces of one kind, each with its receive time, and the texts that they share."""

    pieces: list[Piece]
    times_ns: list[int]
    when: dict[str, str]
    symbol: Text | None = None

    @property
    def first(self) -> Piece:
        """The first piece."""
        return self.pieces[0]

    @property
    def is_answer(self) -> bool:
        """Whether they are answers to requests."""
        return type(self.first.root) is dict and "request" in self.first.root

    def says(self, words: Sequence[str]) -> bool:
        """Whether a text that tells the kind has one of these words in it."""
        return any(word in text.lower() for text in self.when.values() for word in words)


def group_pieces(found: Iterable[tuple[int, Piece]]) -> list[Group]:
    """Kinds in the order of their first message. A text that has the symbol in it becomes a pattern."""
    together: dict[object, list[tuple[int, Piece]]] = defaultdict(list)
    for time_ns, piece in found:
        keys = tuple(one.key if isinstance(one, Levels) else one for one in piece.shape)
        answers = type(piece.root) is dict and "request" in piece.root
        together[piece.kind, piece.each, piece.path, keys, answers].append((time_ns, piece))
    known: set[str] = set()
    symbols = {key: find_symbol([piece for _, piece in some], known) for key, some in together.items()}
    # Where the symbol is inside of a longer text, it takes those that other kinds name.
    symbols = {key: symbols[key] or find_symbol([piece for _, piece in some], known) for key, some in together.items()}
    words = {key: [words_of(piece) for _, piece in some] for key, some in together.items()}
    pattern_of = _Patterns(known, [one for some in words.values() for one in some])
    groups: dict[object, Group] = {}
    for key, some in together.items():
        for (time_ns, piece), told in zip(some, words[key], strict=True):
            when = pattern_of.when(told)
            group = groups.setdefault((key, tuple(sorted(when.items()))), Group([], [], when, symbols[key]))
            group.pieces.append(piece)
            group.times_ns.append(time_ns)
    return list(groups.values())


class _Patterns:
    """Texts with the symbols in them replaced by "*", by their paths."""

    def __init__(self, symbols: set[str], words: list[dict[str, str]]) -> None:
        self._symbols = {symbol.lower() for symbol in symbols}
        self._known: dict[tuple[str, str], str] = {}
        self._prefixes: dict[str, set[str]] = defaultdict(set)
        for one in words:
            for path, text in one.items():
                self._prefixes[path.lstrip("/")].add(self._split(text)[0])
        values: dict[str, set[str]] = defaultdict(set)
        for one in words:
            for path, text in one.items():
                values[path].add(self.of(path, text))
        self._told = {path for path, texts in values.items() if len(texts) <= _MAX_WORDS and "*" not in texts}

    def _split(self, text: str) -> tuple[str, str, str]:
        """What stands before, in and behind the symbol; all before, where there is none."""
        lower = text.lower()
        found = [symbol for symbol in self._symbols if symbol in lower]
        if not found:
            return text, "", ""
        symbol = max(found, key=len)
        at = lower.index(symbol)
        return text[:at], symbol, text[at + len(symbol) :]

    def of(self, path: str, text: str) -> str:
        """The pattern of a text, or itself."""
        known = self._known.get((path, text))
        if known is None:
            before, symbol, after = self._split(text)
            known = text
            if symbol:
                telling = len(self._prefixes[path.lstrip("/")]) > 1 or not after
                known = f"{before}*" if before and telling else f"*{after}"
            self._known[path, text] = known
        return known

    def when(self, words: dict[str, str]) -> dict[str, str]:
        """What tells a message of these words."""
        return {path: self.of(path, text) for path, text in words.items() if path in self._told}


def is_snapshot(group: Group) -> bool:
    """Whether books say of themselves that they are whole."""
    return group.is_answer or group.says(names.SNAPSHOT_WORDS)


def update_or_snapshot(group: Group, *, snapshots_elsewhere: bool) -> str:
    """Whether books are of "delta" or "snapshot", by their words and their numbers.

    `snapshots_elsewhere`: other books say that they are whole.
    """
    if is_snapshot(group):
        return "snapshot"
    if group.says(names.UPDATE_WORDS):
        return "delta"
    node = group.first.item
    for step in group.first.path.split(".") if group.first.path else ():
        node = node[step]
    if "lastUpdateId" in node:
        return "snapshot"
    numbered = any(first in node for first, last, _ in names.SEQUENCES if first != last)
    return "delta" if numbered or snapshots_elsewhere else "snapshot"
