"""What is handed to a fresh process: the workload and the candidates, pickled into a file."""

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

Short ones are seldom disturbed on a busy host, and many of them say more than few long ones.
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
        """How many messages are a unit of work."""
        return max(plan.chunk.value for plan in self.race_plans().values())

    def race_plans(self) -> dict[str, Plan]:
        """The plan of each candidate as it is raced: it takes a unit of work at a time, unless chunks are raced."""
        plans = {one.name: one.fill(self.workload.plan) for one in self.candidates}
        if len({plan.chunk.value for plan in plans.values()}) > 1:
            return plans
        return {
            name: msgspec.structs.replace(plan, chunk=msgspec.structs.replace(plan.chunk, value=UNIT))
            for name, plan in plans.items()
        }

    @property
    def work(self) -> Work:
        """Where `hwprofile.tune` finds the race."""
        return Work(entry=_ENTRY, argument=str(self.file))


def write_subject(subject: Subject) -> None:
    """Writes it to its file, in a private folder of the tuner: unpickling runs what the file holds."""
    subject.file.write_bytes(pickle.dumps(subject))


def read_subject(argument: str) -> Subject:
    """What `write_subject` wrote, and nothing else: a pickle runs what it holds."""
    subject = pickle.loads(Path(argument).read_bytes())  # noqa: S301  our own, from our own parent
    assert isinstance(subject, Subject)
    return subject
