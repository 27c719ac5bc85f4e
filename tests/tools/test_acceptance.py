"""The acceptance of the tuner: what counts as right, the table, its page, and a run that goes on where it ended."""

from pathlib import Path
from typing import Any

import pytest

from hwprofile.tune import CandidateResult, Health, RaceResult
from mainspring_tools import acceptance, acceptance_work
from mainspring_tools.acceptance import KINDS, Outcome, decided, main, right, table
from mainspring_tools.acceptance_work import Subject, work_of

IDENTICAL, GAIN, SLOWDOWN, ONE_PERCENT = KINDS


def outcome(kind: str, winner: str = "default", *, b: str = "tied", gain: float | None = 1.0, seed: int = 1) -> Outcome:
    return Outcome(
        kind=kind,
        seed=seed,
        winner=winner,
        because="",
        standings={"default": "default", "b": b},
        gains={"default": 1.0, "b": gain},
        grade="noisy",
        noise=0.01,
        rounds=100,
        processes=5,
        seconds=6.0,
        load=2.0,
    )


def test_what_is_right() -> None:
    """Nobody wins among identical ones, nor by 1%; the better one does; the slower one is called so and doesn't."""
    assert right(IDENTICAL, outcome("identical"))
    assert not right(IDENTICAL, outcome("identical", "b"))
    assert right(GAIN, outcome("gain", "b"))
    assert not right(GAIN, outcome("gain"))
    assert right(SLOWDOWN, outcome("slowdown", b="slower"))
    assert not right(SLOWDOWN, outcome("slowdown", b="left"))
    assert not right(SLOWDOWN, outcome("slowdown", "a", b="slower"))
    assert not right(ONE_PERCENT, outcome("one percent", "b"))


def test_a_race_without_figures_came_to_no_verdict() -> None:
    """Unfit hosts and short times leave no gain behind."""
    assert decided(outcome("identical"))
    assert not decided(outcome("identical", gain=None))


def test_the_table_counts_and_bounds() -> None:
    """99 of 100 identical races meet 99%, with the bounds of Clopper and Pearson; 8 of 10 gains miss 90%."""
    identical = [outcome("identical", "a" if seed == 0 else "default", seed=seed) for seed in range(100)]
    gains = [outcome("gain", "b" if seed < 8 else "default", seed=seed) for seed in range(10)]
    _, _, first, second = table([*identical, *gains])
    assert "| 100 | 100 | 99 | 1 | 94.6% to 100.0% | 100 noisy | 6.0 | 2.0 | 99%: met |" in first
    assert "| 10 | 10 | 8 | 0 | 44.4% to 97.5% | 10 noisy | 6.0 | 2.0 | 90%: MISSED |" in second


def test_the_race_has_what_was_injected(tmp_path: Path) -> None:
    """All candidates answer alike; rounds are scored in time; payloads begin again after the last one."""
    messages = acceptance._messages(tmp_path / "messages")
    race = acceptance_work.make(work_of(Subject(messages=str(messages), longer=GAIN.longer)).argument)
    assert race.names == ("default", "a", "b", "c")
    assert len({race.answer(name) for name in race.names}) == 1
    race.start(("default", "default again", "b"), unseen=False)
    for _ in range(3):
        race.advance(200)
        assert all(race.run(name).elapsed_ns > 0 for name in ("default", "default again", "b"))


def test_a_run_goes_on_where_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Races whose outcomes are in the file aren't held again, and the page gets the table between its marks."""
    held: list[Any] = []

    def race(work: object, **more: object) -> RaceResult:
        held.append(more["seed"])
        health = Health(grade="quiet", noise=0.0, steal=None, pressure=None, throttled=None, because="")
        candidates = (CandidateResult(name="default", standing="default", because="", gain=1.0),)
        return RaceResult(
            default="default",
            winner="default",
            because="nothing beat it",
            health=health,
            floor=0.02,
            seed=1,
            processes=5,
            rounds=100,
            dropped=0,
            seconds=1.0,
            candidates=candidates,
        )

    monkeypatch.setattr(acceptance, "race", race)
    monkeypatch.setattr(acceptance, "_messages", lambda file: file)
    file, page = tmp_path / "outcomes.jsonl", tmp_path / "page.md"
    page.write_text("before\n<!-- outcomes -->\nold\n<!-- end of outcomes -->\nafter\n", encoding="utf-8")
    asked = ["--identical", "2", "--injected", "0", "--load", "0", "--file", str(file)]
    assert main(asked) == 0
    assert held == [1, 2]
    assert main([*asked, "--identical", "3", "--write", str(page)]) == 0
    assert held == [1, 2, 3]
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- outcomes -->\nMeasured on ")
    assert "| four identical candidates: nobody wins | 3 | 0 | 3 | 0 |" in text
    assert "old" not in text
    assert text.endswith("<!-- end of outcomes -->\nafter\n")
    assert "four identical candidates" in capsys.readouterr().out
