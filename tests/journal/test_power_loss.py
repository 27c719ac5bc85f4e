"""Power loss at any moment: every acknowledged order is in the journal, which ends with a whole block."""

import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from mainspring.journal import LogBytes, read_entries

from .places import Place
from .power_loss import Disk, Operation, lose_power, record

_WRITER = str(Path(__file__).with_name("powered_writer.py"))


@pytest.fixture
def traced():
    if shutil.which("strace") is None:
        pytest.skip("strace absent")


def recorded(tmp_path, kind, orders, failing_sync=None):
    """What a writer did to its journal's folder."""
    folder = tmp_path / "written"
    folder.mkdir()
    place = Place("sqlite", {"path": str(folder / "journal.db")})
    command = [sys.executable, _WRITER, place.argument(), kind, str(orders)]
    return record(command, folder, tmp_path / "trace", failing_sync)


def journalled(folder):
    """The orders of each session; all of a block's, since a block that isn't whole is an error."""
    journal = Place("sqlite", {"path": str(folder / "journal.db")}).open()
    found = {}
    for session in journal.sessions():
        # A session is begun before its first block is durable.
        entries = read_entries(journal, session) if list(journal.blocks(session)) else ()
        data = b"".join(entry.data for _, entry in entries if type(entry) is LogBytes)
        found[session] = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 160)]
    journal.close()
    return found


def run_cycles(tmp_path, kind, orders, cycles):
    """Loses power at seeded moments, and checks what is left. Returns how many orders were acknowledged, and found."""
    operations = recorded(tmp_path, kind, orders)
    draw = random.Random(cycles)
    acknowledged = written = 0
    for cycle in range(cycles):
        moment = draw.randrange(len(operations) + 1)
        counted = check(
            tmp_path, operations, moment, draw, f"cycle {cycle} of seed {cycles}, after {moment} operations"
        )
        acknowledged, written = acknowledged + counted[0], written + counted[1]
    return acknowledged, written


def check(tmp_path, operations, moment, draw, where):
    """Loses power and checks what is left. Returns how many orders were acknowledged, and found."""
    said = lose_power(operations, moment, draw, tmp_path / "written", tmp_path / "left")
    sent = [int(line) for line in said.splitlines()]
    found = journalled(tmp_path / "left")
    assert list(found) == [*range(1, 1 + len(found))], where
    for session, orders in found.items():
        assert orders == [*range(session * 1_000_000, session * 1_000_000 + len(orders))], where
    assert set(sent) <= {order for orders in found.values() for order in orders}, where
    return len(sent), sum(map(len, found.values()))


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_was_acknowledged_survives(traced, tmp_path, kind):
    """Whatever of the unsynced sectors is lost, torn or in another order."""
    acknowledged, _ = run_cycles(tmp_path, kind, 40, 15)
    assert acknowledged > 10


@pytest.mark.gate
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_was_acknowledged_survives_often(traced, tmp_path, kind):
    """Often, over a log that was moved into the file meanwhile; MAINSPRING_POWER_CUTS says how often."""
    cycles = int(os.environ.get("MAINSPRING_POWER_CUTS", "25"))
    acknowledged, written = run_cycles(tmp_path, kind, 700, cycles)
    print(f"{kind}: {cycles} power losses: {acknowledged:,} orders acknowledged by then, {written:,} journalled")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_a_failed_sync_lost_was_not_acknowledged(traced, tmp_path, kind):
    """One fsync fails, as if it never happened again: what it was to make durable is lost, and nothing else."""
    ended_early = 0
    for failing in (1, 2, 3, 4, 5, 6, 7, 8, 14):
        folder = tmp_path / str(failing)
        folder.mkdir()
        operations = recorded(folder, kind, 40, failing)
        assert "failed-sync" in {one.kind for one in operations}
        for seed in range(5):
            where = f"fsync {failing} failed, seed {seed}"
            acknowledged, _ = check(folder, operations, len(operations), random.Random(seed), where)
            ended_early += acknowledged < 40
    assert ended_early


_HASTY = """
import os, sys
with open(sys.argv[1], "wb", buffering=0) as file:
    for number in range(40):
        os.pwrite(file.fileno(), bytes([number]) * 700, number * 700)
        os.write(1, b"%d\\n" % number)
        if number == 19:
            os.fsync(file.fileno())
"""


def test_the_disk_loses_what_was_not_synced(traced, tmp_path):
    """A program that says before it syncs is found out; what it synced stays, and writes are torn between sectors."""
    folder = tmp_path / "written"
    folder.mkdir()
    path = str(folder / "file")
    operations = record([sys.executable, "-c", _HASTY, path], folder, tmp_path / "trace")
    torn = lost = 0
    for seed in range(30):
        said = lose_power(operations, len(operations), random.Random(seed), folder, tmp_path / "left")
        assert said.splitlines()[-1] == b"39"
        data = (tmp_path / "left" / "file").read_bytes()
        assert data[: 20 * 700] == b"".join(bytes([number]) * 700 for number in range(20))
        found = [data[at : at + 700] for at in range(20 * 700, 40 * 700, 700)]
        whole = [number for number, one in enumerate(found, 20) if one == bytes([number]) * 700]
        lost += len(whole) < 20
        torn += any(bytes([number]) in one and number not in whole for number, one in enumerate(found, 20))
    assert lost > 10
    assert torn > 5


def test_names_that_were_not_synced_may_be_lost():
    """A new file that nobody synced may be gone, and a removed one may be back."""
    outcomes = set()
    for seed in range(20):
        disk = Disk()
        for operation in (
            Operation("create", "kept"),
            Operation("sync", "kept"),
            Operation("remove", "kept"),
            Operation("create", "new"),
        ):
            disk.do(operation)
        outcomes.add(tuple(sorted(disk.after(random.Random(seed)))))
    assert outcomes == {(), ("kept",), ("new",), ("kept", "new")}
