"""Tunes a lane: races its slots one after the other, checks the whole lane, and creates the profile."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec

from hwprofile.profile import HostProfile
from hwprofile.tune.values import Objective, RaceResult, Work
from mainspring import __version__
from mainspring.data.scratch import scratch_folder
from mainspring.host.config import GC_MODES, Loaded
from mainspring.host.plan import Plan
from mainspring.host.profiles import best_two, host_key, workload
from mainspring.host.profiles.freshness import installed_candidates
from mainspring.host.profiles.model import Decision, Paired, Profile, Skipped
from mainspring.host.registry import Registry
from mainspring.tuning.budget import Budget
from mainspring.tuning.candidates import CHUNKS, Candidate, Field, pipelines, settings
from mainspring.tuning.decisions import decision_of, has_verdict, without_gain
from mainspring.tuning.needs import PAIRS, measure_costs
from mainspring.tuning.objective import describe_objective, objective_of
from mainspring.tuning.paired import DEFAULT, TUNED, check_paired
from mainspring.tuning.plans import first_feed
from mainspring.tuning.progress import Progress
from mainspring.tuning.subject import Subject, write_subject
from mainspring.tuning.uses import Uses, watch_uses
from mainspring.tuning.workload import Workload, cut_workload, messages_for

__all__ = ["RunRace", "Tuned", "tune"]

_PIPELINE: Final = "pipeline"
_PAIRED: Final = "paired check"
_SETTLED: Final = 512
# Reserved for the work after the last measurement.
_RESERVE_S = 1.5
_BUDGET_STEP_S = 30


class RunRace(Protocol):
    """`hwprofile.tune.race`, or its replacement in tests."""

    def __call__(
        self, work: Work, *, objective: Objective, seed: int, budget_s: float, progress: Progress | None = None
    ) -> RaceResult: ...


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a tune. `notes` are further notes for the user."""

    profile: Profile
    notes: tuple[str, ...] = ()


def tune(
    loaded: Loaded,
    registry: Registry,
    host: HostProfile,
    *,
    race: RunRace,
    budget: Budget,
    seed: int,
    progress: Progress,
    earlier: Profile | None = None,
) -> Tuned:
    """Races the candidates for the slots of the configuration's lane, and ends within the budget.

    `earlier` is a stale profile of this host and workload, or None: the best two of each of its races race again,
    together with plugins that are new since then. If there are several feeds, the first one's lane is tuned. Only a
    temporary folder is written, and removed at the end. Raises `ConfigError`, `DataError` or a `PluginError` if the
    configuration's own lane can't run.
    """
    plan, config, notes = first_feed(loaded, registry)
    key = workload(plan)
    progress("reading the workload", 0.0)
    with scratch_folder("tune") as folder:
        cut, messages = cut_workload(plan, registry, folder, messages_for(budget.seconds))
        if plan.router is not None and not cut.begin:
            notes = (*notes, f"no order was accepted in {cut.messages:,} messages: the races ran without any at rest")
        uses = watch_uses(plan, registry, messages[:_SETTLED])
        objective = objective_of(config.tune)
        races = _Races(
            registry=registry,
            allow=config.plugins.loaded,
            cut=cut,
            race=race,
            objective=objective,
            budget=budget,
            seed=seed,
            progress=progress,
            earlier=earlier,
        )
        races.run(uses, {"decoder": config.decoder.options, "book": config.book.options})
        paired, stages_ns = races.check()
    decisions = tuple(races.decisions)
    if paired is None and any(one.slots != one.default for one in decisions):
        notes = (*notes, "there was no time left for the paired check; `mainspring tune check` runs it")
    if paired is not None and paired.high < 1.0:
        decisions = tuple(without_gain(one, paired) for one in decisions)
        # These are the medians of a lane that won't be used.
        stages_ns = {}
    profile = Profile(
        mainspring=__version__,
        host=host_key(host),
        workload=key.digest,
        workload_description=key.description,
        workload_parts=key.parts,
        installed=installed_candidates(registry),
        objective=describe_objective(objective),
        tuned_at=datetime.now(UTC).isoformat(timespec="seconds"),
        budget_s=budget.seconds,
        seconds=round(budget.spent_s, 1),
        candidates=races.versions,
        decisions=decisions,
        skipped=tuple(races.skipped),
        paired=paired,
        stages_ns=stages_ns,
    )
    return Tuned(profile=profile, notes=notes)


