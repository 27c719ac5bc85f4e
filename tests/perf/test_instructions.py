import shutil

import pytest

from mainspring.errors import MainspringError
from mainspring_perf import instructions
from mainspring_perf.files import perf_file
from mainspring_perf.instructions import Key, check_instructions, recorded_counts

KEY = Key(
    python="CPython 3.11.0, GCC", architecture="x86_64", native="", valgrind="valgrind-3", packages={"orjson": "3"}
)
COUNTS = {"book: walk": 1_000.0, "risk: gate": 500.0}


@pytest.fixture
def counting(monkeypatch, bench_folder, tmp_path):
    """Counts as the test says instead of callgrind's, for a key of its own; returns them, and the file of records."""
    now = dict(COUNTS)
    monkeypatch.setattr(instructions, "_valgrind", lambda: ("/usr/bin/valgrind", "valgrind-3"))
    monkeypatch.setattr(instructions, "_key", lambda _: KEY)
    monkeypatch.setattr(instructions, "count_instructions", lambda *_: dict(now))
    return now, tmp_path / "instructions.toml"


def test_the_same_counts_pass(counting):
    """Recorded, counted again: nothing moved."""
    _, file = counting
    assert check_instructions(record=True, file=file).ok is None
    outcome = check_instructions(file=file)
    assert outcome.ok is True
    assert {count.state for count in outcome.counts} == {"same"}


@pytest.mark.parametrize(
    ("factor", "ok", "state"), [(1.05, False, "more"), (0.95, False, "fewer"), (1.009, True, "same")]
)
def test_a_move_of_more_than_one_percent_fails(counting, factor, ok, state):
    """Five percent more or fewer instructions in one stage are found; less than one isn't."""
    now, file = counting
    check_instructions(record=True, file=file)
    now["book: walk"] *= factor
    outcome = check_instructions(file=file)
    assert outcome.ok is ok
    assert {count.path: count.state for count in outcome.counts} == {"book: walk": state, "risk: gate": "same"}


def test_a_path_that_is_gone_fails_and_a_new_one_does_not(counting):
    """A hot path that nobody counts any more is no pass."""
    now, file = counting
    check_instructions(record=True, file=file)
    now["path: new"] = 1.0
    assert check_instructions(file=file).ok is True
    del now["risk: gate"]
    assert check_instructions(file=file).ok is False


def test_another_interpreter_is_told_and_recorded(counting, bench_folder, monkeypatch):
    """Nothing to compare with isn't a failure: what differs is named, and the next check here compares."""
    now, file = counting
    check_instructions(record=True, file=file)
    other = Key(python="CPython 3.13.0, Clang", architecture="x86_64", native="", valgrind="valgrind-3", packages={})
    monkeypatch.setattr(instructions, "_key", lambda _: other)
    outcome = check_instructions(file=file)
    assert outcome.ok is None
    assert "python is CPython 3.13.0, Clang, and CPython 3.11.0, GCC there" in outcome.said
    assert str(bench_folder / "instructions.toml") in outcome.said
    assert check_instructions(file=file).ok is True
    now["book: walk"] *= 1.05
    assert check_instructions(file=file).ok is False


def test_without_valgrind_it_is_said(monkeypatch, bench_folder):
    """No valgrind: not counted, with what to install, and no failure."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    outcome = check_instructions()
    assert (outcome.ok, outcome.counts) == (None, ())
    assert outcome.said == "not counted: valgrind isn't installed (Debian: apt-get install valgrind)"


def test_records_of_other_keys_stay(counting, monkeypatch):
    """Recording for one interpreter keeps what was recorded for another, and replaces its own."""
    now, file = counting
    check_instructions(record=True, file=file)
    other = Key(python="other", architecture="arm64", native="1", valgrind="valgrind-3", packages={})
    monkeypatch.setattr(instructions, "_key", lambda _: other)
    check_instructions(record=True, file=file)
    now["book: walk"] = 7.0
    check_instructions(record=True, file=file)
    assert recorded_counts(file) == [(KEY, COUNTS), (other, {**COUNTS, "book: walk": 7.0})]


@pytest.mark.parametrize("text", ["[[counted]]\nkey = 1", "not toml", "[other]\n"])
def test_a_broken_file_is_an_error(tmp_path, text):
    """It names the file."""
    file = tmp_path / "instructions.toml"
    file.write_text(text)
    with pytest.raises(MainspringError, match=r"instructions\.toml doesn't hold recorded counts"):
        recorded_counts(file)


def test_a_suite_without_counted_paths_is_refused(counting):
    """Asked for one that has none, it names those that have."""
    with pytest.raises(MainspringError, match="the suite 'hooks' has no counted path; those that have: book"):
        check_instructions(["hooks"])


def test_the_recorded_file_can_be_read():
    """The file in the repository holds counts of every suite that has counted paths."""
    entries = recorded_counts(perf_file("instructions.toml"))
    assert entries
    for _, counts in entries:
        assert {path.split(": ")[0] for path in counts} >= {"book", "risk", "slippage", "lane", "wire", "path"}
        assert all(count > 0 for count in counts.values())


def test_callgrind_counts_the_same_twice():
    """No stand-in: the risk gate's instructions are counted twice, to less than a thousandth of a difference."""
    found = instructions._valgrind()
    if isinstance(found, str):
        pytest.skip(f"absent: {found}")
    once, again = (instructions._count_suite(found[0], "risk") for _ in range(2))
    assert once.keys() == again.keys() == {"risk: gate-all-checks"}
    (path,) = once
    assert 2_000 < once[path] < 200_000
    assert again[path] == pytest.approx(once[path], rel=1e-3)
