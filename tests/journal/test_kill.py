"""Writers that are killed, full disks and failing fsyncs: what was acknowledged is there, once."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mainspring.errors import JournalError
from mainspring.journal import LogBytes, Opening, Positions, SyncWriter, read_entries

from .places import Place

_WRITER = str(Path(__file__).with_name("killed_writer.py"))
_OPENING = Opening(opened_at="", version="0", lane="1", mode="paper", config=None, instruments=())


def journalled(place):
    """The orders of each session, in order."""
    journal = place.open()
    found = {}
    for session in journal.sessions():
        data = b"".join(entry.data for _, entry in read_entries(journal, session) if type(entry) is LogBytes)
        found[session] = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
    journal.close()
    return found


def killed(place, kind, after):
    """Starts a writer, kills it once the venue has `after` orders, and returns all that the venue was sent."""
    process = subprocess.Popen([sys.executable, _WRITER, place.argument(), kind], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    received = [int(process.stdout.readline()) for _ in range(after)]
    process.kill()
    # What is in the pipe was sent too. A number that was cut short wasn't.
    rest = process.stdout.read()
    process.stdout.close()
    process.wait()
    return received + [int(line) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]


def run_cycles(place, cycles):
    draw = random.Random(cycles)
    venue = []
    for _ in range(cycles):
        venue += killed(place, draw.choice(("sync", "async")), draw.randrange(0, 40))
    found = journalled(place)
    assert len(found) == cycles
    assert len(venue) == len(set(venue))
    written = [order for orders in found.values() for order in orders]
    assert len(written) == len(set(written))
    assert set(venue) <= set(written)
    for session, orders in found.items():
        assert orders == [*range(session * 1_000_000, session * 1_000_000 + len(orders))]
    return len(venue), len(written)


def test_what_was_sent_was_durable(place):
    """However a writer is killed: each order that reached the venue is in the journal, and none is there twice."""
    run_cycles(place, 6)


@pytest.mark.gate
def test_what_was_sent_was_durable_often(place):
    """The same fifty times; MAINSPRING_KILLS says how often instead."""
    cycles = int(os.environ.get("MAINSPRING_KILLS", "50"))
    sent, written = run_cycles(place, cycles)
    print(f"{place.kind}: {cycles} kills: {sent:,} orders sent, {written:,} journalled")


def sqlite_at(path):
    return Place("sqlite", {"path": str(path)})


def fill(path):
    """Writes until the journal fails. Returns the orders that it took, and the error."""
    taken = []
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    writer = SyncWriter(sqlite_at(path).open(), _OPENING)
    try:
        for order in range(10_000):
            writer.write(order.to_bytes(8, "little") * 400)
            writer.commit(Positions(order, ()))
            taken.append(order)
    except JournalError as error:
        return taken, str(error)
    finally:
        with contextlib.suppress(JournalError):
            writer.close()
    raise AssertionError("the disk never filled up")


def test_a_full_disk_loses_nothing(tmp_path):
    """On a file system of a megabyte: the journal says so, and everything that it took is there."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        taken, said = fill(small / "journal.db")
        assert "full" in said
        journal = sqlite_at(small / "journal.db").open()
        data = [entry.data for _, entry in read_entries(journal, 1) if type(entry) is LogBytes]
        journal.close()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)
    assert [int.from_bytes(one[:8], "little") for one in data] == taken
    assert len(taken) > 20


_FAILING = """
import sys
sys.path[:] = {paths}
from mainspring.errors import JournalError
from mainspring.journal import Opening, Positions, SyncWriter
from mainspring_plugins.journals.sqlite import SqliteJournal, SqliteOptions
writer = SyncWriter(SqliteJournal(options=SqliteOptions(path={path})), Opening(
    opened_at="", version="0", lane="1", mode="paper", config=None, instruments=()))
taken = 0
try:
    while taken < 100:
        writer.write(taken.to_bytes(8, "little"))
        writer.commit(Positions(taken, ()))
        taken += 1
except JournalError as error:
    print(taken, error)
"""


def test_a_failing_fsync_is_an_error(tmp_path):
    """The first fsync that fails is the last one: the commit raises, and what was taken before is there."""
    if shutil.which("strace") is None:
        pytest.skip("strace absent")
    path = tmp_path / "journal.db"
    code = _FAILING.format(paths=sys.path, path=repr(str(path)))
    trace = ["strace", "-f", "-o", str(tmp_path / "trace"), "-e", "inject=fsync,fdatasync:error=EIO:when=30+"]
    done = subprocess.run([*trace, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        pytest.skip("no process can be traced here")
    count, _, said = done.stdout.partition(" ")
    assert "disk I/O error" in said, done.stderr
    assert 5 < int(count) < 100
    assert journalled(sqlite_at(path))[1][: int(count)] == [*range(int(count))]
