"""Real processes of a race: they are fresh, obey, tell of what goes wrong, and end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hwprofile.tune import RaceError, Work
from hwprofile.tune.errors import ProcessLostError
from hwprofile.tune.orders import TrialOrder
from hwprofile.tune.processes import Process, Processes

WITHIN_S = 60.0

RACE = """
import os
import sys

from hwprofile.tune import Score


class Race:
    names = ("default", "raises", "dies")

    def __init__(self, argument):
        self.argument = argument
        print("what is printed goes to people")

    def answer(self, name):
        if name == "raises":
            raise ValueError("no such thing here")
        if name == "sleeps":
            sys.stdin.buffer.read()
        if name == "dies":
            sys.stderr.write("something of its own\\nout of luck\\n")
            sys.stderr.flush()
            os._exit(3)
        return f"{self.argument} {os.getpid()}"

    def start(self, names, *, unseen):
        self.started = names

    def advance(self, blocks):
        pass

    def run(self, name):
        return Score(elapsed_ns=1_000_000 * (1 + self.started.index(name)))

    def memory(self, name):
        return 4096


def make(argument):
    if argument == "broken":
        raise OSError("the workload isn't there")
    return Race(argument)
"""


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A race in a module of its own, which fresh processes find on the path."""
    (tmp_path / "race_of_a_stranger.py").write_text(RACE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "race_of_a_stranger:make"


@pytest.fixture
def process(entry: str) -> Iterator[Process]:
    """A process with the race in it."""
    with Processes(Work(entry=entry, argument="argument")).process(WITHIN_S) as process:
        yield process


def test_a_process_has_the_race_and_its_argument(process: Process) -> None:
    """Names, answers and memory come from the race, whatever it prints."""
    assert process.names == ("default", "raises", "dies")
    assert process.answer("default", WITHIN_S).startswith("argument ")
    assert process.memory("default", WITHIN_S) == 4096


def test_each_process_is_a_fresh_one(process: Process, entry: str) -> None:
    """Two processes aren't the same."""
    with Processes(Work(entry=entry, argument="argument")).process(WITHIN_S) as other:
        assert other.answer("default", WITHIN_S) != process.answer("default", WITHIN_S)


def test_a_trial_comes_back(process: Process) -> None:
    """The rounds of a trial have a score for each of its names, in the order's order."""
    order = TrialOrder(names=("raises", "default"), default="default", seed=1, seconds=0.0, blocks=3, least=5)
    trial = process.trial(order, WITHIN_S)
    assert (trial.names, trial.blocks, len(trial.rounds)) == (("raises", "default"), 3, 2)
    assert all(one.scores[0].elapsed_ns < one.scores[1].elapsed_ns for one in trial.rounds)


def test_an_error_is_told_and_the_process_goes_on(process: Process) -> None:
    """What a candidate raises is its reason; the next question is answered."""
    with pytest.raises(RaceError, match="ValueError: no such thing here"):
        process.answer("raises", WITHIN_S)
    assert process.memory("default", WITHIN_S) == 4096


def test_a_lost_process_is_told_with_its_last_words(process: Process) -> None:
    """A candidate that ends its process is told of with the exit code and the last line of standard error."""
    with pytest.raises(ProcessLostError, match="its process ended with code 3: out of luck"):
        process.answer("dies", WITHIN_S)


def test_a_race_that_can_not_be_made_is_told(entry: str) -> None:
    """What the entry raises is the error of the race."""
    with pytest.raises(RaceError, match="OSError: the workload isn't there"):
        Processes(Work(entry=entry, argument="broken")).process(WITHIN_S)


def test_who_gives_no_answer_in_time_is_lost(process: Process) -> None:
    """No answer within the time is an error, and no waiting for ever."""
    with pytest.raises(ProcessLostError, match=r"it gave no answer within 0\.0 s"):
        process.answer("sleeps", 0.0)
