"""`tune`: races the plugins of a session on this host, and shows the profile that results."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import RenderableType
from rich.progress import BarColumn, Progress, TextColumn

from hwprofile.probe import probe
from hwprofile.tune import RaceError, race
from mainspring.cli.command import make_app
from mainspring.cli.default_command import RunByDefault
from mainspring.cli.entry import Stopped
from mainspring.cli.output import EXIT_CODES, FAILED, errors, print_json, results
from mainspring.cli.session import (
    CaptureOption,
    ConfigArgument,
    FeedOption,
    JsonOption,
    SetOption,
    SkipBadOption,
    load_session,
)
from mainspring.cli.tune_text import as_typed, render_paired, render_profiles, render_tuned, render_why
from mainspring.data import check_outputs
from mainspring.errors import ConfigError
from mainspring.host.config import Loaded
from mainspring.host.profiles import export_profile, host_key, import_profile, listing, load, save, workload
from mainspring.host.profiles.freshness import assess
from mainspring.host.profiles.hosts import differences
from mainspring.host.profiles.model import Decision, Found, Profile
from mainspring.host.profiles.store import check_writable
from mainspring.host.registry import Registry
from mainspring.tuning.budget import Budget, parse_budget
from mainspring.tuning.check import check as check_tuned
from mainspring.tuning.decisions import has_verdict
from mainspring.tuning.plans import first_feed
from mainspring.tuning.progress import Progress as Told
from mainspring.tuning.tune import tune

__all__ = ["tune_app"]

BudgetOption = Annotated[str, typer.Option(metavar="TIME", help="The total time, such as 60s or 2m.")]
SeedOption = Annotated[int, typer.Option(min=0, help="The seed for the random order of trials.")]


tune_app = make_app(
    cls=RunByDefault,
    name="tune",
    help="Race the installed plugins on this host. `mainspring tune [CONFIG]` runs the races: see `tune run --help`.",
    epilog=EXIT_CODES,
)


@tune_app.command("run")
def run(
    config: ConfigArgument = None,
    *,
    captures: CaptureOption = None,
    feed: FeedOption = None,
    overrides: SetOption = None,
    skip_bad: SkipBadOption = False,
    budget: BudgetOption = "60s",
    seed: SeedOption = 1,
    full: Annotated[
        bool, typer.Option("--full", help="Race every candidate, even if a stale profile names the best two.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Don't race; write this host's profile for identical machines."),
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", help="Don't race; import the profile of an identical machine."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Race the installed plugins over this session's messages, and keep the winners for later starts."""
    seconds = parse_budget(budget)
    if import_ is not None:
        if export is not None or config is not None:
            raise ConfigError("--import excludes other options: the profile itself says what it is for")
        profile = import_profile(import_, host_key(probe()))
        results().print(f"{import_} is this host's profile now, for {profile.workload_description}.", soft_wrap=True)
        return
    clock = Budget(seconds)
    loaded, registry = load_session(config, captures, feed, overrides, skip_bad=skip_bad)
    if export is not None:
        plan, _, _ = first_feed(loaded, registry)
        check_outputs({"--export": export}, [*plan.source.captures, *([] if config is None else [config])])
        profile = _asked_for(loaded, registry, latest=not (config or captures or feed or overrides))
        export_profile(profile, export)
        results().print(f"{export} holds the profile for {profile.workload_description}.", soft_wrap=True)
        return
    check_writable()
    found = _found(loaded, registry)
    earlier = found.profile if found.freshness == "stale" and not full else None
    try:
        with _progress(clock) as progress:
            tuned = tune(
                loaded, registry, probe(), race=race, budget=clock, seed=seed, progress=progress, earlier=earlier
            )
            # Keep what was found when the host was quieter.
            raced = tuned.profile.decisions
            idle = found.freshness in ("fresh", "stale") and raced and not any(map(has_verdict, raced))
            path = None if idle else save(tuned.profile)
    except (KeyboardInterrupt, Stopped) as error:
        raise Stopped.by(error, "nothing was kept, and an earlier profile still stands") from None
    except RaceError as error:
        raise ConfigError(f"can't race: {error}") from error
    if as_json:
        print_json({"file": path and str(path), **msgspec.to_builtins(tuned)})
    else:
        render_tuned(tuned, results())
    if path is None:
        errors().print("no race reached a verdict, so the previous profile stays", soft_wrap=True)
        raise typer.Exit(FAILED)


@tune_app.command("show")
def show(*, as_json: JsonOption = False) -> None:
    """List this host's tuning profiles, and whether they still hold."""
    kept = listing()
    here = host_key(probe())
    # With all plugins that may be loaded if no configuration says which.
    registry = Registry.load()
    assessed = [(one, None if one.profile is None else assess(one.profile, here, registry)) for one in kept]
    if as_json:
        print_json(
            [
                {"file": str(one.path), "refused": one.because or None, "found": msgspec.to_builtins(found)}
                for one, found in assessed
            ]
        )
    else:
        render_profiles(assessed, results())


