"""The trials of the gates: what counts as right, the table, the slowed copy, and a short form of the recorded run."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from mainspring_tools import gate_trials
from mainspring_tools.gate_trials import Trial, main, right, slowed_interpreter, table

WALK = "book: bisect-list: a level, with its best prices"
ANSWER = """
from mainspring.testing import INSTRUMENT
from mainspring_plugins.books import bisect_list
book = bisect_list.BisectListBook(INSTRUMENT)
bids, asks = range(100, 160), range(160, 200)
book.apply_delta([(price, 1 + price % 7) for price in bids], [(price, price % 3) for price in asks])
print(bisect_list.__file__, book.bbo(), book.depth(1, 100), book.depth(-1, 100), sep="|")
"""


def trial(
    *,
    slowed: bool,
    alarm: bool,
    exit_code: int | None = None,
    change: float = 0.002,
    gate: Literal["instructions", "against"] = "against",
    compared: int = 1,
):
    return Trial(
        gate=gate,
        slowed=slowed,
        number=1,
        exit_code=int(alarm) if exit_code is None else exit_code,
        compared=compared,
        alarms=(WALK,) if alarm else (),
        changes={WALK: change},
        seconds=30.0,
        load=1.0,
    )


def test_what_is_right():
    """An alarm where something was slowed, none elsewhere, the exit code the same; nothing compared shows nothing."""
    assert right(trial(slowed=True, alarm=True))
    assert right(trial(slowed=False, alarm=False))
    assert not right(trial(slowed=True, alarm=False))
    assert not right(trial(slowed=False, alarm=True))
    assert not right(trial(slowed=True, alarm=True, exit_code=0))
    assert not right(trial(slowed=False, alarm=False, exit_code=1))
    assert not right(trial(slowed=False, alarm=False, compared=0))


def test_the_table_says_what_was_found_and_what_was_missed():
    """Twenty without an alarm are met, four of five slowed ones are not."""
    same = [trial(slowed=False, alarm=False, change=0.001 * number) for number in range(20)]
    slowed = [trial(slowed=True, alarm=number > 0, change=0.04 + 0.01 * number) for number in range(5)]
    _, _, first, second = table([*same, *slowed])
    assert "| nothing | 20 | 1 | +1.90% | 0 | 30 | 1.0 | no alarm: met |" in first
    assert "| 5 | 1 | +4.0% to +8.0% where slowed | 4 | 30 | 1.0 | an alarm each time: MISSED |" in second


def test_the_slowed_copy_gives_the_same_answers(tmp_path):
    """The interpreter that is made takes the book of the copy, whose answers are those of the one installed."""
    slowed = slowed_interpreter(tmp_path)
    answers = [
        subprocess.run([python, "-P", "-c", ANSWER], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
        for python in (sys.executable, slowed)
    ]
    (installed, *right_answer), (copied, *answer) = (one.split("|") for one in answers)
    assert answer == right_answer
    assert Path(copied).is_relative_to(tmp_path)
    assert gate_trials.SLOWED[2] in Path(copied).read_text(encoding="utf-8")
    assert gate_trials.SLOWED[2] not in Path(installed).read_text(encoding="utf-8")


def test_code_that_has_no_such_method_is_told(tmp_path, monkeypatch):
    """What can't be slowed isn't taken for slowed."""
    monkeypatch.setattr(gate_trials, "SLOWED", (gate_trials.SLOWED[0], "    def gone(", gate_trials.SLOWED[2]))
    with pytest.raises(ValueError, match=r"bisect_list\.py has 0 lines that begin with 'def gone\('"):
        slowed_interpreter(tmp_path)


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch, capsys):
    """What is in the file isn't run again, and a wrong trial makes the exit code 1."""
    ran = []

    def run(self, gate, number, *, slowed):
        ran.append((gate, number, slowed))
        return trial(slowed=slowed, alarm=slowed, gate=gate)

    monkeypatch.setattr(gate_trials._Bench, "trial", run)
    file, page = tmp_path / "trials.jsonl", tmp_path / "page.md"
    places = [
        f"<!-- trials of {gate} -->\nold\n<!-- end of trials of {gate} -->\n" for gate in ("instructions", "against")
    ]
    page.write_text(f"Before.\n{'Between.'.join(places)}After.\n", encoding="utf-8")
    assert main(["--same", "1", "--slowed", "0", "--gate", "against", "--file", str(file)]) == 0
    assert main(["--same", "1", "--slowed", "1", "--file", str(file), "--write", str(page)]) == 0
    assert ran == [("against", 1, False), ("instructions", 1, False), ("instructions", 1, True), ("against", 1, True)]
    written = page.read_text(encoding="utf-8")
    assert written.startswith("Before.\n<!-- trials of instructions -->\nMeasured on ")
    assert "Where nothing was done: every counted path; where" in written
    assert "Where nothing was done: the suites risk; where" in written
    assert written.endswith("met |\n<!-- end of trials of against -->\nAfter.\n")
    counted, timed = written.split("Between.")
    assert [counted.count("| `bench"), timed.count("| `bench")] == [2, 2]
    page.write_text(written.replace("Measured", "Was measured"), encoding="utf-8")
    again = ["--same", "1", "--slowed", "1", "--gate", "against", "--file", str(file), "--write", str(page)]
    assert main(again) == 0
    assert page.read_text(encoding="utf-8").count("Was measured") == 1, "the other gate's table stays"
    capsys.readouterr()
    monkeypatch.setattr(gate_trials._Bench, "trial", lambda *_, **__: trial(slowed=False, alarm=True))
    assert main(["--same", "2", "--slowed", "0", "--gate", "against", "--file", str(file)]) == 1
    assert f"WRONG against same 2: {WALK}" in capsys.readouterr().err


@pytest.mark.gate
@pytest.mark.weekly
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind isn't installed")
def test_the_gate_of_instructions_finds_a_slowdown_and_nothing_else(tmp_path, capsys):
    """The recorded run's short form: two runs of the same code, and one of code with a stage slower."""
    file = tmp_path / "trials.jsonl"
    wanted = ["--gate", "instructions", "--suite", "risk", "--same", "1", "--slowed", "1", "--file", str(file)]
    assert main(wanted) == 0, capsys.readouterr()
    reported = capsys.readouterr().err
    assert "right instructions same 1: no alarm" in reported
    assert (
        "right instructions slowed 1: book: bisect-list: a level, with the best prices after each delta\n" in reported
    )
