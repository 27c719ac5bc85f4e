"""Races trading lanes: each candidate is a whole lane, timed at its real work."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property

from hwprofile.actions import Scope
from hwprofile.tune.signs import RunDelay
from hwprofile.tune.values import Score
from mainspring.data import read_capture
from mainspring.host.applying import apply_gc
from mainspring.host.plan import Plan
from mainspring.host.registry import Registry
from mainspring.seams import RawMessage
from mainspring.tuning.answer import Answer, answer_of
from mainspring.tuning.edges import edge_messages
from mainspring.tuning.lanes import RacedLane, ReadAhead, tail_ns
from mainspring.tuning.subject import Subject, read_subject
from mainspring.tuning.whole import run_whole

__all__ = ["LaneRace", "make"]

_AGAIN = " again"


def make(argument: str) -> "LaneRace":
    """Creates the race of a `mainspring.tuning.subject` in a fresh process."""
    subject = read_subject(argument)
    return LaneRace(subject, Registry.load(subject.allow))


class LaneRace:
    """A `hwprofile.tune.Race`. A payload is the next messages of the workload, the same for every lane.

    A lane keeps its markets, orders and account from payload to payload, as in a session. After the last payload of
    their part, all lanes are created again and run up to the part's beginning, which isn't timed.
    """

    def __init__(self, subject: Subject, registry: Registry) -> None:
        self._subject = subject
        self._registry = registry
        self._ahead = ReadAhead()
        self._plans = subject.race_plans()
        self._delay = RunDelay()
        self._names: tuple[str, ...] = ()
        self._lanes: dict[str, RacedLane] = {}
        self._first, self._last = subject.workload.begin, subject.workload.seen
        self._begin = self._end = self._first
        self._reference: Answer | None = None
        # Where they are all the same, who holds the race has its own way to keep the collector out of the figures.
        self._gc_races = len({plan.gc.value for plan in self._plans.values()}) > 1

    @property
    def names(self) -> tuple[str, ...]:
        """See `hwprofile.tune.Race`."""
        return tuple(self._plans)

    def answer(self, name: str) -> str:
        """See `hwprofile.tune.Race`. Raises `AnswersOtherwise` for what differs from the default's answer."""
        if self._reference is None:
            self._reference = self._answer(self.names[0])
        answer = self._reference if name == self.names[0] else self._answer(name)
        answer.hold_against(self._reference)
        return answer.digest

    def start(self, names: tuple[str, ...], *, unseen: bool) -> None:
        """See `hwprofile.tune.Race`."""
        workload = self._subject.workload
        self._first, self._last = (workload.seen, workload.messages) if unseen else (workload.begin, workload.seen)
        self._begin = self._end = self._first
        self._lanes.clear()
        self._names = names
        self._prepare()

    def advance(self, blocks: int) -> None:
        """See `hwprofile.tune.Race`."""
        size = min(blocks * self._subject.unit, self._last - self._first)
        self._begin = self._end
        if self._begin + size > self._last:
            self._lanes.clear()
            self._begin = self._first
        self._end = self._begin + size
        self._prepare()

    def run(self, name: str) -> Score:
        """See `hwprofile.tune.Race`."""
        lane = self._lanes[name]
        before, done = lane.counts, lane.messages
        with _collected(self._plans[_plain(name)]) if self._gc_races else nullcontext():
            waited_ns = self._delay()
            elapsed_ns = lane.run_to(self._end)
            waited_ns = self._delay() - waited_ns
        # A lane that reads messages in blocks of its own may have run slightly more or fewer than the others.
        part = (self._end - self._begin) / max(lane.messages - done, 1)
        return Score(
            elapsed_ns=int(elapsed_ns * part), tail_ns=tail_ns(before, lane.count()), waited_ns=int(waited_ns * part)
        )

    def memory(self, name: str) -> int | None:
        """See `hwprofile.tune.Race`: measures how much a fresh process grows over the workload."""
        return run_whole(self._subject, name).grown_bytes

    def _prepare(self) -> None:
        """Brings every lane to the beginning of the payload, so that only its work is timed."""
        for name in self._names:
            if name not in self._lanes:
                self._lanes[name] = RacedLane(self._plans[_plain(name)], self._registry, self._ahead)
            lane = self._lanes[name]
            if lane.messages < self._begin:
                lane.run_to(self._begin)
                lane.count()

    def _answer(self, name: str) -> Answer:
        messages, edges = self._questions
        return answer_of(self._plans[name], self._registry, messages, edges)

    @cached_property
    def _questions(self) -> tuple[list[RawMessage], list[tuple[str, RawMessage]]]:
        """Returns the workload's messages and edge cases."""
        plan = self._subject.workload.plan
        messages = [message for path in plan.source.captures for message in read_capture(path)]
        codec = self._registry.get("codec", plan.codec.plugin).factory()
        return messages, edge_messages(messages, codec, plan.source.encoding)


def _plain(name: str) -> str:
    return name.removesuffix(_AGAIN)


@contextmanager
def _collected(plan: Plan) -> Iterator[None]:
    """The garbage collector as the lane would have it in a process of its own.

    Who holds a race has it off between the runs, and frozen what lived before.
    """
    was_on = gc.isenabled()
    if not was_on:
        gc.unfreeze()
        gc.enable()
    try:
        with Scope() as scope:
            apply_gc(scope, plan.gc.value)
            yield
    finally:
        if not was_on:
            gc.freeze()
            gc.disable()
