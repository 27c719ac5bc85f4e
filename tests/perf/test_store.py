import contextlib
import json
from random import Random

import pytest

from mainspring.errors import MainspringError
from mainspring_perf.host import Code, code, host_profile
from mainspring_perf.store import list_baselines, load_baseline, load_runs


def test_what_is_saved_is_loaded(bench_folder, make_benchmark, save):
    """Values, host, code and how to run it again come back; the file is pyperf's own."""
    import pyperf

    path = save("first", {("book", "walk"): make_benchmark([1e-6, 1.1e-6, 1.2e-6])})
    baseline = load_baseline("first")
    assert baseline.host == host_profile()
    assert baseline.code == Code(version="0.1.0", commit="a" * 40)
    assert baseline.python == "/nowhere/python"
    assert baseline.benchmarks["book", "walk"].get_values() == (1e-6, 1.1e-6, 1.2e-6)
    assert baseline.packages["msgspec"]
    assert pyperf.BenchmarkSuite.load(str(path)).get_benchmark_names() == ["book: walk"]
    assert list_baselines() == ["first"]


def test_the_copy_of_the_code_runs_by_itself(tmp_path, monkeypatch, make_benchmark, save):
    """The code beside a baseline is whole: its own packages, and what plugins are found by."""
    monkeypatch.setenv("MAINSPRING_BENCH", str(tmp_path))
    save("first", {("book", "walk"): make_benchmark([1e-6])})
    folder = load_baseline("first").code_folder
    assert folder is not None
    assert (folder / "mainspring_perf" / "round.py").is_file()
    points = list(folder.glob("mainspring-*.dist-info/entry_points.txt"))
    assert len(points) == 1
    assert "book-bisect-list" in points[0].read_text()


def test_every_saved_run_joins_the_series(bench_folder, make_benchmark, save, elsewhere):
    """In order, also under one name, and each host has its own."""
    save("a", {("book", "walk"): make_benchmark([1e-6])})
    save("a", {("book", "walk"): make_benchmark([2e-6])})
    save("b", {("book", "walk"): make_benchmark([3e-6])}, profile=elsewhere)
    runs = load_runs(host_profile().fingerprint)
    assert [round(run.one_ns["book"]["walk"]) for run in runs] == [1000, 2000]
    assert [run.name for run in load_runs(elsewhere.fingerprint)] == ["b"]
    assert load_runs("0" * 16) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x", "a b", "x" * 101])
def test_a_name_that_is_no_files_is_refused(bench_folder, make_benchmark, save, name):
    """Nothing is written outside the folder."""
    with pytest.raises(MainspringError, match="can't be the name of a baseline"):
        save(name, {("book", "walk"): make_benchmark([1e-6])})
    assert not bench_folder.exists()


def test_an_unknown_baseline_names_those_there_are(bench_folder, make_benchmark, save):
    """A misspelt name is an error with the names."""
    with pytest.raises(MainspringError, match="no baseline is named 'x'; there are: none yet"):
        load_baseline("x")
    save("main", {("book", "walk"): make_benchmark([1e-6])})
    with pytest.raises(MainspringError, match="there are: main"):
        load_baseline("x")


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"version": "1.0", "benchmarks": []}'])
def test_a_file_that_is_no_baseline_is_refused(bench_folder, tmp_path, text):
    """A file of something else, or a broken one, is an error that names it."""
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(MainspringError, match="isn't a baseline"):
        load_baseline(str(file))


def test_a_damaged_baseline_is_refused(bench_folder, tmp_path, make_benchmark, save):
    """Cut short anywhere, or with any part of it replaced, it isn't a baseline, or still is one: nothing else."""
    whole = save("a", {("book", "walk"): make_benchmark([1e-6])}).read_bytes()
    file = tmp_path / "cut.json"
    for end in range(0, len(whole) - 3, 97):
        file.write_bytes(whole[:end])
        with pytest.raises(MainspringError, match="isn't a baseline"):
            load_baseline(str(file))
    random = Random(7)
    for _ in range(60):
        value = random.choice([b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"\xff", b"[" * 100_000])
        at = random.randrange(len(whole))
        file.write_bytes(whole[:at] + value + whole[at + random.randrange(40) :])
        with contextlib.suppress(MainspringError):
            load_baseline(str(file))


@pytest.mark.parametrize("figure", [0.0, -1.0])
def test_a_series_of_impossible_figures_is_named(bench_folder, make_benchmark, save, figure):
    """A time of nothing or less in the history is an error that names the line, not one of arithmetic."""
    save("a", {("book", "walk"): make_benchmark([1e-6])})
    path = bench_folder / "history" / f"{host_profile().fingerprint}.jsonl"
    run = json.loads(path.read_text())
    run["one_ns"]["book"]["walk"] = figure
    path.write_text(json.dumps(run) + "\n")
    with pytest.raises(MainspringError, match=r"line 1 isn't a saved run"):
        load_runs(host_profile().fingerprint)


def test_a_pyperf_file_that_bench_did_not_save_is_refused(bench_folder, tmp_path, make_benchmark):
    """Pyperf's own files say nothing of the host."""
    import pyperf

    file = tmp_path / "own.json"
    pyperf.BenchmarkSuite([make_benchmark([1e-6])]).dump(str(file))
    with pytest.raises(MainspringError, match="isn't a baseline of `mainspring bench --save`"):
        load_baseline(str(file))


def test_a_broken_line_of_a_series_is_named(bench_folder, make_benchmark, save):
    """The error says which line to take out."""
    save("a", {("book", "walk"): make_benchmark([1e-6])})
    path = bench_folder / "history" / f"{host_profile().fingerprint}.jsonl"
    path.write_text(path.read_text() + json.dumps({"name": "a"}) + "\n")
    with pytest.raises(MainspringError, match=r"line 2 isn't a saved run"):
        load_runs(host_profile().fingerprint)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path, monkeypatch, make_benchmark, save):
    """A file in the place of the folder: the error names the variable that moves it."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MAINSPRING_BENCH", str(tmp_path / "file"))
    with pytest.raises(MainspringError, match=r"can't be written to .* MAINSPRING_BENCH names another folder"):
        save("a", {("book", "walk"): make_benchmark([1e-6])})


def test_the_code_is_told_by_its_commit_or_version():
    """In a checkout the commit is named; the words are short."""
    assert code().version
    assert str(Code(version="1", commit="b" * 40, changed=True)) == "1 at bbbbbbbbbb and changes"
    assert str(Code(version="1")) == "1"
