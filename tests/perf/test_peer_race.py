import io
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mainspring.cli.peers import render
from mainspring.errors import MainspringError
from mainspring_perf.peers import race as race_module
from mainspring_perf.peers.candidate import Candidate
from mainspring_perf.peers.peer import MAINSPRING, Peer, Unavailable
from mainspring_perf.peers.race import race
from mainspring_perf.peers.works import Made, Work

# A peer that speaks the protocol: its way says what it answers and how long it takes.
SPEAKER = """
import json, sys
_, _, way, _ = sys.argv[1:]
if way == "breaks":
    sys.exit("the speaker broke")
print("a word that a library prints", file=sys.stderr)
print(json.dumps({"answer": {"sum": 4 if way == "wrong" else 3}, "detail": way, "python": "3.x"}), flush=True)
for number, _ in enumerate(sys.stdin):
    if way == "stops" and number == 2:
        sys.exit("the speaker stopped")
    pass_ns = {"fast": 500.0, "even": 1000.0, "wavers": 1200.0 - 400.0 * (number % 2)}.get(way, 2000.0)
    print(json.dumps({"pass_ns": pass_ns + number % 2}), flush=True)
"""

# Its subject takes 50 ms to make, and a pass next to none.
SLOW_TO_MAKE = """
import time
from mainspring_perf.peers.contract import Prepared

made = []

def make():
    until_ns = time.perf_counter_ns() + 50_000_000
    while time.perf_counter_ns() < until_ns:
        pass
    made.append(1)
    return len(made)

def prepare(inputs):
    return Prepared(lambda number: number, lambda number: {"made": number}, make=make)

CANDIDATES = {"work": {"way": prepare}}
"""


def peer(name: str, *ways: str) -> Peer:
    return Peer(name=name, adapter="speaker", ways={"adding": ways})


PEERS = (
    peer(MAINSPRING, "even", "slow"),
    peer("rival", "fast", "slow", "even", "wavers", "wrong", "breaks", "stops"),
    Peer(name="absentee", adapter="speaker", ways={"adding": ("its way",)}),
)


ADDING = Made(operations=10, input="two numbers", right={"sum": 3})


@pytest.fixture
def raced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The outcome of a race of speakers."""
    script = tmp_path / "speaker.py"
    script.write_text(SPEAKER, encoding="utf-8")

    def command_of(peer: Peer, *, make: bool) -> tuple[list[str], dict[str, str]]:
        assert make
        if peer.name == "absentee":
            raise Unavailable("needs what isn't here")
        return [sys.executable, str(script), str(peer.adapter)], {"speaker": "1.0"}

    monkeypatch.setattr(race_module, "PEERS", PEERS)
    monkeypatch.setattr(
        race_module, "WORKS", (Work(name="adding", title="Adding", operation="sum", make=lambda *_: ADDING),)
    )
    monkeypatch.setattr(race_module, "command_of", command_of)
    (outcome,) = race(fast=True)
    return outcome


def rows(outcome: Any, name: str) -> dict[str, Any]:
    return {row.way: row for row in outcome.rows if row.peer == name}


def test_figures_are_told_against_the_fastest_of_ours(raced: Any) -> None:
    """A faster peer is called faster, a slower one slower, and one that is now the one and now the other even."""
    rival = rows(raced, "rival")
    assert [rival[way].verdict for way in ("fast", "slow", "even", "wavers")] == ["faster", "slower", "even", "even"]
    assert rival["wavers"].ratio > 1.2
    assert rival["fast"].ratio == pytest.approx(2.0, rel=0.01)
    assert rival["slow"].ratio == pytest.approx(0.5, rel=0.01)
    assert rows(raced, MAINSPRING)["even"].ratio == 1.0
    # 10 operations a pass, and the first round, which warms up, isn't counted.
    assert rival["fast"].one_ns == pytest.approx(50.1, abs=0.01)


def test_who_cant_be_run_is_a_row_with_the_reason(raced: Any) -> None:
    """A wrong answer, a failure before or after it, and an absent peer are named, and have no figures."""
    reasons = {row.way: row.reason for row in raced.rows if row.one_ns is None}
    assert reasons == {
        "wrong": "its answer is wrong, so it isn't timed: its sum are 4, not 3",
        "breaks": "its process ended with code 1: the speaker broke",
        "stops": "its process ended with code 1: the speaker stopped",
        "its way": "needs what isn't here",
    }


def test_the_fastest_stands_first_and_those_without_figures_last(raced: Any) -> None:
    """The rows are in the order of their times."""
    times = [row.one_ns for row in raced.rows]
    timed = [one for one in times if one is not None]
    assert times == sorted(timed) + [None] * 4


def test_works_are_chosen_by_their_names(raced: Any) -> None:
    """Only works with such a name are run, and a name that none has is an error that lists them."""
    assert [one.work for one in race(fast=True, only=["add"])] == ["adding"]
    with pytest.raises(MainspringError, match="no work of the peers has 'subtract' in its name; there are: adding"):
        race(fast=True, only=["subtract"])


def test_a_work_whose_input_is_absent_says_so(raced: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no rows, and the reason in place of its input; the next work is run."""

    def make(_inputs: object, _given: object) -> Made:
        raise Unavailable("needs a recording")

    adding = Work(name="adding", title="Adding", operation="sum", make=lambda *_: ADDING)
    absent = Work(name="reading", title="Reading", operation="word", make=make)
    monkeypatch.setattr(race_module, "WORKS", (absent, adding))
    first, second = race(fast=True)
    assert (first.work, first.rows, first.input) == ("reading", (), "not run: needs a recording")
    assert second.rows
    out = io.StringIO()
    render([first], Console(file=out, width=100))
    assert out.getvalue() == "Reading: not run: needs a recording\n\n"


def test_what_a_pass_runs_on_is_made_without_being_timed(tmp_path: Path) -> None:
    """A subject is made for each pass, and the time of its making isn't in the pass's."""
    adapters = tmp_path / "mainspring_perf" / "peers" / "adapters"
    adapters.mkdir(parents=True)
    peers = Path(race_module.__file__).parent
    for name in ("__init__.py", "child.py", "contract.py"):
        shutil.copy(peers / name, adapters.parent / name)
    (adapters / "__init__.py").touch()
    (adapters / "slow_to_make.py").write_text(SLOW_TO_MAKE, encoding="utf-8")
    command = [sys.executable, "-I", str(adapters.parent / "child.py"), "slow_to_make"]
    with Candidate(command, "work", "way", tmp_path) as candidate:
        assert candidate.first["answer"] == {"made": 1}
        assert candidate.time() < 1e6


def test_a_candidate_that_isnt_found_says_so(tmp_path: Path) -> None:
    """The child names what it couldn't import; its process is gone afterwards."""
    child = Path(race_module.__file__).with_name("child.py")
    with pytest.raises(Unavailable, match=r"^its process ended with code 1: ModuleNotFoundError: .*no_such_adapter"):
        Candidate([sys.executable, "-I", str(child), "no_such_adapter"], "book", "way", tmp_path)


def test_the_childs_own_modules_need_the_standard_library_only(tmp_path: Path) -> None:
    """Without any installed package, what an adapter imports of ours is found: it fails for what the adapter lacks."""
    child = Path(race_module.__file__).with_name("child.py")
    with pytest.raises(
        Unavailable, match=r"^its process ended with code 1: AttributeError: .* has no attribute 'CANDIDATES'"
    ):
        Candidate([sys.executable, "-I", "-S", str(child), "_loop"], "book", "way", tmp_path)
