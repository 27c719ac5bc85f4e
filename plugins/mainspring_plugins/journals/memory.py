"""A journal in memory, for replays and tests: nothing outlives the process."""

from collections.abc import Iterator, Sequence

from mainspring.seams import Catalogue, hookimpl

__all__ = ["MemoryJournal", "register_journals"]


class MemoryJournal:
    """Implements `mainspring.seams.Journal` with lists."""

    def __init__(self) -> None:
        self._sessions: dict[int, list[bytes]] = {}

    def begin(self) -> int:
        """The number of a new session."""
        number = len(self._sessions) + 1
        self._sessions[number] = []
        return number

    def append(self, session: int, number: int, block: bytes) -> None:
        """Keeps a block. Raises `ValueError` unless `number` is the session's next."""
        blocks = self._sessions[session]
        if number != len(blocks) + 1:
            raise ValueError(f"block {number} of session {session} isn't the next one, which is {len(blocks) + 1}")
        blocks.append(block)

    def sessions(self) -> Sequence[int]:
        """The numbers of all sessions."""
        return tuple(self._sessions)

    def blocks(self, session: int) -> Iterator[tuple[int, bytes]]:
        """The blocks of a session with their numbers."""
        yield from enumerate(self._sessions.get(session, ()), 1)

    def last_block(self, session: int) -> tuple[int, bytes] | None:
        """The last block of a session with its number; None if it has none."""
        blocks = self._sessions.get(session)
        return (len(blocks), blocks[-1]) if blocks else None

    def close(self) -> None:
        """Does nothing."""


@hookimpl
def register_journals(catalogue: Catalogue) -> None:
    """Offers `memory`."""
    catalogue.add(
        "memory", MemoryJournal, summary="in memory; nothing outlives the process", capabilities={"durable": False}
    )
