"""Runs one lane in this process, chunk by chunk, and collects its results."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import msgspec
import psutil

from mainspring.errors import CaptureError, CodecError, MainspringError, PluginError, WireError
from mainspring.host.plan import LanePlan, Plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.orders import unwritable_log
from mainspring.plugin_calls import isolated
from mainspring.seams import RawMessage
from mainspring.session.drift import DriftWatch
from mainspring.session.order_logs import open_order_log
from mainspring.session.outcome import count_understood
from mainspring.session.pace import Pace
from mainspring.session.report import part_result
from mainspring.session.results import LaneResult, PartResult
from mainspring.session.source import Messages, OpenBlocks, open_messages
from mainspring.session.totals import SessionTotals

__all__ = ["LaneRun"]

_Open: TypeAlias = Callable[[Plan, Registry, OpenBlocks | None], Messages]


class LaneRun:
    """A wired lane. Parts of several feeds take turns, chunk by chunk; the one furthest behind in time is next.

    `stopped_early` says why the lane ends before its input does; set it between two steps. `logs` are the files for
    the order logs, by feed name. A message that can't be read raises `CaptureError` with its line, unless the plan
    says to skip such lines, which are then counted. Closing the run closes its files. `opens` stands for
    `mainspring.session.source.open_messages`. `stages` are the stages that each part is timed in.
    """

    def __init__(
        self, plan: LanePlan, registry: Registry, logs: Mapping[str, Path], opens: _Open = open_messages
    ) -> None:
        self.stopped_early: str | None = None
        self._name = plan.name
        self._open = ExitStack()
        with ExitStack() as undone_on_error:
            undone_on_error.callback(self._open.close)
            self._parts = [_Part(part, registry, logs.get(part.name), self._open, opens) for part in plan.parts]
            undone_on_error.pop_all()
        self._running = list(self._parts)
        self.stages = tuple(part.stages for part in self._parts)
        self._drift = DriftWatch(plan.name, plan.stages_ns, self.stages)
        self._process = psutil.Process()
        self._pace = Pace()
        self._started: float | None = None
        self._wall_seconds = 0.0
        self._peak_rss_bytes = 0

    @property
    def messages(self) -> int:
        """How many messages have been run."""
        return sum(part.totals.messages for part in self._parts)

    def fraction(self) -> float | None:
        """The fraction that has been run, from 0 to 1; None if the total isn't known."""
        fractions = [part.messages.fraction() for part in self._parts]
        known = [one for one in fractions if one is not None]
        return sum(known) / len(known) if len(known) == len(fractions) else None

    def step(self) -> bool:
        """Runs the next chunk. Returns False if nothing is left or the lane is to stop."""
        if self._started is None:
            self._started = time.perf_counter()
        while self._running and self.stopped_early is None:
            part = min(self._running, key=lambda part: part.totals.last_receive_ns)
            with isolated():
                more = part.step()
            if not more:
                self._running.remove(part)
                continue
            self._peak_rss_bytes = max(self._peak_rss_bytes, self._process.memory_info().rss)
            self._wall_seconds = time.perf_counter() - self._started
            last_ns = max(part.totals.last_receive_ns for part in self._parts)
            messages = self.messages
            self._pace.add(self._wall_seconds, messages, last_ns)
            self._drift.look(messages, last_ns)
            return True
        return False

    def finish(self) -> LaneResult:
        """Delivers what is still due and returns the results."""
        with isolated():
            for part in self._parts:
                part.finish()
            return self._result(None)

    def abandon(self, failure: str) -> LaneResult:
        """Returns the results up to the error that ended the lane, without calling strategies, models or the router."""
        with isolated():
            for part in self._parts:
                part.abandon()
            return self._result(failure)

    def _result(self, failure: str | None) -> LaneResult:
        return LaneResult(
            parts=[part.result(self._name) for part in self._parts],
            failure=failure,
            messages=self.messages,
            wall_seconds=self._wall_seconds,
            peak_rss_bytes=self._peak_rss_bytes,
            stopped_early=self.stopped_early,
            pace=self._pace.points(),
            drift=self._drift.found,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


class _Part:
    """One feed's part: its messages and the pipeline that they pass through."""

    def __init__(self, plan: Plan, registry: Registry, log: Path | None, opened: ExitStack, opens: _Open) -> None:
        self._plan = plan
        self._log_path = log
        self._log = None if log is None else opened.enter_context(open_order_log(log))
        self.totals = SessionTotals()
        self._lane = wire(plan, registry, order_log=self._log)
        self.stages = self._lane.stages
        self.messages = opens(plan, registry, self._lane.open_capture)
        opened.callback(self.messages.close)

    def step(self) -> bool:
        """Runs the next messages through the lane. Returns False if none are left."""
        lane, messages, totals = self._lane, self.messages, self.totals
        chunk = messages.take(self._plan.chunk.value)
        at = 0
        while at < len(chunk):
            try:
                lane.run(chunk, at)
            except (WireError, CodecError) as error:
                totals.count(chunk, at, lane.at + 1)
                if not self._plan.source.skip_bad:
                    raise CaptureError(
                        *messages.here(back=len(chunk) - 1 - lane.at), f"{error}. {self._remedy()}"
                    ) from error
                messages.skipped += 1
                at = lane.at + 1
            except MainspringError as error:
                if isinstance(error, PluginError):
                    error.add_note(_place(messages, totals.messages, chunk, at, lane.at))
                totals.count(chunk, at, lane.at + 1)
                raise
            else:
                totals.count(chunk, at, len(chunk))
                at = len(chunk)
        if len(chunk):
            lane.fold()
        return len(chunk) > 0

    def _remedy(self) -> str:
        """What to do about a message that can't be read: one of many, or one of nothing but such messages."""
        statistics = self._lane.feed.statistics()
        if count_understood(statistics.by_kind, statistics.by_cause):
            return "The lane stopped there; --skip-bad counts such messages and goes on."
        return (
            f"No message before it means anything to the feed {self._plan.feed.plugin!r} either: name the feed that "
            "this was recorded from with --feed, or leave --feed out to have it recognised."
        )

    def finish(self) -> None:
        try:
            self._lane.finish(self.totals.last_receive_ns)
        except PluginError as error:
            error.add_note(f"It happened after the last message, number {self.totals.messages:,}.")
            raise
        if self._log is not None:
            try:
                self._log.finish()
            except OSError as error:
                raise unwritable_log(self._log, error) from error

    def abandon(self) -> None:
        self._lane.abandon(self.totals.last_receive_ns)

    def result(self, name: str) -> PartResult:
        result = part_result(self._plan, self._lane, self.messages, self.totals, name=name)
        if self._log is None or not self._log.is_worth_keeping:
            return result
        return msgspec.structs.replace(result, log=msgspec.structs.replace(result.log, file=str(self._log_path)))


def _place(messages: Messages, before: int, chunk: Sequence[RawMessage], start: int, at: int) -> str:
    """Where a lane stopped: at message `at` of a chunk that was run from `start` on, after `before` others."""
    receive_time_ns, _ = chunk[at]
    path, line = messages.here(back=len(chunk) - 1 - at)
    where = f", line {line:,} of {path}" if line else ""
    return f"It happened at message {before + at - start + 1:,}{where}, received {_utc(receive_time_ns)}."


def _utc(time_ns: int) -> str:
    seconds, rest_ns = divmod(time_ns, 1_000_000_000)
    try:
        return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns:09d}Z"
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns since 1970"
