"""Memory between processes: what is read is whole or nothing, and the writer doesn't depend on readers."""

import random
import struct

import pytest

from mainspring.errors import DataError
from mainspring.session.watching import shared_file
from mainspring.session.watching.shared_file import STATE_BYTES, SharedReader, SharedWriter, shared_path


@pytest.fixture
def pair(tmp_path):
    writer = SharedWriter(tmp_path / "lane.watch")
    reader = SharedReader(tmp_path / "lane.watch")
    yield writer, reader
    reader.close()
    writer.close()


def test_the_latest_state_is_read(pair):
    """Nothing before the first; each replaces the one before, and has a number of its own; too long a one doesn't."""
    writer, reader = pair
    assert (reader.state(), reader.number) == (None, 0)
    numbers = []
    for state in (b"first, and longer", b"second"):
        assert writer.write_state(state)
        assert reader.state() == state
        numbers.append(reader.number)
    assert numbers == sorted(set(numbers))
    assert not writer.write_state(bytes(STATE_BYTES + 1))
    assert reader.state() == b"second"


def test_a_torn_state_is_not_read(pair):
    """Neither one that is being written, nor one whose bytes have changed since its checksum."""
    writer, reader = pair
    writer.write_state(b"whole")
    struct.pack_into("=Q", writer._memory, 8, 3)
    assert reader.state() is None
    struct.pack_into("=Q", writer._memory, 8, 4)
    assert reader.state() == b"whole"
    writer._memory[64:65] = b"W"
    assert reader.state() is None


def test_somebody_reads_for_two_seconds(pair, monkeypatch):
    """The writer knows by the clock alone: one that has gone is forgotten."""
    writer, reader = pair
    now_ns = 5_000_000_000
    monkeypatch.setattr("time.monotonic_ns", lambda: now_ns)
    assert not writer.wanted
    reader.want()
    now_ns += 1_999_999_999
    assert writer.wanted
    now_ns += 1
    assert not writer.wanted


@pytest.mark.parametrize("seed", range(5))
def test_records_are_whole_and_in_order_or_lost(pair, seed, monkeypatch):
    """Through a small ring, with readers that come late: each chunk once, in order, unless told that some are lost."""
    print("seed", seed)
    monkeypatch.setattr(shared_file, "RING_BYTES", 1_000)
    rng, (writer, reader) = random.Random(seed), pair
    written, expected, place, losses = 0, 0, 0, 0
    for _ in range(2_000):
        for _ in range(rng.randrange(4)):
            size = 2_000 if rng.random() < 0.005 else 4 * rng.randrange(1, 60)
            writer.write_records(written.to_bytes(4, "little") * (size // 4))
            written += 1
        if rng.random() < 0.3:
            found, late = reader.records(place), place == 0
            place = found.place
            numbers = list(dict.fromkeys(struct.unpack(f"<{len(found.data) // 4}I", found.data)))
            losses += found.lost
            if numbers:
                assert late or (numbers[0] > expected if found.lost else numbers[0] == expected)
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
            # What is read is read up to the end, also where nothing of it is left.
            assert late or found.lost or numbers or expected == written
            expected = written
    assert losses
    assert expected > 1_000


def test_what_is_not_ours_is_refused(tmp_path):
    """A file of another size or sort, a link, and none at all; the error says which file."""
    (tmp_path / "short").write_bytes(b"MSWATCH1")
    (tmp_path / "other").write_bytes(bytes(shared_file._BYTES))
    SharedWriter(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("short", "other", "link", "absent"):
        with pytest.raises(DataError, match=name):
            SharedReader(tmp_path / name)


def test_only_its_user_can_open_it(tmp_path):
    """And one that a killed session left is replaced; those that read it keep the old one."""
    path = tmp_path / "lane.watch"
    first = SharedWriter(path)
    assert path.stat().st_mode & 0o777 == 0o600
    first.write_state(b"old")
    reader = SharedReader(path)
    second = SharedWriter(path)
    assert reader.state() == b"old"
    assert SharedReader(path).state() is None
    second.close()
    assert not path.exists()


def test_each_lane_and_folder_has_its_own(tmp_path):
    """Also lanes whose names no file can have."""
    paths = {shared_path(tmp_path / folder, lane) for folder in "ab" for lane in ("1", "a/b")}
    assert len(paths) == 4
    assert len({path.parent for path in paths}) == 1
