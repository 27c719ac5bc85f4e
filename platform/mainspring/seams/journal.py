"""The journal seam: where a session's blocks are made durable."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["Journal", "register_journals"]


class Journal(Protocol):
    """Stores the blocks of sessions, each session's in one order, durably.

    A block is bytes. What it holds, checksums included, is the host's; a journal doesn't look into it. Sessions have
    numbers, blocks of a session count from 1. Several processes may write to one journal at a time, each to a session
    of its own. The host calls a journal from one thread at a time, which needn't be the one that made it.
    """

    def begin(self) -> int:
        """Returns the number of a new session, above all numbers given before, to whichever process."""
        ...

    def append(self, session: int, number: int, block: bytes) -> None:
        """Makes a block durable: once this returns, neither a crash of the process nor a loss of power loses it.

        `number` is one more than that of the session's last block. Whatever it raises, the block may be durable or
        not, and the host never calls it again: an fsync that failed may report success the next time although the
        data is gone.
        """
        ...

    def sessions(self) -> Sequence[int]:
        """Returns the numbers of all sessions, ascending."""
        ...

    def blocks(self, session: int) -> Iterator[tuple[int, bytes]]:
        """Yields the blocks of a session with their numbers, in order; none for an unknown session.

        Raises `JournalError` if what is stored is damaged. It may be read while a session is written.
        """
        ...

    def last_block(self, session: int) -> tuple[int, bytes] | None:
        """Returns the last block of a session with its number, without reading the others; None if it has none.

        Raises `JournalError` as `blocks` does.
        """
        ...

    def close(self) -> None:
        """Releases files and connections. Nothing is called afterwards."""
        ...


@hookspec
def register_journals(catalogue: Catalogue) -> None:
    """Offers places where sessions are journalled.

    Called once, when the registry loads. Add each one with `catalogue.add(name, factory, summary=...)`; the factory is
    called as `factory()`, with `options=` if the offer declares them, once for each lane and by the commands that read
    journals, and returns an object that implements `mainspring.seams.Journal`. It raises `JournalError` if there is no
    journal to be had. `mainspring.testing.check_journal` checks that it keeps the contract.

    Capabilities: `durable` (default true): whether blocks outlive the process. `server` (default false): whether they
    are kept by a server, which may have sessions that matter: nothing but sessions of the user's writes there, so that
    `mainspring plugins check` and `bench` leave such a journal to its author's tests.
    """
