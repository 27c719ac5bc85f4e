"""The whole tune, with races of which the outcome is given: what is raced, in which order, and what is kept."""

import importlib
from functools import partial

import msgspec
import pytest

from hwprofile.probe import probe
from hwprofile.tune.values import CandidateResult, Health, RaceResult
from mainspring.host.config import load_config
from mainspring.host.profiles.model import Profile, Skipped
from mainspring.host.registry import OURS, Registry
from mainspring.tuning import tune as module
from mainspring.tuning.budget import Budget
from mainspring.tuning.needs import measure_costs
from mainspring.tuning.paired import check_paired
from mainspring.tuning.tune import tune
from mainspring.tuning.whole import WholeRun

BEST_BOOK = Registry.load(OURS).best("book").name
PYTHON = ("decoder.plugin=python", "codec.json=orjson")
HEALTH = Health(grade="quiet", noise=0.004, steal=0.0, pressure=0.0, throttled=0, because="nothing disturbs")


class Races:
    """Stands for `hwprofile.tune.race`: gates for real, times nothing, and lets those named win.

    Of its time it takes a part, on the clock that the fixture gives it.
    """

    def __init__(self, *winners, part=0.0):
        self.winners = winners
        self.part = part
        self.now = [0.0]
        self.held = []

    def __call__(self, work, *, objective, seed, budget_s, progress=None):
        entry, _, function = work.entry.partition(":")
        race = getattr(importlib.import_module(entry), function)(work.argument)
        default, *others = race.names
        candidates = [CandidateResult(name=default, standing="default", because="", gain=1.0)]
        winner = next((name for name in others if name in self.winners), default)
        for name in others:
            try:
                race.answer(name)
            except Exception as error:  # noqa: BLE001  as the race has it
                candidates.append(CandidateResult(name=name, standing="gated", because=str(error)))
                continue
            won = name == winner
            gain = 1.5 if won else 1.0
            candidates.append(
                CandidateResult(
                    name=name, standing="winner" if won else "tied", because="given", gain=gain, low=gain, high=gain
                )
            )
        plan = race._subject.workload.plan
        self.held.append((race.names, budget_s, objective, plan))
        progress("racing", 1.0)
        self.now[0] += self.part * budget_s
        because = f"{winner} won" if winner != default else "nothing beat the default"
        return RaceResult(
            default=default,
            winner=winner,
            because=because,
            health=HEALTH,
            floor=0.02,
            seed=seed,
            processes=5,
            rounds=100,
            dropped=0,
            seconds=1.0,
            candidates=tuple(candidates),
        )


@pytest.fixture
def tuned(monkeypatch):
    """Tunes the reference session; the whole lane takes so many nanoseconds as `whole` says of each name."""

    def run(*overrides, races, whole=None, allow=OURS, budget_s=60.0, earlier=None, progress=None, seconds=1.0):
        taken = {"default": 100, "tuned": 80} if whole is None else whole

        def run_whole(_subject, name, _within_s=0.0):
            now[0] += seconds
            return WholeRun(elapsed_ns=taken[name], tail_ns=10, grown_bytes=0, stages_ns={"book": taken[name] / 10})

        now = races.now
        monkeypatch.setattr(module, "messages_for", lambda _budget: 1_024)
        monkeypatch.setattr(module, "measure_costs", partial(measure_costs, run=run_whole))
        monkeypatch.setattr(module, "check_paired", partial(check_paired, run=run_whole))
        loaded = load_config(None, (*overrides, f"plugins.allow={list(allow)}"))
        return tune(
            loaded,
            Registry.load(allow),
            probe(),
            race=races,
            budget=Budget(budget_s, clock=lambda: now[0]),
            seed=7,
            progress=progress or (lambda step, done: None),
            earlier=earlier,
        )

    return run


def decided(profile):
    return {one.race: one.slots for one in profile.decisions}


def test_each_race_is_over_what_was_decided_before(tuned):
    """The pipeline's winner is in the lane in which chunk and collector are raced."""
    races = Races("sorted-dict", "2048")
    found = tuned(*PYTHON, races=races)
    assert [names[0] for names, *_ in races.held] == [BEST_BOOK, "512", "as-is"]
    last = races.held[-1][-1]
    assert (last.book.plugin, last.chunk.value) == ("sorted-dict", 2048)
    assert decided(found.profile) == {
        "pipeline": {"decoder": "python", "codec (json)": "orjson", "book": "sorted-dict"},
        "chunk": {"chunk": "2048"},
        "gc": {"gc": "as-is"},
    }
    assert found.profile.candidates["book sorted-dict"].startswith("mainspring ")
    assert found.profile.stages_ns == {"book": 8.0}
    assert msgspec.json.decode(msgspec.json.encode(found.profile), type=Profile) == found.profile


def test_what_is_pinned_is_not_raced(tuned):
    """A race with nothing to choose is left out and the reason told, and its time is the others'."""
    free, bound = Races(), Races()
    tuned(*PYTHON, races=free)
    found = tuned(*PYTHON, "session.chunk=64", "hardware.gc=off", races=bound)
    assert list(decided(found.profile)) == ["pipeline"]
    assert {one.race: one.because for one in found.profile.skipped}["chunk"] == "chunk is pinned by --set session.chunk"
    assert len(found.profile.skipped) == 2
    assert bound.held[0][1] > free.held[0][1]


