"""Sessions that are killed in the middle of a commit: what their journals hold runs again to the same records."""

import signal
import subprocess
import sys

import pytest

from mainspring.host.registry import Registry
from mainspring.journal import JournalLog, read_session
from mainspring.model import decode_records
from mainspring.session.journal_replay import replay_session
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions

_SESSION = """
import os, signal, sys
sys.path[:] = {paths}
from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session import run_session
from mainspring_plugins.journals.sqlite import SqliteJournal

append = SqliteJournal.append

def killed(self, session, number, block):
    if number < {at}:
        append(self, session, number, block)
        return
    if {committed}:
        append(self, session, number, block)
    os.kill(os.getpid(), signal.SIGKILL)

SqliteJournal.append = killed
registry = Registry.load()
short = ["feed.seconds=6", "market.warm_up_s=1", 'strategy.trend={{plugin="momentum", size=0.01}}']
run_session(make_session(load_config(None, [*short, {journal!r}]), registry), registry)
"""


@pytest.mark.parametrize(("at", "committed"), [(2, False), (30, False), (30, True), (47, True)])
def test_a_killed_session_runs_again(tmp_path, at, committed):
    """Before its block was committed or after it: the journal is whole up to there, and its records are equal."""
    path = tmp_path / "journal.db"
    code = _SESSION.format(
        paths=sys.path,
        at=at,
        committed=committed,
        journal=f"journal.path={path}",
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    journal = SqliteJournal(options=SqliteOptions(path=str(path)))
    session = read_session(journal, 1)
    assert session.ending is None
    assert session.blocks == at - (not committed)
    log = JournalLog(journal, 1)
    outcome = replay_session(session, log, Registry.load, decode_records)
    assert outcome.difference is None
    assert outcome.records == (len(list(log)) if log.header is not None else 0)
    journal.close()
