"""One trial in one process: what is taken off a score, and which rounds are run."""

import gc

import pytest

from hwprofile.tune.orders import Trial, TrialOrder
from hwprofile.tune.trial import RoundSigns, run_trial
from hwprofile.tune.values import Score


class Waits:
    """A race that tells how long others had the CPU while it was timed."""

    names: tuple[str, ...] = ("default", "other")

    def answer(self, name: str) -> str:
        return name

    def start(self, names: tuple[str, ...], *, unseen: bool) -> None:
        del names, unseen

    def advance(self, blocks: int) -> None:
        del blocks

    def run(self, name: str) -> Score:
        return Score(elapsed_ns=1_000_000, waited_ns=400_000 if name == "other" else 0)

    def memory(self, name: str) -> int | None:
        del name
        return None


def test_what_a_race_waited_is_taken_off_its_score() -> None:
    """The time in which others had the CPU, where the race tells it, is no part of a score."""
    order = TrialOrder(names=("default", "other"), default="default", seed=1, seconds=0.0, blocks=1, least=5)
    trial = run_trial(Waits(), order, signs=lambda: RoundSigns(0, 0))
    assert len(trial.rounds) == 2
    assert {tuple(score.elapsed_ns for score in one.scores) for one in trial.rounds} == {(1_000_000, 600_000)}


class Payloads(Waits):
    """A race whose blocks take 0.03 ms each, and which keeps what is asked of it."""

    names = ("default", "a", "b", "c")

    def __init__(self) -> None:
        self.blocks: list[int] = []
        self.turns: list[list[str]] = []

    def advance(self, blocks: int) -> None:
        self.blocks.append(blocks)
        self.turns.append([])

    def run(self, name: str) -> Score:
        self.turns[-1].append(name)
        return Score(elapsed_ns=30_000 * self.blocks[-1])


def rounds_of(race: Payloads, *, seed: int = 1, blocks: int = 4, **more: object) -> Trial:
    order = TrialOrder(names=race.names, default="default", seed=seed, seconds=0.0, blocks=blocks, least=23)
    return run_trial(race, order, **{"signs": lambda: RoundSigns(0, 0), **more})  # type: ignore[arg-type]


def test_a_payload_is_doubled_until_it_is_long_enough() -> None:
    """0.1 ms at least: of blocks of 0.03 ms it takes four, and every round has that many."""
    race = Payloads()
    assert rounds_of(race, blocks=0).blocks == 4
    assert race.blocks == [1, 1, 2, 2, *[4] * 25]


def test_each_round_has_everyone_in_an_order_of_its_own() -> None:
    """All run once in a round; orders differ from round to round, and the seed gives them."""
    one, same, other = Payloads(), Payloads(), Payloads()
    for race, seed in ((one, 1), (same, 1), (other, 2)):
        rounds_of(race, seed=seed)
    assert all(sorted(turn) == sorted(one.names) for turn in one.turns)
    assert len({tuple(turn) for turn in one.turns}) > 10
    assert one.turns == same.turns != other.turns


def test_warm_up_does_not_count() -> None:
    """Three rounds are run before those that come back."""
    race = Payloads()
    assert len(rounds_of(race).rounds) == len(race.turns) - 3


def test_a_move_and_a_throttle_disturb_a_round() -> None:
    """The CPU's number or the count of throttling changes within a round: it is dropped with its reason."""
    signs = iter([RoundSigns(0, 0)] * 6 + [RoundSigns(0, 0), RoundSigns(1, 0), RoundSigns(1, 0), RoundSigns(1, 1)])
    last = RoundSigns(1, 1)
    found = rounds_of(Payloads(), signs=lambda: next(signs, last))
    assert [one.dropped for one in found.rounds[:3]] == ["moved", "throttled", None]


def test_the_collector_rests_while_candidates_run() -> None:
    """It is off in the rounds, whatever it was before, and as before after them."""

    class Looks(Payloads):
        def run(self, name: str) -> Score:
            assert not gc.isenabled()
            return super().run(name)

    assert gc.isenabled()
    rounds_of(Looks())
    assert gc.isenabled()


def test_who_is_put_aside_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A count of switches that grows during a run marks the place of who ran, and no other."""
    counts = {"now": 0}

    class Interrupted(Payloads):
        def run(self, name: str) -> Score:
            counts["now"] += name == "b"
            return super().run(name)

    monkeypatch.setattr("hwprofile.tune.trial.put_aside", lambda: counts["now"])
    assert {one.put_aside for one in rounds_of(Interrupted()).rounds} == {(2,)}
