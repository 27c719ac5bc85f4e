import json
import math
import sys
from random import Random

import pytest

from mainspring.errors import MainspringError
from mainspring_perf import versus
from mainspring_perf.host import code, host_profile
from mainspring_perf.store import load_baseline
from mainspring_perf.versus import beside_each_other, from_saved, why_not_run_again


class Sides:
    """Stands for the processes: each side has its own true times, and a seeded noise."""

    def __init__(self, monkeypatch, then, now, *, noise=0.01, seed=1, works=("w", "w")):
        self.rounds = []
        random = Random(seed)
        truth, sides = (then, now), self

        def run(side, suite, names):
            place = 0 if side._told == "the baseline" else 1
            sides.rounds.append(place)
            return {
                name: (works[place], seconds * math.exp(random.gauss(0, noise)))
                for name, seconds in truth[place].items()
                if not names or name in names
            }

        monkeypatch.setattr(versus._Side, "run", run)


@pytest.fixture
def baseline(bench_folder, make_benchmark, save):
    """One that can be run again here, with this interpreter."""
    about = {"saved": "2026-11-26T00:00:00+00:00", "python": sys.executable, "python_version": sys.version.split()[0]}
    save("main", {("book", "walk"): make_benchmark([1e-6, 1.01e-6, 0.99e-6])}, about=about)
    return load_baseline("main")


def test_a_slowdown_beyond_the_limit_fails(monkeypatch, baseline):
    """Eight percent slower, five allowed: it fails, with its interval around the truth, after a second look."""
    sides = Sides(monkeypatch, {"walk": 1.0, "depth": 1.0}, {"walk": 1.08, "depth": 1.0})
    found = beside_each_other(baseline, ["book"], fail_over=0.05)
    walk, depth = found.differences
    assert found.failed
    assert (walk.verdict, walk.fails, depth.verdict, depth.fails) == ("slower", True, "no difference", False)
    assert walk.low <= 1.08 <= walk.high
    assert len(sides.rounds) == 2 * (12 + 12), "what looks slower is run again"


def test_sides_take_turns(monkeypatch, baseline):
    """Each round has both sides, and begins with the one that ended the round before."""
    sides = Sides(monkeypatch, {"walk": 1.0}, {"walk": 1.0})
    beside_each_other(baseline, ["book"], effort="fast")
    assert sides.rounds[:6] == [1, 0, 0, 1, 1, 0]


def test_who_asks_for_more_rounds_has_them_confirmed_by_as_many(monkeypatch, baseline):
    """Rigorous: 24 rounds to suspect, and 24 of their own to confirm."""
    sides = Sides(monkeypatch, {"walk": 1.0}, {"walk": 1.08})
    assert beside_each_other(baseline, ["book"], effort="rigorous", fail_over=0.05).failed
    assert len(sides.rounds) == 2 * (24 + 24)


def test_a_slowdown_within_the_limit_does_not_fail(monkeypatch, baseline):
    """Three percent slower, five allowed: told, and no failure."""
    Sides(monkeypatch, {"walk": 1.0}, {"walk": 1.03})
    found = beside_each_other(baseline, ["book"], fail_over=0.05)
    assert found.differences[0].verdict == "slower"
    assert not found.failed


def test_noise_alone_never_fails(monkeypatch, baseline):
    """Sixty comparisons of the same code on a machine whose rounds scatter by 8%, forty benchmarks each: no alarm."""
    same = {f"benchmark {number}": 1.0 for number in range(40)}
    for seed in range(60):
        Sides(monkeypatch, same, same, noise=0.08, seed=seed)
        assert not beside_each_other(baseline, ["book"], fail_over=0.02).failed, f"seed {seed}"


def test_other_work_is_not_compared(monkeypatch, baseline):
    """A benchmark whose input has changed has no verdict, however much slower it is."""
    Sides(monkeypatch, {"walk": 1.0}, {"walk": 2.0}, works=("twenty levels", "forty levels"))
    found = beside_each_other(baseline, ["book"], fail_over=0.05)
    assert found.differences[0].verdict == "other work"
    assert not found.failed


