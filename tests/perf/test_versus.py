import json
import math
import sys
from random import Random
from typing import Any

import pytest

from mainspring.errors import MainspringError
from mainspring_perf import versus
from mainspring_perf.host import code, host_profile
from mainspring_perf.pairs import PAIRS, Round
from mainspring_perf.store import load_baseline
from mainspring_perf.versus import beside_each_other, from_saved, why_not_run_again


class Rounds:
    """Stands for the processes: each version has its own true times, and a seeded noise of each round's pairs."""

    def __init__(self, monkeypatch, then, now, *, noise=0.01, seed=1, works=("w", "w")):
        self.numbers: list[int] = []
        random = Random(seed)

        def run_round(versions, suite, number, *, names=(), only=(), allow=()):
            assert [one.reported for one in versions] == ["the baseline", "this code"]
            self.numbers.append(number)
            pairs = {}
            for name in then:
                if name in now and (not names or name in names):
                    slant = math.exp(random.gauss(0, noise))
                    pairs[name] = [(then[name], now[name] * slant)] * PAIRS
            return Round(inputs=(dict.fromkeys(then, works[0]), dict.fromkeys(now, works[1])), pairs=pairs)

        monkeypatch.setattr(versus, "run_round", run_round)
        monkeypatch.setattr(versus, "copy_code", lambda folder: None)


def test_a_slowdown_beyond_the_limit_fails(monkeypatch, baseline):
    """Eight percent slower, five allowed: it fails, after a second look."""
    rounds = Rounds(monkeypatch, {"walk": 1.0, "depth": 1.0}, {"walk": 1.08, "depth": 1.0})
    found = beside_each_other(baseline, ["book"], fail_over=0.05)
    walk, depth = found.differences
    assert found.failed
    assert (walk.verdict, walk.fails, depth.verdict, depth.fails) == ("slower", True, "no difference", False)
    assert walk.low < walk.ratio < walk.high
    assert walk.ratio == pytest.approx(1.08, abs=0.01)
    assert rounds.numbers == list(range(12 + 12)), "what looks slower is run again, in rounds of its own"


def test_both_are_run_from_copies(monkeypatch, baseline):
    """So both are found alike, and what is edited meanwhile isn't compared; this code's copy is gone afterwards."""
    seen: list[Any] = []

    def run_round(versions, suite, number, **chosen):
        seen.extend(one.folder for one in versions)
        assert all((one.folder / "mainspring_perf" / "round.py").is_file() for one in versions)
        return Round(inputs=({"walk": "w"}, {"walk": "w"}), pairs={"walk": [(1.0, 1.0)] * PAIRS})

    monkeypatch.setattr(versus, "run_round", run_round)
    beside_each_other(baseline, ["book"], effort="fast")
    assert set(seen[::2]) == {baseline.code_folder}
    assert len(set(seen[1::2])) == 1
    assert not seen[1].exists()


def test_without_scipy_the_remedy_is_named(monkeypatch, baseline):
    """SciPy is an extra: a comparison says which, before anything is timed."""
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(MainspringError, match=r"pip install 'mainspring\[tune\]'"):
        beside_each_other(baseline, ["book"])


def test_a_pass_that_was_disturbed_counts_for_nothing(monkeypatch, baseline):
    """In each round five passes of one side take twice as long, and the round's ratio is that of the others."""
    random = Random(3)

    def run_round(versions, suite, number, **chosen):
        pairs = [(1.0, math.exp(random.gauss(0, 0.01))) for _ in range(PAIRS)]
        pairs[:5] = [(1.0, 2.0)] * 5
        return Round(inputs=({"walk": "w"}, {"walk": "w"}), pairs={"walk": pairs})

    monkeypatch.setattr(versus, "run_round", run_round)
    found = beside_each_other(baseline, ["book"])
    assert found.differences[0].ratio == pytest.approx(1.0, abs=0.02)


def test_who_asks_for_more_rounds_has_them_confirmed_by_as_many(monkeypatch, baseline):
    """Rigorous: 24 rounds to suspect, and 24 of their own to confirm."""
    rounds = Rounds(monkeypatch, {"walk": 1.0}, {"walk": 1.08})
    assert beside_each_other(baseline, ["book"], effort="rigorous", fail_over=0.05).failed
    assert rounds.numbers == list(range(24 + 24))


def test_a_slowdown_within_the_limit_does_not_fail(monkeypatch, baseline):
    """Three percent slower, five allowed: told, and no failure."""
    Rounds(monkeypatch, {"walk": 1.0}, {"walk": 1.03})
    found = beside_each_other(baseline, ["book"], fail_over=0.05)
    assert found.differences[0].verdict == "slower"
    assert not found.failed


@pytest.mark.parametrize("comparisons", [12, pytest.param(60, marks=pytest.mark.gate)])
def test_noise_alone_never_fails(monkeypatch, baseline, comparisons):
    """Comparisons of the same code on a machine whose rounds scatter by 8%, forty benchmarks each: no alarm."""
    same = {f"benchmark {number}": 1.0 for number in range(40)}
    for seed in range(comparisons):
        Rounds(monkeypatch, same, same, noise=0.08, seed=seed)
        assert not beside_each_other(baseline, ["book"], fail_over=0.02).failed, f"seed {seed}"


def test_other_work_is_not_compared(monkeypatch, baseline):
    """A benchmark whose input has changed has no verdict, however much slower it is."""
    Rounds(monkeypatch, {"walk": 1.0}, {"walk": 2.0}, works=("twenty levels", "forty levels"))
    found = beside_each_other(baseline, ["book"], fail_over=0.05)
    assert found.differences[0].verdict == "other work"
    assert not found.failed


def test_what_only_one_side_has_is_named(monkeypatch, baseline):
    """New benchmarks and lost ones are told."""
    Rounds(monkeypatch, {"walk": 1.0, "old": 1.0}, {"walk": 1.0, "new": 1.0})
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


def rows(spread):
    return [{"suite": "book", "benchmark": "walk", "spread": spread}]


def test_what_was_saved_is_compared_by_a_t_test(baseline, make_benchmark):
    """Twenty percent slower and far beyond the spread: slower; and it fails where less was allowed."""
    now = {("book", "walk"): make_benchmark([1.2e-6, 1.21e-6, 1.19e-6])}
    found = from_saved(baseline, rows(0.01), now, why="the copy of its code is gone", fail_over=0.05)
    assert found.failed
    assert "Student's t-test" in found.how
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
    reported = json.loads((bench_folder / "baselines" / "main" / "pyperf.json").read_text())["metadata"]
    assert reported["mainspring_fingerprint"] == host_profile().fingerprint
    assert json.loads(reported["mainspring_host"])["schema"] == 1
    assert code().version