@tune_app.command("why")
def why(
    slot: Annotated[str, typer.Argument(help="book, decoder, codec.json, codec.binary, chunk, gc.")],
    config: ConfigArgument = None,
    *,
    captures: CaptureOption = None,
    feed: FeedOption = None,
    overrides: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain the choice for a slot: the candidates, how each performed, and what decided.

    Without a configuration or capture, by the latest tune of this host.
    """
    loaded, registry = load_session(config, captures, feed, overrides)
    profile = _asked_for(loaded, registry, latest=not (config or captures or feed or overrides))
    name, decision = _decision(slot, profile)
    if as_json:
        print_json(msgspec.to_builtins(decision))
    else:
        render_why(name, decision, profile, results())


@tune_app.command("check")
def check(
    config: ConfigArgument = None,
    *,
    captures: CaptureOption = None,
    feed: FeedOption = None,
    overrides: SetOption = None,
    skip_bad: SkipBadOption = False,
    budget: BudgetOption = "30s",
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Compare the tuned lane with the default one, in fresh processes. Exit code 1 if it is slower."""
    clock = Budget(parse_budget(budget))
    loaded, registry = load_session(config, captures, feed, overrides, skip_bad=skip_bad)
    _profile(_found(loaded, registry))
    with _progress(clock) as progress:
        paired = check_tuned(loaded, registry, budget=clock, seed=seed, progress=progress)
    if as_json:
        print_json(msgspec.to_builtins(paired))
    else:
        render_paired(paired, results())
    if paired is not None and paired.high < 1.0:
        raise typer.Exit(FAILED)


def _found(loaded: Loaded, registry: Registry) -> Found:
    """Finds the profile of the configuration's lane."""
    plan, _, _ = first_feed(loaded, registry)
    return load(workload(plan), host_key(probe()), registry)


def _asked_for(loaded: Loaded, registry: Registry, *, latest: bool) -> Profile:
    """The profile of the configuration's own workload or, for `latest`, of what this host was tuned for last.

    Raises `ConfigError` if there is none.
    """
    here = host_key(probe())
    if latest:
        kept = [one.profile for one in listing() if one.profile and not differences(one.profile.host, here)]
        if kept:
            return max(kept, key=lambda profile: profile.tuned_at)
    found = _found(loaded, registry)
    if found.freshness == "nearest":
        raise ConfigError(f"there is no profile of this workload: {found.because}")
    return _profile(found)


def _profile(found: Found) -> Profile:
    """Returns the profile that is used. Raises `ConfigError` if there is none."""
    if found.profile is None:
        raise ConfigError(f"there is no profile: {found.because}")
    return found.profile


def _decision(slot: str, profile: Profile) -> tuple[str, Decision]:
    """The slot as the plan calls it, and the race that decided it. Raises `ConfigError` if none did, and says why."""
    wanted = _spoken(slot)
    for decision in profile.decisions:
        if wanted == decision.race and wanted not in decision.slots:
            return next(iter(decision.slots)), decision
        if wanted in decision.slots:
            return wanted, decision
    for skipped in profile.skipped:
        if wanted == skipped.race or wanted in skipped.slots:
            raise ConfigError(
                f"{slot} wasn't raced when this host was tuned for {profile.workload_description}: {skipped.because}"
            )
    raced = ", ".join(as_typed(name) for decision in profile.decisions for name in decision.slots)
    raise ConfigError(
        f"no race decided {slot!r}: there is no such slot, or the configuration pins it, or it had one candidate only. "
        f"Raced were: {raced or 'none'}"
    )


def _spoken(slot: str) -> str:
    """Converts "codec.json" to the plan's "codec (json)"."""
    return re.sub(r"^(?:codec[. ])?\(?(json|binary)\)?$", r"codec (\1)", slot)


@contextmanager
def _progress(budget: Budget) -> Iterator[Told]:
    """Shows a bar of the budget and the current race; yields the function to report to."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} s"))
    console = errors()
    with _Clock(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.budget = budget
        task = bar.add_task("starting", total=budget.seconds)

        def reported(step: str, done: float) -> None:  # noqa: ARG001  the bar is one of time
            bar.update(task, description=step)

        yield reported


class _Clock(Progress):
    """A bar that advances with the time, whether or not anything is reported."""

    budget: Budget | None = None

    def get_renderables(self) -> Iterable[RenderableType]:
        """Draws the bar as of now."""
        for task in self.tasks:
            if self.budget is not None:
                task.completed = min(self.budget.spent_s, self.budget.seconds)
        return super().get_renderables()
