"""Two versions in turn: the order of the passes, and real processes that run them."""

import os
import sys

import pytest

from hwprofile.tune.answering import AnsweringProcess
from mainspring.errors import MainspringError
from mainspring_perf.pairs import PAIRS, Version, pairs_of, run_round, take_turns
from mainspring_perf.versus import why_not_run_again


@pytest.fixture
def then(baseline):
    """The baseline's copy of this code."""
    assert why_not_run_again(baseline) is None
    return Version(reported="the baseline", python=baseline.python, folder=baseline.code_folder)


@pytest.fixture
def now(tmp_path, link_code):
    """Another copy of it."""
    link_code(tmp_path / "now")
    return Version(reported="this code", python=sys.executable, folder=tmp_path / "now")


@pytest.mark.parametrize("now_first", [True, False])
def test_the_sides_take_turns(now_first):
    """Every pass is a side's next one; a pair begins with the side that ended the one before it."""
    asked: list[str] = []

    def ask(side):
        asked.append(side)
        return float(asked.count(side))

    found = take_turns(
        lambda: ask("then"),
        lambda: 100.0 * ask("now"),
        count=PAIRS,
        now_first=now_first,
    )
    there, back = ["now", "then"], ["then", "now"]
    expected = [there, back] if now_first else [back, there]
    assert [asked[at : at + 2] for at in range(0, 2 * PAIRS, 2)] == (expected * PAIRS)[:PAIRS]
    assert found == [(number, 100.0 * number) for number in range(1, PAIRS + 1)]


def test_long_passes_are_fewer():
    """As many as take a second and a half on each side, five at least."""
    assert [pairs_of(pass_s) for pass_s in (0.005, 0.1, 0.15, 0.2, 0.5, 20.0)] == [PAIRS, PAIRS, 10, 7, 5, 5]


def test_both_codes_really_run(then, now):
    """No stand-in: the copy and this code run in processes of their own."""
    found = run_round((then, now), "hooks", 0, only=["bound call"])
    assert list(found.pairs) == ["bound call"]
    assert found.inputs[0] == found.inputs[1]
    assert len(found.pairs["bound call"]) == PAIRS
    assert all(0 < seconds < 1e-3 for pair in found.pairs["bound call"] for seconds in pair)


def test_only_the_named_benchmarks_run(then, now):
    """A whole name, and not what else has it inside."""
    name = "hook call, 1 plugin"
    found = run_round((then, now), "hooks", 1, names=[name], only=["nothing has this in its name"])
    assert [list(one) for one in found.inputs] == [[name]] * 2


def test_a_suite_that_is_not_there_is_told(then, now):
    """By the side that hasn't got it, with its last words."""
    with pytest.raises(
        MainspringError, match=r"the baseline can't run the suite 'nothing': its process ended with code 1: .*nothing"
    ):
        run_round((then, now), "nothing", 0)


def change(version, before, after, file="hooks.py"):
    """Changes the copy's code."""
    path = version.folder / "mainspring_perf" / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.unlink()
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_the_copy_is_what_runs(then, now):
    """A copy whose code is changed gives another round: it isn't the installed code or the other copy."""
    change(then, '"a method of one argument', '"another method of one argument')
    found = run_round((then, now), "hooks", 0, only=["bound call"])
    assert found.inputs[0]["bound call"].startswith("another method")
    assert found.inputs[1]["bound call"].startswith("a method")


def test_what_one_version_has_not_is_not_timed(then, now):
    """It stands among the inputs of the one that has it."""
    change(then, '"bound call"', '"a call of old"')
    found = run_round((then, now), "hooks", 0, only=["bound call", "a call of old"])
    assert "bound call" in found.inputs[1]
    assert "a call of old" in found.inputs[0]
    assert set(found.pairs) == set(found.inputs[0]) & set(found.inputs[1])


def test_a_version_that_times_otherwise_asks_for_a_new_baseline(then, now):
    """Passes that aren't timed alike aren't compared."""
    change(then, "PROTOCOL = 2", "PROTOCOL = 1", "round.py")
    with pytest.raises(MainspringError, match="save the baseline again"):
        run_round((then, now), "hooks", 0, only=["bound call"])


def test_what_a_benchmark_prints_is_no_answer(then, now):
    """Words on the standard output don't come between the answers."""
    path = then.folder / "mainspring_perf" / "hooks.py"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    path.write_text(text + '\nprint("hello")\n', encoding="utf-8")
    assert run_round((then, now), "hooks", 0, only=["bound call"]).pairs["bound call"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity masks")
def test_both_sides_of_a_round_share_a_cpu_and_a_seed(monkeypatch, then, now):
    """Each usable CPU in turn, and both processes on it; in both, Python hashes strings alike."""
    moved, started = [], []
    real = AnsweringProcess.__init__

    def start(self, command, *, environ):
        started.append(environ["PYTHONHASHSEED"])
        real(self, command, environ=environ)

    monkeypatch.setattr(AnsweringProcess, "__init__", start)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5, 9})
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cpus: moved.append((pid, cpus)))
    for number in range(4, 7):
        run_round((then, now), "hooks", number, only=["bound call"])
    assert [cpus for _, cpus in moved] == [{5}, {5}, {9}, {9}, {5}, {5}]
    assert len({pid for pid, _ in moved}) == 6
    assert started == ["4", "4", "5", "5", "6", "6"]


def test_plugins_of_the_users_own_path_are_there_too(then, now, monkeypatch, tmp_path):
    """What lies on PYTHONPATH comes after the copy of the code, not instead of it."""
    (tmp_path / "of_mine.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    change(then, "from mainspring_perf", "import of_mine  # noqa: F401\nfrom mainspring_perf", "round.py")
    assert run_round((then, now), "hooks", 0, only=["bound call"]).pairs