def test_what_only_one_side_has_is_named(monkeypatch, baseline):
    """New benchmarks and lost ones are told."""
    Sides(monkeypatch, {"walk": 1.0, "old": 1.0}, {"walk": 1.0, "new": 1.0})
    found = beside_each_other(baseline, ["book"], fail_over=0.05)
    assert (found.only_now, found.only_then) == (("book: new",), ("book: old",))


def test_a_baseline_whose_interpreter_is_gone_cannot_be_run(bench_folder, make_benchmark, save):
    """The reason is told in words."""
    save("old", {("book", "walk"): make_benchmark([1e-6])})
    assert why_not_run_again(load_baseline("old")) == "its Python, /nowhere/python, is gone"


def test_a_baseline_of_another_python_cannot_be_run(bench_folder, make_benchmark, save):
    """An interpreter that was upgraded in its place isn't the one that was measured."""
    about = {"saved": "2026-11-26T00:00:00+00:00", "python": sys.executable, "python_version": "3.1.4"}
    save("old", {("book", "walk"): make_benchmark([1e-6])}, about=about)
    assert "and was 3.1.4" in (why_not_run_again(load_baseline("old")) or "")


def test_both_codes_really_run(baseline):
    """No stand-in: the copy and this code run in processes of their own, and a suite that isn't there is an error."""
    assert why_not_run_again(baseline) is None
    folder = baseline.code_folder
    side = versus._Side(sys.executable, folder, ["bound call"], [])
    round_ = side.run("hooks", [])
    assert list(round_) == ["bound call"]
    assert 0 < round_["bound call"][1] < 1e-3
    with pytest.raises(MainspringError, match="the baseline can't run the suite 'nothing'"):
        side.run("nothing", [])


def test_the_copy_is_what_runs(baseline):
    """A copy whose code is changed gives another round: it isn't the installed code that answers for it."""
    folder = baseline.code_folder
    harness = folder / "mainspring_perf" / "hooks.py"
    harness.write_text(harness.read_text().replace('"a method of one argument', '"another method of one argument'))
    then = versus._Side(sys.executable, folder, ["bound call"], []).run("hooks", [])
    now = versus._Side(sys.executable, None, ["bound call"], []).run("hooks", [])
    assert then["bound call"][0].startswith("another method")
    assert now["bound call"][0].startswith("a method")


def rows(spread):
    return [{"suite": "book", "benchmark": "walk", "spread": spread}]


def test_what_was_saved_is_compared_by_pyperfs_test(baseline, make_benchmark):
    """Twenty percent slower and far beyond the spread: slower; and it fails where less was allowed."""
    now = {("book", "walk"): make_benchmark([1.2e-6, 1.21e-6, 1.19e-6])}
    found = from_saved(baseline, rows(0.01), now, why="the copy of its code is gone", fail_over=0.05)
    assert found.failed
    assert "pyperf's t-test" in found.how
    assert "the copy of its code is gone" in found.how
    assert not from_saved(baseline, rows(0.01), now, why="", fail_over=0.5).failed


def test_a_difference_within_the_noise_never_fails(baseline, make_benchmark):
    """Significant by the test, and smaller than what the rounds scatter by: no difference."""
    now = {("book", "walk"): make_benchmark([1.2e-6, 1.21e-6, 1.19e-6])}
    found = from_saved(baseline, rows(0.3), now, why="", fail_over=0.05)
    assert found.differences[0].verdict == "no difference"
    assert not found.failed
    assert found.noise == 0.3


def test_the_host_is_in_the_file(baseline, bench_folder):
    """The profile and the fingerprint lie in pyperf's JSON, for whoever reads it without us."""
    told = json.loads((bench_folder / "baselines" / "main" / "pyperf.json").read_text())["metadata"]
    assert told["mainspring_fingerprint"] == host_profile().fingerprint
    assert json.loads(told["mainspring_host"])["schema"] == 1
    assert code().version
