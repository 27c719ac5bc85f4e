"""Journals a lane: opens its journal and writes what begins and ends a session there."""

from collections.abc import Sequence
from datetime import UTC, datetime

from mainspring import __version__
from mainspring.host.journals import open_journal
from mainspring.host.plan import LanePlan
from mainspring.host.registry import Registry
from mainspring.journal import AsyncWriter, Ending, JournalWriter, Opening, SyncWriter
from mainspring.orders import OrderLog, Sink

__all__ = ["Tee", "ending_of", "journal_lane"]


class Tee:
    """A `Sink` that passes everything on to others. Its name is the first one's."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._writes = [sink.write for sink in sinks]
        self.name = getattr(sinks[0], "name", "its file")

    def write(self, data: bytes, /) -> None:
        """Writes the bytes to all."""
        for write in self._writes:
            write(data)


def journal_lane(plan: LanePlan, registry: Registry, continues: int | None = None) -> JournalWriter | None:
    """Begins a lane's session in its journal; None if the plan has no journal.

    `continues` is the session in it that this one goes on from.

    Raises `JournalError` or `PluginError` if the journal can't be opened or written.
    """
    first = plan.parts[0]
    if first.journal is None:
        return None
    opening = Opening(
        opened_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        lane=plan.name,
        mode=first.mode,
        config=plan.config,
        instruments=plan.instruments,
        captures=tuple((str(path), path.stat().st_size) for part in plan.parts for path in part.source.captures),
        continues=continues,
    )
    journal = open_journal(first.journal, registry)
    try:
        return (SyncWriter if first.journal_waits else AsyncWriter)(journal, opening)
    except BaseException:
        journal.close()
        raise


def ending_of(log: OrderLog, failure: str, stopped_early: str) -> Ending:
    """Returns the last entry of a session whose order log that is.

    `failure` is the error that ended it, `stopped_early` why it ended before its input did; empty if none did.
    """
    return Ending(sha256=log.sha256, records=log.records, failure=failure, stopped_early=stopped_early)
