import shutil

import pytest

from mainspring.errors import MainspringError
from mainspring_perf import instructions
from mainspring_perf.candidates import usable
from mainspring_perf.instructions import RECORDED, Count, Key, check_instructions, recorded_counts

LINUX = {"architecture": "x86_64", "system": "glibc 2.36, avx2", "native": "", "valgrind": "valgrind-3"}
KEY = Key(python="CPython 3.11.0, GCC", packages={"orjson": "3"}, **LINUX)
COUNTS = {"book: walk": 1_000.0, "risk: gate": 500.0}


@pytest.fixture
def counting(monkeypatch, bench_folder, tmp_path):
    """Counts as the test says instead of callgrind's, for a key of its own; returns them, and the file of records."""
    now = dict(COUNTS)
    monkeypatch.setattr(instructions, "_valgrind", lambda: ("/usr/bin/valgrind", "valgrind-3"))
    monkeypatch.setattr(instructions, "_key", lambda _: KEY)
    monkeypatch.setattr(
        instructions,
        "count_instructions",
        lambda *_: [Count(path=path, now=one, allocations=2.0) for path, one in now.items()],
    )
    return now, tmp_path / "instructions.json"


def test_the_same_counts_pass(counting):
    """Recorded, counted again: nothing moved."""
    _, file = counting
    assert check_instructions(record=True, file=file).ok is None
    outcome = check_instructions(file=file)
    assert outcome.ok is True
    assert {count.state for count in outcome.counts} == {"same"}


@pytest.mark.parametrize(
    ("factor", "ok", "state"), [(1.05, False, "more"), (0.95, True, "fewer"), (1.009, True, "same")]
)
def test_more_than_one_percent_more_fails(counting, factor, ok, state):
    """Five percent more instructions in one stage fail, five percent fewer are said; less than one is nothing."""
    now, file = counting
    check_instructions(record=True, file=file)
    now["book: walk"] *= factor
    outcome = check_instructions(file=file)
    assert outcome.ok is ok
    assert {count.path: count.state for count in outcome.counts} == {"book: walk": state, "risk: gate": "same"}
    assert ("some take fewer" in outcome.said) is (state == "fewer")


@pytest.mark.parametrize(("factor", "ok"), [(1.03, True), (1.05, False)])
def test_a_path_that_times_itself_has_its_own_tolerance(counting, monkeypatch, factor, ok):
    """What a path keeps of its times differs from one count to the next, so more passes there."""
    now, file = counting
    monkeypatch.setattr(
        instructions,
        "count_instructions",
        lambda *_: [Count(path=path, now=one, allocations=2.0, within=0.04) for path, one in now.items()],
    )
    check_instructions(record=True, file=file)
    now["book: walk"] *= factor
    assert check_instructions(file=file).ok is ok


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
    other = Key(python="CPython 3.13.0, Clang", packages={}, **LINUX)
    monkeypatch.setattr(instructions, "_key", lambda _: other)
    outcome = check_instructions(file=file)
    assert outcome.ok is None
    assert "python is CPython 3.13.0, Clang, and CPython 3.11.0, GCC there" in outcome.said
    assert str(bench_folder / "instructions.json") in outcome.said
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
    other = Key(python="other", packages={}, **LINUX)
    monkeypatch.setattr(instructions, "_key", lambda _: other)
    check_instructions(record=True, file=file)
    now["book: walk"] = 7.0
    check_instructions(record=True, file=file)
    assert recorded_counts(file) == [(KEY, COUNTS), (other, {**COUNTS, "book: walk": 7.0})]


@pytest.mark.parametrize("text", ['{"counted": [{"key": 1}]}', "not json", '{"other": []}'])
def test_a_broken_file_is_an_error(tmp_path, text):
    """It names the file."""
    file = tmp_path / "instructions.json"
    file.write_text(text)
    with pytest.raises(MainspringError, match=r"instructions\.json doesn't hold recorded counts"):
        recorded_counts(file)


def test_a_suite_without_counted_paths_is_refused(counting):
    """Asked for one that has none, it names those that have."""
    with pytest.raises(MainspringError, match="the suite 'hooks' has no counted path; those that have: book"):
        check_instructions(["hooks"])


def test_recording_one_suite_keeps_the_others(counting, monkeypatch):
    """Counts of suites that weren't counted this time stay; a path that its suite no longer has goes."""
    now, file = counting
    monkeypatch.setattr(instructions, "_counted_suites", lambda names: list(names) or ["book", "risk"])
    check_instructions(record=True, file=file)
    now.clear()
    now["book: levels"] = 7.0
    check_instructions(["book"], record=True, file=file)
    assert recorded_counts(file) == [(KEY, {"book: levels": 7.0, "risk: gate": 500.0})]


def test_the_recorded_file_can_be_read():
    """The file in the repository holds counts of every suite that has counted paths."""
    entries = recorded_counts(RECORDED)
    assert entries
    for _, counts in entries:
        assert {path.split(": ")[0] for path in counts} >= {"book", "risk", "slippage", "lane", "wire", "path"}
        assert all(count > 0 for count in counts.values())


def test_a_dump_is_read(tmp_path):
    """A section's total, and its calls of the allocator, by name and by the number that stands for the name later."""
    dump = tmp_path / "counts.1"
    dump.write_text(
        "desc: Trigger: --dump-before=getppid\nfn=(1) work\n10 5\ncfn=(2) malloc\ncalls=3 0\n10 90\n"
        "cfn=(3) malloc_consolidate\ncalls=7 0\n10 1\ncfn=(2)\ncalls=4 0\n11 9\nsummary: 105\n"
    )
    assert instructions._dumped(dump) == (105, 7)
    dump.write_text("nothing\n")
    with pytest.raises(MainspringError, match=r"no total to counts\.1"):
        instructions._dumped(dump)


@pytest.mark.gate
@pytest.mark.weekly
def test_the_native_hot_path_hardly_allocates():
    """From bytes to a native book a message costs a few calls of an allocator, of which all but 0.4 are the set-up.

    Those are nodes for levels that are kept, and buffers of a message's levels. Python's decoder needs more than 60.
    """
    found = instructions._valgrind()
    if isinstance(found, str):
        pytest.skip(f"absent: {found}")
    if usable("decoder", "native") is None:
        pytest.skip("absent: mainspring-native")
    allocations = {one.path: one.allocations or 0.0 for one in instructions._count_suite(found[0], "wire")}
    assert 0 < allocations["wire: reference session: native decoder, ladder, blocks"] < 3
    assert allocations["wire: reference session: python decoder"] > 20


@pytest.mark.gate
@pytest.mark.weekly
def test_callgrind_counts_the_same_twice():
    """No stand-in: the risk gate's instructions are counted twice, to less than a thousandth of a difference."""
    found = instructions._valgrind()
    if isinstance(found, str):
        pytest.skip(f"absent: {found}")
    (once,), (again,) = (instructions._count_suite(found[0], "risk") for _ in range(2))
    assert once.path == again.path == "risk: gate-all-checks"
    assert once.now is not None
    assert 2_000 < once.now < 200_000
    assert again.now == pytest.approx(once.now, rel=1e-3)
    assert again.allocations == once.allocations
    assert once.allocations
