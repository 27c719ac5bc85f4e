"""The SQLite journal: its contract, what it refuses to open, and what it notices."""

import sqlite3
from functools import partial

import pytest

from mainspring.errors import JournalError
from mainspring.testing import check_journal
from mainspring_plugins.journals.memory import MemoryJournal
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions


def opened(path, **options):
    return SqliteJournal(options=SqliteOptions(path=str(path), **options))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.mark.parametrize("seed", range(3))
def test_keeps_the_contract(seed, path):
    """Blocks are there after closing, for a second reader too."""
    check_journal(partial(opened, path), seed=seed)


def test_the_memory_journal_keeps_the_contract():
    """All but that anything outlives it."""
    check_journal(MemoryJournal, durable=False)


def test_a_missing_block_is_noticed(path):
    """A row that damage made invisible is missed, though the others can be read."""
    journal = opened(path)
    session = journal.begin()
    for number in (1, 2, 3):
        journal.append(session, number, b"block")
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM block WHERE number = 3")
    with pytest.raises(JournalError, match="3 blocks of session 1, 2 can be read"):
        list(journal.blocks(session))


def test_a_missing_session_is_noticed(path):
    """So is a whole session."""
    journal = opened(path)
    for _ in range(3):
        journal.begin()
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM session WHERE number = 2")
    with pytest.raises(JournalError, match=r"of 3 sessions these are left: \[1, 3\]"):
        journal.sessions()


def test_a_block_out_of_turn_is_refused(path):
    """A second writer of one session, or a repeated block, is an error and changes nothing."""
    journal = opened(path)
    session = journal.begin()
    journal.append(session, 1, b"one")
    for number in (1, 3):
        with pytest.raises(JournalError):
            journal.append(session, number, b"other")
    assert list(journal.blocks(session)) == [(1, b"one")]


def test_a_file_of_something_else_is_refused(path):
    """Another program's database isn't touched, nor is a file that is none."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (value)")
    other.close()
    with pytest.raises(JournalError, match=r"something else.*journal\.path"):
        opened(path)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    other.close()
    path.write_text("# not a database\n" * 100)
    with pytest.raises(JournalError, match="not a database"):
        opened(path)


def test_a_later_schema_is_refused(path):
    """A file that a later release migrated isn't written by this one."""
    opened(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 7")
    with pytest.raises(JournalError, match="version 7 of the schema; this release knows 1"):
        opened(path)


def test_a_missing_folder_is_named(tmp_path):
    """The error says which folder there isn't."""
    with pytest.raises(JournalError, match=r"no folder .*absent"):
        opened(tmp_path / "absent" / "journal.db")


def test_a_locked_file_is_an_error_after_a_while(path):
    """Another process that keeps the file locked can't make a lane wait for ever."""
    journal = opened(path, busy_s=0.01)
    session = journal.begin()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked"):
        journal.append(session, 1, b"block")
    other.execute("ROLLBACK")
    other.close()
