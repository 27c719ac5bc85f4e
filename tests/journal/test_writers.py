"""The writers: what is committed when, and what a failing journal leads to."""

import threading

import pytest

from mainspring.errors import JournalError
from mainspring.journal import (
    AsyncWriter,
    Ending,
    Entry,
    LogBytes,
    Opening,
    Positions,
    SyncWriter,
    read_entries,
    read_outline,
    read_session,
)
from mainspring_plugins.journals.memory import MemoryJournal

_OPENING = Opening(opened_at="", version="0", lane="1", mode="paper", config=None, instruments=())
_ENDING = Ending(sha256="", records=0)


class Gated(MemoryJournal):
    """A journal whose appends wait until they are let through, and fail where they are to."""

    def __init__(self, fails_at=None):
        super().__init__()
        self.fails_at = fails_at
        self.asked = threading.Semaphore(0)
        self.let = threading.Semaphore(0)
        self.closed = False

    def append(self, session, number, block):
        if number > 1:
            self.asked.release()
            self.let.acquire()
        if number == self.fails_at:
            raise JournalError("the disk is gone")
        super().append(session, number, block)

    def close(self):
        self.closed = True


def pieces(journal):
    """The order log's bytes and positions of each block but the first."""
    found: dict[int, list[Entry]] = {}
    for number, entry in read_entries(journal, 1):
        found.setdefault(number, []).append(entry)
    return [entries for number, entries in found.items() if number > 1]


def stage(writer, text):
    writer.write(text)
    return writer.commit(Positions(len(text), (1,)))


@pytest.mark.parametrize("make", [SyncWriter, AsyncWriter])
def test_nothing_staged_is_nothing_committed(make):
    """A commit without bytes writes no block."""
    journal = MemoryJournal()
    writer = make(journal, _OPENING)
    assert writer.commit(Positions(1, ())) == 0
    writer.finish(_ENDING)
    writer.close()
    assert [entry for _, entry in read_entries(journal, 1)] == [_OPENING, _ENDING]


@pytest.mark.parametrize("make", [SyncWriter, AsyncWriter])
def test_what_was_staged_last_is_in_the_last_block(make):
    """The end takes along what nobody committed."""
    journal = MemoryJournal()
    writer = make(journal, _OPENING)
    stage(writer, b"one")
    writer.write(b"two")
    writer.finish(_ENDING)
    writer.close()
    entries = [entry for _, entry in read_entries(journal, 1)]
    assert b"".join(entry.data for entry in entries if type(entry) is LogBytes) == b"onetwo"
    assert entries[-1] == _ENDING
    assert Positions(3, (1,)) in entries


def test_a_synchronous_commit_returns_once_it_is_durable():
    """Each commit is a block of its own."""
    journal = MemoryJournal()
    writer = SyncWriter(journal, _OPENING)
    for text in (b"one", b"three"):
        assert stage(writer, text) > 0
        assert pieces(journal)[-1] == [LogBytes(text), Positions(len(text), (1,))]
    assert writer.session == 1


def test_what_comes_meanwhile_shares_the_next_block():
    """While the first block is made durable, the lane goes on; what it commits is one block then."""
    journal = Gated()
    writer = AsyncWriter(journal, _OPENING)
    stage(writer, b"a")
    journal.asked.acquire()
    for text in (b"bb", b"ccc", b"dddd"):
        stage(writer, text)
    assert (writer.committed, writer.durable, writer.blocks) == (4, 0, 0)
    journal.let.release(2)
    writer.wait(4)
    assert (writer.durable, writer.blocks) == (4, 2)
    assert pieces(journal) == [
        [LogBytes(b"a"), Positions(1, (1,))],
        [LogBytes(b"bbcccdddd"), Positions(4, (1,))],
    ]
    journal.let.release()
    writer.finish(_ENDING)
    writer.close()
    assert journal.closed


@pytest.mark.parametrize("how", ["wait", "finish"])
def test_a_failure_reaches_the_lane(how):
    """Whichever call comes next raises what the journal raised, and so do all after it; nothing more is written."""
    journal = Gated(fails_at=2)
    writer = AsyncWriter(journal, _OPENING)
    stage(writer, b"a")
    journal.let.release(5)
    calls = {"wait": lambda: writer.wait(1), "finish": lambda: writer.finish(_ENDING)}
    with pytest.raises(JournalError, match="disk is gone"):
        calls[how]()
    with pytest.raises(JournalError):
        stage(writer, b"c")
    writer.close()
    assert pieces(journal) == []
    assert (writer.durable, journal.closed) == (0, True)


def test_a_lane_waits_for_a_journal_far_behind(monkeypatch):
    """What waits for the journal is bounded; the time that the lane waited is returned."""
    looked, times = threading.Semaphore(0), iter((1_000, 1_250))

    def clock():
        looked.release()
        return next(times)

    monkeypatch.setattr("mainspring.journal.writer._MOST_WAITING", 2)
    monkeypatch.setattr("mainspring.journal.writer.perf_counter_ns", clock)
    journal = Gated()
    writer = AsyncWriter(journal, _OPENING)
    stage(writer, b"a")
    journal.asked.acquire()
    assert [stage(writer, b"b") for _ in range(2)] == [0, 0]
    waited: list[int] = []
    late = threading.Thread(target=lambda: waited.append(stage(writer, b"c")))
    late.start()
    # It looks at the clock when it begins to wait.
    looked.acquire()
    journal.let.release(9)
    late.join()
    assert waited == [250]
    writer.finish(_ENDING)
    writer.close()


def test_closing_without_an_end_leaves_none():
    """A session whose lane failed to start has its beginning only."""
    journal = MemoryJournal()
    writer = AsyncWriter(journal, _OPENING)
    writer.close()
    assert read_session(journal, 1).ending is None


def test_an_outline_reads_the_first_and_the_last_block_alone():
    """How a session began and ended is known whatever lies in between; reading it whole finds the damage."""
    journal = MemoryJournal()
    writer = SyncWriter(journal, _OPENING)
    for number in range(5):
        writer.write(b"order")
        writer.commit(Positions(number, (number,)))
    assert read_outline(journal, 1) == (1, _OPENING, None, 6)
    writer.finish(_ENDING)
    journal._sessions[1][2:5] = [b"damaged"] * 3
    assert read_outline(journal, 1) == (1, _OPENING, _ENDING, 7)
    with pytest.raises(JournalError, match="block 3 of session 1"):
        read_session(journal, 1)
    journal._sessions[1][-1] = b"damaged"
    with pytest.raises(JournalError, match="block 7 of session 1: 7 bytes are too few"):
        read_outline(journal, 1)
