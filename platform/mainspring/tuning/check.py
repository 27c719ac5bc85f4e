"""Checks an existing profile: is the tuned lane still no slower than the default one?"""

from typing import Final

from mainspring.data.scratch import scratch_folder
from mainspring.host.config import Loaded
from mainspring.host.profiles.model import Paired
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.tuning.budget import Budget
from mainspring.tuning.candidates import Candidate
from mainspring.tuning.objective import objective_of
from mainspring.tuning.paired import DEFAULT, TUNED, check_paired
from mainspring.tuning.plans import first_feed
from mainspring.tuning.progress import Progress
from mainspring.tuning.subject import Subject, write_subject
from mainspring.tuning.workload import cut_workload, messages_for

__all__ = ["check"]

_RESERVE_S: Final = 0.5


def check(loaded: Loaded, registry: Registry, *, budget: Budget, seed: int, progress: Progress) -> Paired | None:
    """Compares the first feed's lane, as a session would build it now, with the lane of the defaults.

    Returns None if both are the same. Raises `ConfigError`, `DataError` or a `PluginError` if a lane can't run.
    """
    default, config, _ = first_feed(loaded, registry)
    tuned = make_session(loaded, registry).first
    candidate = Candidate(
        name=TUNED,
        choices=(tuned.decoder, tuned.codec, tuned.book),
        settings=(tuned.chunk, tuned.gc),
    )
    as_default = Candidate(
        name=DEFAULT,
        choices=(default.decoder, default.codec, default.book),
        settings=(default.chunk, default.gc),
    )
    if candidate.slots == as_default.slots:
        return None
    progress("reading the workload", 0.0)
    with scratch_folder("tune") as folder:
        cut, _ = cut_workload(default, registry, folder, messages_for(budget.seconds))
        subject = Subject(
            workload=cut,
            allow=config.plugins.loaded,
            candidates=(as_default, candidate),
            file=folder / "subject.pickle",
        )
        write_subject(subject)
        paired, _ = check_paired(
            subject,
            objective_of(config.tune),
            seed=seed,
            until_s=budget.seconds - _RESERVE_S,
            budget=budget,
            progress=progress,
        )
    return paired
