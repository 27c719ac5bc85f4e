"""Damage of a journal's file: wherever it is cut and whichever bit changes, it is cut or refused, never misread."""

import os
import random
import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mainspring.errors import JournalError
from mainspring.journal import Ending, LogBytes, Opening, Positions, SyncWriter, read_entries
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

_OPENING = Opening(
    opened_at="2026-01-01T00:00:00+00:00", version="0", lane="1", mode="paper", config=None, instruments=("BTC/USDT",)
)
_ENDS = ("", "-wal")


def opened(path):
    return SqliteJournal(options=SqliteOptions(path=str(path)))


@pytest.fixture
def memory():
    """A folder in memory, if there is one: damage is read from there by the thousand."""
    with TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module", params=["killed", "closed"])
def sample(request, tmp_path_factory):
    """A journal of a finished session and one without an end, closed or as a killed process leaves it."""
    path = tmp_path_factory.mktemp("sample") / "journal.db"
    # The smallest pages there are, so that all bits of a sample of many pages can be changed.
    with sqlite3.connect(path) as small:
        small.execute("PRAGMA page_size = 512")
        small.execute("VACUUM")
    small.close()
    for last in (False, True):
        writer = SyncWriter(opened(path), _OPENING)
        for number in range(4):
            writer.write(bytes([number]) * 50)
            writer.commit(Positions(number, (number,)))
        if not last:
            writer.finish(Ending(sha256="", records=0))
            writer.close()
    if request.param == "closed":
        writer.close()
    copy = path.with_name("sample.db")
    for end in _ENDS:
        if path.with_name(path.name + end).exists():
            shutil.copy(f"{path}{end}", f"{copy}{end}")
    if request.param == "killed":
        writer.close()
    return copy, read(path)


def read(path):
    """The entries of each session. Raises `JournalError` if any can't be read."""
    journal = opened(path)
    try:
        return {session: [entry for _, entry in read_entries(journal, session)] for session in journal.sessions()}
    finally:
        journal.close()


def outcome(sample, folder, end, data):
    """What is read of the sample with other data in one of its files; None if it is refused."""
    path, right = sample
    folder.mkdir()
    for name in _ENDS:
        if path.with_name(path.name + name).exists():
            shutil.copy(f"{path}{name}", f"{folder / 'journal.db'}{name}")
    (folder / f"journal.db{end}").write_bytes(data)
    try:
        found = read(folder / "journal.db")
    except JournalError:
        return None
    finally:
        shutil.rmtree(folder)
    assert list(found) == [*range(1, 1 + len(found))]
    for session, entries in found.items():
        assert entries == right[session][: len(entries)]
    return found


def test_the_sample_reads_whole(sample, tmp_path):
    """Both sessions are there, the killed process's as well."""
    path, right = sample
    assert outcome(sample, tmp_path / "whole", "", path.read_bytes()) == right
    assert [type(entry) for entry in right[1]] == [Opening, *[LogBytes, Positions] * 4, Ending]
    assert [len(entries) for entries in right.values()] == [10, 9]


def damaged_files(sample):
    """The files of the sample, and the seeded places at which to damage them."""
    path, _ = sample
    for end in _ENDS:
        file = path.with_name(path.name + end)
        if file.exists() and (data := file.read_bytes()):
            yield end, data


def test_a_cut_is_cut_or_refused(sample, tmp_path):
    """Wherever a file ends, nothing is read that wasn't written."""
    for end, data in damaged_files(sample):
        for at in [*random.Random(7).sample(range(len(data)), 60), 0, len(data) - 1]:
            outcome(sample, tmp_path / str(at), end, data[:at])


def test_a_changed_bit_is_cut_or_refused(sample, tmp_path):
    """Whichever bit changes, nothing is read that wasn't written."""
    for end, data in damaged_files(sample):
        for place in random.Random(8).sample(range(8 * len(data)), 300):
            outcome(sample, tmp_path / str(place), end, flipped(data, place))


@pytest.mark.parametrize("sample", ["killed"], indirect=True)
def test_a_changed_bit_loses_no_more_than_the_last_commit(sample, tmp_path):
    """Before it, a log that ends at the bit would lose commits that others follow: it is refused, however often."""
    path, right = sample
    data = path.with_name(f"{path.name}-wal").read_bytes()
    entries = sum(map(len, right.values()))
    refused = 0
    for place in random.Random(11).sample(range(8 * len(data)), 200):
        found = outcome(sample, tmp_path / str(place), "-wal", flipped(data, place))
        refused += found is None
        # A commit is a piece of the order log and a position.
        assert found is None or sum(map(len, found.values())) >= entries - 2
    assert refused > 100


@pytest.mark.parametrize("sample", ["killed"], indirect=True)
def test_damage_stays_where_it_was_found(sample, tmp_path):
    """A refused journal isn't changed: it is refused the next time too, and the error says how to go on."""
    path, _ = sample
    copies = [tmp_path / f"journal.db{end}" for end in _ENDS]
    for copy, end in zip(copies, _ENDS, strict=True):
        shutil.copy(f"{path}{end}", copy)
    copies[1].write_bytes(flipped(copies[1].read_bytes(), 8 * 5_000))
    before = [copy.read_bytes() for copy in copies]
    for _ in range(2):
        with pytest.raises(
            JournalError, match=r"damaged: frame \d+ of its write-ahead log, before frame \d+.*wal_checkpoint"
        ):
            opened(copies[0])
    assert [copy.read_bytes() for copy in copies] == before
    copies[1].write_bytes(flipped(copies[1].read_bytes()[:31] + b"\0", 0) + before[1][32:])
    with pytest.raises(JournalError, match="damaged: the header of its write-ahead log"):
        opened(copies[0])
    copies[0].write_bytes(b"")
    for _ in range(2):
        with pytest.raises(JournalError, match=r"damaged: it isn't the file that journal\.db-wal belongs to"):
            opened(copies[0])


@pytest.mark.gate
@pytest.mark.weekly
def test_every_cut_and_every_bit(sample, memory):
    """All of them: some minutes."""
    for end, data in damaged_files(sample):
        found = {True: 0, False: 0}
        for at in range(len(data)):
            found[outcome(sample, memory / "cut", end, data[:at]) is None] += 1
        print(f"journal.db{end}: {len(data):,} cuts, {found[True]:,} refused")
        found = {True: 0, False: 0}
        for place in range(8 * len(data)):
            found[outcome(sample, memory / "bit", end, flipped(data, place)) is None] += 1
        print(f"journal.db{end}: {8 * len(data):,} bits, {found[True]:,} refused")


def flipped(data, place):
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)
