"""Reads a session's journal, in constant memory, and holds it to what was written."""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from mainspring.errors import DataError, JournalError
from mainspring.journal.blocks import FIRST, decode_block
from mainspring.journal.entries import Ending, Entry, Input, LaneState, LogBytes, Opening, Positions
from mainspring.model import LogRecord, decode_records
from mainspring.orders import Header, decode_header
from mainspring.seams import Journal

__all__ = ["JournalLog", "JournalledSession", "SessionOutline", "read_entries", "read_outline", "read_session"]


class JournalledSession(NamedTuple):
    """A session as its journal has it.

    `positions` is where the lane stood at the last commit that says so; `ending` is None if the process was killed or
    the journal failed. `blocks` is the number of its blocks, `log_bytes` the size of its order log.
    """

    number: int
    opening: Opening
    positions: Positions | None
    ending: Ending | None
    blocks: int
    log_bytes: int


class SessionOutline(NamedTuple):
    """What the first and the last block of a session say: how it began, and how it ended if it did."""

    number: int
    opening: Opening
    ending: Ending | None
    blocks: int


def read_outline(journal: Journal, session: int) -> SessionOutline:
    """Reads the first and the last block of a session, and nothing in between: what damage is there goes unseen.

    Raises `JournalError` as `read_entries` does.
    """
    _, opening = next(read_entries(journal, session))
    assert isinstance(opening, Opening)
    try:
        last = journal.last_block(session)
    except DataError as error:
        raise JournalError(f"session {session}: {error}") from error
    # It has a first one.
    assert last is not None
    number, data = last
    try:
        entries = decode_block(data, session, number, None).entries
    except JournalError as error:
        raise JournalError(f"block {number} of session {session}: {error}") from error
    ending = entries[-1] if entries and isinstance(entries[-1], Ending) else None
    return SessionOutline(session, opening, ending, number)


def read_entries(journal: Journal, session: int) -> Iterator[tuple[int, Entry]]:
    """Yields a session's entries in order, each with the number of its block.

    Raises `JournalError`, naming the block, if one is missing or isn't what was written, and for a session that there
    isn't.
    """
    expected, crc, ended = 1, FIRST, False
    for number, data in _blocks(journal, session):
        where = f"block {number} of session {session}"
        if number != expected:
            raise JournalError(f"block {expected} of session {session} is missing: the next one is number {number}")
        try:
            block = decode_block(data, session, number, crc)
        except JournalError as error:
            raise JournalError(f"{where}: {error}") from error
        for place, entry in enumerate(block.entries):
            if ended or (type(entry) is Opening) != (number == 1 and place == 0):
                raise JournalError(f"{where}: its entries aren't in the order in which they are written")
            ended = type(entry) is Ending
            yield number, entry
        expected, crc = number + 1, block.crc
    if expected == 1:
        known = ", ".join(map(str, journal.sessions())) or "none"
        said = f"session {session} has no blocks" if session in journal.sessions() else f"there is no session {session}"
        raise JournalError(f"{said}; the journal has: {known}")


def read_session(journal: Journal, session: int) -> JournalledSession:
    """Reads a whole session, and compares the order log with the digest that the ending has, if there is one.

    Raises `JournalError` as `read_entries` does, and for another digest.
    """
    opening: Opening | None = None
    positions: Positions | None = None
    ending: Ending | None = None
    blocks = size = 0
    digest = hashlib.sha256()
    for number, entry in read_entries(journal, session):
        blocks = number
        match entry:
            case LogBytes(data):
                digest.update(data)
                size += len(data)
            case Positions():
                positions = entry
            case Opening():
                opening = entry
            case Ending():
                ending = entry
    assert opening is not None
    if ending is not None and ending.sha256 != digest.hexdigest():
        raise JournalError(
            f"session {session}: its order log has the digest {digest.hexdigest()}, and its end says {ending.sha256}"
        )
    return JournalledSession(session, opening, positions, ending, blocks, size)


class JournalLog:
    """The order log in a session's journal. Iterating over it yields its records in order.

    `header` is its header, None for a session that never wrote one. Raises `JournalError` as `read_entries` does, also
    while iterating, and for bytes that aren't an order log.
    """

    def __init__(
        self,
        journal: Journal,
        session: int,
        decode: Callable[[bytes, int], tuple[list[LogRecord], int]] = decode_records,
    ) -> None:
        """`decode` is that of a `mainspring.seams.Records`: by default the plain one, which is slow."""
        self.journal = journal
        self._session = session
        self._decode = decode
        self.header: Header | None = None
        for _, data in self.chunks():
            self.header = self._read_header(data)
            break

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Yields the log's bytes, each piece with the number of its block."""
        for number, entry in read_entries(self.journal, self._session):
            if type(entry) is LogBytes:
                yield number, entry.data

    def __iter__(self) -> Iterator[LogRecord]:
        return (one for one in self.entries() if not isinstance(one, Input | LaneState))

    def entries(self) -> Iterator[LogRecord | Input | LaneState]:
        """Yields the records, and the inputs and lane states between them, in the order in which they came about."""
        at = 0
        for number, entry in read_entries(self.journal, self._session):
            if isinstance(entry, Input | LaneState):
                yield entry
            if not isinstance(entry, LogBytes):
                continue
            data = entry.data
            if at == 0:
                # A header and records are committed whole.
                assert self.header is not None
                at, data = self.header.length, data[self.header.length :]
            try:
                records, used = self._decode(data, at)
            except DataError as error:
                raise JournalError(f"block {number} of session {self._session}: {error}") from error
            if used < len(data):
                raise JournalError(f"block {number} of session {self._session}: it ends within a record of the log")
            at += used
            yield from records

    def _read_header(self, data: bytes) -> Header:
        try:
            header = decode_header(data)
        except DataError as error:
            raise JournalError(f"session {self._session}: its order log: {error}") from error
        if header is None:
            raise JournalError(f"session {self._session}: its order log ends within its header")
        return header


def _blocks(journal: Journal, session: int) -> Iterator[tuple[int, bytes]]:
    try:
        yield from journal.blocks(session)
    except DataError as error:
        raise JournalError(f"session {session}: {error}") from error