def test_the_budget_is_shared_out(tuned):
    """Every race has a share, all of them together less than the budget, the one with most candidates the largest."""
    races = Races()
    tuned(races=races)
    shares = [share for _, share, *_ in races.held]
    # Nothing takes time on this clock, so that later shares are parts of the whole again.
    assert max(shares[0], *shares) < 60
    assert all(share > 5 for share in shares)
    assert races.held[0][1] > races.held[1][1]


def test_what_there_is_no_time_for_is_left_out(tuned):
    """Where processes take long, the later races wait for what the first and the check leave, and else are left out
    with the budget that would do."""
    busy, idle = Races("sorted-dict", part=1.0), Races("sorted-dict", part=0.6)
    found = tuned(*PYTHON, races=busy, seconds=2.0)
    assert [names[0] for names, *_ in busy.held] == [BEST_BOOK]
    assert [late.race for late in found.profile.skipped] == ["chunk", "gc"]
    because = "there was no time left for it. It needs 13 s here, which `mainspring tune --budget 120s` has"
    assert found.profile.skipped[0] == Skipped(race="chunk", slots=("chunk",), because=because)
    assert found.profile.paired is not None
    tuned(*PYTHON, races=idle, seconds=2.0)
    assert [names[0] for names, *_ in idle.held] == [BEST_BOOK, "512"]


def test_without_the_time_for_a_check_it_is_said(tuned):
    """Where even two pairs don't fit, what won is kept unchecked, and the reader is told."""
    found = tuned(*PYTHON, races=Races("sorted-dict", part=1.0), seconds=15.0)
    assert found.profile.paired is None
    assert "no time left for the paired check" in found.notes[-1]


def test_a_slower_tuned_lane_is_not_kept(tuned):
    """Where the paired check finds the tuned lane slower, every decision falls back to its default, and says so."""
    found = tuned(*PYTHON, races=Races("sorted-dict", "2048"), whole={"default": 100, "tuned": 103})
    assert found.profile.paired.high < 1
    assert all(one.slots == one.default for one in found.profile.decisions)
    (pipeline, *_) = found.profile.decisions
    assert pipeline.because.startswith("the default is kept: in the paired check of the whole lane")
    assert {one.standing for one in pipeline.candidates} <= {"default", "tied", "unconfirmed"}
    assert found.profile.stages_ns == {}


def test_nothing_changed_is_nothing_to_check(tuned):
    """With every default kept there is no paired check, and the default lane's medians are kept for the drift watch."""
    found = tuned(*PYTHON, races=Races())
    assert found.profile.paired is None
    # The session of these tests is too short for its strategies to trade, which is said.
    assert found.notes == ("no order was accepted in 1,024 messages: the races ran without any at rest",)
    assert found.profile.stages_ns == {"book": 10.0}


def test_a_wrong_strangers_book_is_in_the_profile_with_its_reason(tuned, strange_book):
    """A stranger's book takes part by being installed; a wrong one is gated, and the profile keeps the reason."""
    strange_book("    def apply_delta(self, bids, asks):\n        super().apply_delta(bids[:1], asks)")
    found = tuned(*PYTHON, races=Races("strange"), allow=(*OURS, "acme-books"))
    candidates = {one.name: one for one in found.profile.decisions[0].candidates}
    assert candidates["strange"].standing == "gated"
    assert "where the default has" in candidates["strange"].because
    assert found.profile.candidates["book strange"] == "acme-books 2.3"


def test_a_stale_profile_has_the_best_two_race(tuned):
    """Of each race that was held before only the best two race again, with whoever wasn't there at the time."""
    earlier = tuned(*PYTHON, races=Races("sorted-dict")).profile
    races = Races()
    tuned(*PYTHON, races=races, earlier=earlier)
    names = {held[0][0]: held[0] for held in races.held}
    assert len(names[BEST_BOOK]) == 2
    assert "sorted-dict" in names[BEST_BOOK]
    candidates = {name: one for name, one in earlier.candidates.items() if name != "book btree"}
    assert candidates != earlier.candidates
    races = Races()
    tuned(*PYTHON, races=races, earlier=msgspec.structs.replace(earlier, candidates=candidates))
    names = {held[0][0]: held[0] for held in races.held}
    assert set(names[BEST_BOOK]) == {BEST_BOOK, "sorted-dict", "btree"}


def test_a_race_without_a_verdict_is_held_again(tuned):
    """Where the earlier race told nothing of its candidates, all of them race again."""
    earlier = tuned(*PYTHON, races=Races()).profile
    unfit = [msgspec.structs.replace(one, grade="unfit") for one in earlier.decisions]
    races = Races()
    tuned(*PYTHON, races=races, earlier=msgspec.structs.replace(earlier, decisions=tuple(unfit)))
    assert races.held[-1][0] == ("as-is", "freeze", "rare", "off")


def test_the_objective_is_the_configs(tuned):
    """[tune] objective reaches the races, and the profile in words."""
    races = Races()
    found = tuned(*PYTHON, "tune.objective={throughput=0.7, p99=0.3}", races=races)
    assert (races.held[0][2].throughput, races.held[0][2].tail) == (0.7, 0.3)
    assert found.profile.objective == "70% throughput, 30% p99"


def test_progress_names_the_race(tuned):
    """What is being raced is told, step by step."""
    reported = []
    tuned(*PYTHON, races=Races("sorted-dict"), progress=lambda step, done: reported.append((step, done)))
    assert ("pipeline: racing", 1.0) in reported
    assert reported[0][0] == "reading the workload"
    assert reported[-1][0] == "paired check"
