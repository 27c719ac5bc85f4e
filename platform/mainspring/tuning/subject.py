"""Passes the workload and the candidates to fresh processes, pickled in a file."""

import pickle
from pathlib import Path
from typing import Final

import msgspec

from hwprofile.tune.values import Work
from mainspring.host.plan import Plan
from mainspring.tuning.candidates import Candidate
from mainspring.tuning.workload import Workload

__all__ = ["UNIT", "Subject", "read_subject", "write_subject"]

UNIT: Final = 128
"""So many messages are a unit of work, where it isn't chunks that are raced: then it is the largest of these.

Short units are seldom disturbed on a busy host, and many short ones are more informative than a few long ones.
"""

_ENTRY = "mainspring.tuning.lane_race:make"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The candidates of one race, the default first, and what they are raced over.

    `allow` are the distributions whose plugins may be loaded. `file` is where it was written, for other processes to
    read.
    """

    workload: Workload
    allow: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    file: Path

    def plan(self, name: str) -> Plan:
        """The workload's plan, with that candidate's choices in its slots."""
        (candidate,) = (one for one in self.candidates if one.name == name)
        return candidate.fill(self.workload.plan)

    @property
    def unit(self) -> int:
        """The number of messages in a unit of work."""
        return max(plan.chunk.value for plan in self.race_plans().values())

    def race_plans(self) -> dict[str, Plan]:
        """Returns each candidate's plan for the race: it takes a unit of work at a time, unless chunks are raced."""
        plans = {one.name: one.fill(self.workload.plan) for one in self.candidates}
        if len({plan.chunk.value for plan in plans.values()}) > 1:
            return plans
        return {
            name: msgspec.structs.replace(plan, chunk=msgspec.structs.replace(plan.chunk, value=UNIT))
            for name, plan in plans.items()
        }

    @property
    def work(self) -> Work:
        """Returns how `hwprofile.tune` finds the race."""
        return Work(entry=_ENTRY, argument=str(self.file))


def write_subject(subject: Subject) -> None:
    """Writes the subject to its file in the tuner's private folder, because unpickling can run code."""
    subject.file.write_bytes(pickle.dumps(subject))


def read_subject(argument: str) -> Subject:
    """Reads what `write_subject` wrote. Never pass another file: unpickling can run code."""
    subject = pickle.loads(Path(argument).read_bytes())  # noqa: S301  our own, from our own parent
    assert isinstance(subject, Subject)
    return subject