class _Races:
    """The races of one tune, each over the lane that the earlier races decided on."""

    def __init__(
        self,
        *,
        registry: Registry,
        allow: tuple[str, ...],
        cut: Workload,
        race: RunRace,
        objective: Objective,
        budget: Budget,
        seed: int,
        progress: Progress,
        earlier: Profile | None,
    ) -> None:
        self.decisions: list[Decision] = []
        self.skipped: list[Skipped] = []
        self.versions: dict[str, str] = {}
        self._registry = registry
        self._allow = allow
        self._cut = cut
        self._race = race
        self._objective = objective
        self._budget = budget
        self._seed = seed
        self._progress = progress
        self._earlier = earlier
        self._plan = cut.plan
        self._winners: list[Candidate] = []
        self._late: dict[str, float] = {}
        self._wanted_s = 0
        self._weights: dict[str, float] = {}
        self._stages_ns: dict[str, float] = {}

    def run(self, uses: Uses, options: Mapping[str, Mapping[str, Any]]) -> None:
        """Runs every race that has more than one candidate."""
        makers: dict[str, Callable[[Plan], Field]] = {
            _PIPELINE: lambda plan: pipelines(plan, self._registry, uses, options),
            self._plan.chunk.slot: lambda plan: settings(plan.chunk, CHUNKS),
            self._plan.gc.slot: lambda plan: settings(plan.gc, GC_MODES),
        }
        self._weigh([self._kept(make(self._plan)) for make in makers.values()])
        for race, make in makers.items():
            if race not in self._late:
                self._hold(make(self._plan))
            self._weights.pop(race, None)
        for race, need_s in self._late.items():
            if not self._winners:
                # There will be nothing to check.
                self._weights.pop(_PAIRED, None)
            if need_s + sum(self._weights.values()) <= self._budget.left_s - _RESERVE_S:
                self._weights[race] = need_s
                self._hold(makers[race](self._plan))
                del self._weights[race]
            else:
                self._skip(
                    makers[race](self._plan),
                    f"there was no time left for it. It needs {need_s:.0f} s here, which "
                    f"`mainspring tune --budget {self._wanted_s}s` has",
                )

    def _weigh(self, fields: Sequence[Field]) -> None:
        """Distributes the budget by what each step needs on this host.

        If it isn't enough for all, the later races are postponed so that the first reaches a verdict; they run if
        budget remains after it and the check.
        """
        subject = self._subject(self._plan, (Candidate(name=DEFAULT),))
        costs, whole = measure_costs(subject, DEFAULT, self._budget)
        self._stages_ns = whole.stages_ns
        self._weights = {
            field.race: costs.race_s(field, self._subject(self._plan, field.candidates), sure=number == 0)
            for number, field in enumerate(field for field in fields if field.is_race)
        }
        self._weights[_PAIRED] = 2 * PAIRS * costs.whole_s(self._cut.messages)
        wanted_s = sum(self._weights.values()) + self._budget.spent_s + _RESERVE_S
        self._wanted_s = math.ceil(wanted_s / _BUDGET_STEP_S) * _BUDGET_STEP_S
        late = []
        for race in [field.race for field in fields if field.race in self._weights][:0:-1]:
            if sum(self._weights.values()) <= self._budget.left_s - _RESERVE_S:
                break
            late.append((race, self._weights.pop(race)))
        self._late = dict(reversed(late))

    def check(self) -> tuple[Paired | None, dict[str, float]]:
        """Runs the paired check if anything changed and time remains. Also returns the final lane's stage medians."""
        choices = tuple(one for winner in self._winners for one in winner.choices)
        values = tuple(one for winner in self._winners for one in winner.settings)
        tuned = Candidate(name=TUNED, choices=choices, settings=values)
        subject = self._subject(self._cut.plan, (Candidate(name=DEFAULT), tuned))
        if not self._winners:
            return None, self._stages_ns
        return check_paired(
            subject,
            self._objective,
            seed=self._seed,
            until_s=self._budget.seconds - _RESERVE_S,
            budget=self._budget,
            progress=self._progress,
        )

    def _hold(self, field: Field) -> None:
        """Runs one race over the lane as decided so far."""
        for one in field.candidates:
            self.versions.update(one.versions)
        field = self._kept(field)
        if not field.is_race:
            self._skip(field, field.because)
            return
        budget_s = self._budget.share(field.race, self._weights) - _RESERVE_S / len(self._weights)
        subject = self._subject(self._plan, field.candidates)
        found = self._race(
            subject.work,
            objective=self._objective,
            seed=self._seed,
            budget_s=budget_s,
            progress=lambda step, done: self._progress(f"{field.race}: {step}", done),
        )
        decision = decision_of(found, field)
        self.decisions.append(decision)
        if decision.slots != decision.default:
            (winner,) = (one for one in field.candidates if one.name == found.winner)
            self._winners.append(winner)
            self._plan = winner.fill(self._plan)

    def _skip(self, field: Field, because: str) -> None:
        slots = tuple(field.candidates[0].slots)
        self.skipped.append(Skipped(race=field.race, slots=slots, because=because))

    def _subject(self, plan: Plan, candidates: tuple[Candidate, ...]) -> Subject:
        subject = Subject(
            workload=msgspec.structs.replace(self._cut, plan=plan),
            allow=self._allow,
            candidates=candidates,
            file=self._cut.plan.source.captures[0].with_name("subject.pickle"),
        )
        write_subject(subject)
        return subject

    def _kept(self, field: Field) -> Field:
        """Returns the candidates to race: the best two of an earlier verdict and new ones, or all without a verdict."""
        earlier = self._earlier
        if earlier is None:
            return field
        for decision in earlier.decisions:
            if decision.race == field.race and has_verdict(decision):
                new = [one.name for one in field.candidates if not one.versions.keys() <= earlier.candidates.keys()]
                return field.only([*best_two(decision), *new])
        return field
