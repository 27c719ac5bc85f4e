"""Writes a session's journal: stages what the lane did, and commits it before its orders leave."""

import threading
from collections import deque
from collections.abc import Iterable
from time import perf_counter_ns
from typing import Final, Protocol

from mainspring.journal.blocks import FIRST, encode_block
from mainspring.journal.entries import Ending, Entry, LogBytes, Opening, Positions
from mainspring.seams import Journal

__all__ = ["AsyncWriter", "JournalWriter", "SyncWriter"]

_MOST_WAITING: Final = 10_000
"""How many commits may wait for the journal before `AsyncWriter` makes the lane wait too."""


class JournalWriter(Protocol):
    """Takes what a session does. A failed journal raises in `commit` or `finish`, and takes nothing more."""

    waits: bool
    """Whether `commit` returns only once the block is durable."""
    session: int
    """The session's number in the journal."""

    @property
    def failed(self) -> BaseException | None:
        """What the journal raised in a thread of its own, if it did: `commit` will raise it."""
        ...

    def write(self, data: bytes, /) -> object:
        """Stages bytes of the order log."""
        ...

    def stage(self, entry: Entry, /) -> None:
        """Stages an entry, in its place among the bytes of the order log."""
        ...

    def commit(self, positions: Positions) -> int:
        """Commits what was staged, if anything was. Returns the nanoseconds that it waited for the journal."""
        ...

    def finish(self, ending: Ending) -> None:
        """Commits the last block, and returns once all are durable."""
        ...

    def close(self) -> None:
        """Closes the journal, whether it failed or not."""
        ...


class _Blocks:
    """Numbers and chains the blocks of one session."""

    def __init__(self, journal: Journal, opening: Opening) -> None:
        self._journal = journal
        self.session = journal.begin()
        self._number = 0
        self._crc = FIRST
        self.append([opening])

    def append(self, entries: list[Entry]) -> None:
        self._number += 1
        block, self._crc = encode_block(self.session, self._number, self._crc, entries)
        self._journal.append(self.session, self._number, block)


class SyncWriter:
    """Commits each block in the lane's own thread: what a lane sends has been durable before."""

    waits = True
    failed = None

    def __init__(self, journal: Journal, opening: Opening) -> None:
        """Begins a session in the journal. Raises what the journal raises."""
        self._journal = journal
        self._blocks = _Blocks(journal, opening)
        self.session = self._blocks.session
        self._staged: list[bytes | Entry] = []

    def write(self, data: bytes, /) -> None:
        """Stages bytes of the order log."""
        self._staged.append(data)

    def stage(self, entry: Entry, /) -> None:
        """Stages an entry, in its place among the bytes of the order log."""
        self._staged.append(entry)

    def commit(self, positions: Positions) -> int:
        """Commits what was staged, if anything was. Returns the nanoseconds that it took."""
        if not self._staged:
            return 0
        started = perf_counter_ns()
        entries = [*_joined(self._staged), positions]
        self._staged.clear()
        self._blocks.append(entries)
        return perf_counter_ns() - started

    def finish(self, ending: Ending) -> None:
        """Commits the last block."""
        entries = [*_joined(self._staged), ending]
        self._staged.clear()
        self._blocks.append(entries)

    def close(self) -> None:
        """Closes the journal."""
        self._journal.close()


class AsyncWriter:
    """Commits in a thread of its own, as a group: what comes while a block is made durable shares the next.

    `durable` counts the commits that are durable, in the order of the calls of `commit`. The lane waits only if the
    journal falls far behind.
    """

    waits = False

    def __init__(self, journal: Journal, opening: Opening) -> None:
        """Begins a session in the journal, in this thread. Raises what the journal raises."""
        self._journal = journal
        self._blocks = _Blocks(journal, opening)
        self.session = self._blocks.session
        self._staged: list[bytes | Entry] = []
        self._waiting: deque[tuple[list[bytes | Entry], Positions | None]] = deque()
        self._ending: Ending | None = None
        self.failed: BaseException | None = None
        self._changed = threading.Condition()
        self._closing = False
        self.committed = 0
        """How many commits were asked for."""
        self.durable = 0
        """How many of them are durable."""
        self.blocks = 0
        """In how many blocks."""
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def write(self, data: bytes, /) -> None:
        """Stages bytes of the order log."""
        self._staged.append(data)

    def stage(self, entry: Entry, /) -> None:
        """Stages an entry, in its place among the bytes of the order log."""
        self._staged.append(entry)

    def commit(self, positions: Positions) -> int:
        """Hands what was staged to the thread, if anything was. Returns the nanoseconds that it waited for room."""
        if not self._staged:
            return 0
        staged, self._staged = self._staged, []
        with self._changed:
            waited = 0
            if len(self._waiting) >= _MOST_WAITING:
                started = perf_counter_ns()
                self._changed.wait_for(lambda: len(self._waiting) < _MOST_WAITING or self.failed is not None)
                waited = perf_counter_ns() - started
            self._raise()
            self._waiting.append((staged, positions))
            self.committed += 1
            self._changed.notify_all()
        return waited

    def wait(self, commits: int) -> None:
        """Returns once that many commits are durable. Raises what the journal raised."""
        with self._changed:
            self._changed.wait_for(lambda: self.durable >= commits or self.failed is not None)
            self._raise()

    def finish(self, ending: Ending) -> None:
        """Commits the last block, and returns once all are durable."""
        with self._changed:
            if self._staged:
                self._waiting.append((self._staged, None))
                self._staged = []
                self.committed += 1
            self._ending = ending
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._ending is None or self.failed is not None)
            self._raise()

    def close(self) -> None:
        """Ends the thread after the block at hand, and closes the journal."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._journal.close()

    def _raise(self) -> None:
        if self.failed is not None:
            raise self.failed

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending is not None or self._closing)
                if self._closing and not self._waiting and self._ending is None:
                    return
                taken = list(self._waiting)
                self._waiting.clear()
                ending = self._ending
            entries = _joined(one for staged, _ in taken for one in staged)
            entries += [positions for _, positions in taken if positions is not None][-1:]
            if ending is not None:
                entries.append(ending)
            try:
                self._blocks.append(entries)
            except BaseException as error:  # noqa: BLE001  the lane's thread raises it
                with self._changed:
                    self.failed = error
                    self._changed.notify_all()
                return
            with self._changed:
                self.durable += len(taken)
                self.blocks += 1
                if ending is not None:
                    self._ending = None
                self._changed.notify_all()


def _joined(staged: Iterable[bytes | Entry]) -> list[Entry]:
    """Returns what was staged as entries, with neighbouring pieces of the order log made one."""
    entries: list[Entry] = []
    pieces: list[bytes] = []
    for one in staged:
        if isinstance(one, bytes):
            pieces.append(one)
            continue
        if pieces:
            entries.append(LogBytes(b"".join(pieces)))
            pieces.clear()
        entries.append(one)
    if pieces:
        entries.append(LogBytes(b"".join(pieces)))
    return entries
