"""Runs a session's lanes for races, over messages that were read beforehand so that reading isn't timed."""

from collections.abc import Iterator, Sequence
from time import perf_counter_ns
from typing import Final, TypeAlias

import msgspec

from mainspring.errors import CodecError, WireError
from mainspring.host.plan import Plan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import alone
from mainspring.seams import RawMessage
from mainspring.session.driver import Driver
from mainspring.session.lane_run import LaneRun
from mainspring.session.source import MessageSource, OpenBlocks, open_messages
from mainspring.telemetry import Histogram

__all__ = ["NOTHING", "Counts", "RacedLane", "ReadAhead", "run_over", "tail_ns"]

_WHOLE = "whole_path"

Counts: TypeAlias = tuple[dict[int, int], int, int]
"""See `mainspring.telemetry.Histogram.counts`."""

NOTHING: Final[Counts] = ({}, 0, 0)


def run_over(driver: Driver, messages: Sequence[RawMessage]) -> list[tuple[int, str]]:
    """Runs messages and skips refused ones. Returns their indices, with each error's class and text."""
    lane = driver.lane
    refused = []
    at = 0
    while at < len(messages):
        try:
            driver.run(messages, at)
        except (WireError, CodecError) as error:
            refused.append((lane.at, f"{type(error).__name__}: {error}"))
            at = lane.at + 1
        else:
            break
    lane.fold()
    return refused


class ReadAhead:
    """The messages of a plan, all read beforehand, in the chunks in which its lane takes them.

    Lanes whose decoder reads captures itself get what it reads, each again; the others share lists.
    """

    def __init__(self) -> None:
        self._lists: dict[int, list[Sequence[RawMessage]]] = {}

    def open(self, plan: Plan, registry: Registry, open_blocks: OpenBlocks | None) -> MessageSource:
        """Replaces `mainspring.session.source.open_messages`."""
        count = plan.chunk.value
        if open_blocks is not None:
            return _Read(plan.source.name, _chunks(open_messages(plan, registry, open_blocks), count))
        if count not in self._lists:
            self._lists[count] = _chunks(open_messages(plan, registry), count)
        return _Read(plan.source.name, self._lists[count])


def _chunks(messages: MessageSource, count: int) -> list[Sequence[RawMessage]]:
    found = []
    try:
        while len(chunk := messages.take(count)):
            found.append(chunk)
    finally:
        messages.close()
    return found


class _Read(MessageSource):
    """Messages that were read in advance."""

    def __init__(self, name: str, chunks: Sequence[Sequence[RawMessage]]) -> None:
        super().__init__(name)
        self._chunks: Iterator[Sequence[RawMessage]] = iter(chunks)

    def take(self, count: int) -> Sequence[RawMessage]:
        """Returns the next chunk; its size may differ from `count`."""
        return next(self._chunks, ())


class RacedLane:
    """A candidate's lane and its position in the messages."""

    def __init__(self, plan: Plan, registry: Registry, ahead: ReadAhead) -> None:
        # A race isn't one of the user's sessions.
        (lane,) = alone(msgspec.structs.replace(plan, journal=None, journal_waits=False)).lanes
        self._run = LaneRun(lane, registry, {}, ahead.open)
        (self._stages,) = self._run.stages
        self.counts = NOTHING

    @property
    def messages(self) -> int:
        """The number of messages that have been run."""
        return self._run.messages

    def run_to(self, end: int) -> int:
        """Runs chunks until this number of messages has been run, or none are left. Returns the nanoseconds taken."""
        run = self._run
        started = perf_counter_ns()
        while run.messages < end and run.step():
            pass
        return perf_counter_ns() - started

    def medians_ns(self) -> dict[str, float]:
        """Returns each stage's median so far, in nanoseconds."""
        return {
            stage: float(histogram.percentile(50))
            for stage, histogram in self._stages.histograms().items()
            if histogram.count
        }

    def count(self) -> Counts:
        """Stores the times of all messages so far in `counts`, until the next call."""
        self.counts = self._stages.histograms()[_WHOLE].counts()
        return self.counts


def tail_ns(before: Counts, after: Counts) -> int | None:
    """Returns the 99th percentile of the times between two counts of `RacedLane`; None if there were none."""
    between = Histogram()
    had, total, _ = before
    counts, now, largest = after
    came = {bucket: hits - had.get(bucket, 0) for bucket, hits in counts.items() if hits != had.get(bucket, 0)}
    between.add(came, now - total, largest)
    return between.percentile(99) if between.count else None
