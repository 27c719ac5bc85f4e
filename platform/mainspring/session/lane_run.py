"""Runs one lane in this process, chunk by chunk, and collects its results."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import msgspec
import psutil

from mainspring.errors import MainspringError, PluginError
from mainspring.host.plan import LanePlan, Plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.journal import StrategyStates
from mainspring.lane import Event, FeedHandler, Lane
from mainspring.orders import Sink, replay_session_part, unwritable_log
from mainspring.plugin_calls import describe_error, isolated
from mainspring.seams import ResyncRequest
from mainspring.session.control import ControlFolder
from mainspring.session.control_watch import ControlWatch
from mainspring.session.drift import DriftWatch
from mainspring.session.driver import Recorder
from mainspring.session.feed_delay import make_feed_delay
from mainspring.session.inputs import InputFile, RecordedInputs
from mainspring.session.journalling import Tee, ending_of, journal_lane
from mainspring.session.live.trading import LiveTrading
from mainspring.session.order_logs import open_order_log
from mainspring.session.outside_flags import outside_flags
from mainspring.session.pace import Pace
from mainspring.session.recorded import RecordedReplay
from mainspring.session.replay import Replay, ReplayFeed
from mainspring.session.report import difference_reports, log_report, part_results, stage_counts
from mainspring.session.results import LaneResult
from mainspring.session.script import Script, ScriptedReplay
from mainspring.session.session_part import new_session_part
from mainspring.session.source import MessageSource, OpenBlocks, open_messages
from mainspring.session.strategy_state import load_states, save_states, states_of
from mainspring.session.takeover import TakeOver, make_takeover
from mainspring.session.watching.publisher import Publisher

if TYPE_CHECKING:
    from mainspring.report import LiveReport

__all__ = ["LaneRun", "abandon"]

_SAVE_EVERY_NS: Final = 10_000_000_000
"""How often strategies' states are journalled, on the lane's clock."""

_Open: TypeAlias = Callable[[Plan, Registry, OpenBlocks | None], MessageSource]


class LaneRun:
    """A wired lane and the replay that drives it.

    `stopped_early` says why the lane ends before its input does; set it between two steps. `logs` are the files for
    the order logs, by lane; `record_inputs` is where everything that the lane is fed is recorded, or None. With
    `inputs` the lane is fed those instead. A message that can't be read raises `CaptureError` with its line, unless
    the plan says to skip such lines, which are then counted. Closing the run closes its files. `opens` stands for
    `mainspring.session.source.open_messages`. `stages` are those that the lane is timed in. `state` is the file that
    strategies load their states from, and save them in at the end, or None. `control` is the folder by which people
    reach the lane. `compare` gets the order log too, and `recorder` the events, if inputs aren't recorded in a file.
    `script` has the inputs of a journalled session to feed again. `takeover` is an earlier session to go on from: by
    default the last one of the journal, if the plan says that the lane recovers. `routers` are the lane's, and
    `trading` drives it if they send real orders. `connections` says how its connections performed, None if it has none.
    """

    def __init__(
        self,
        plan: LanePlan,
        registry: Registry,
        logs: Mapping[str, Path],
        opens: _Open = open_messages,
        *,
        record_inputs: Path | None = None,
        inputs: RecordedInputs | None = None,
        state: Path | None = None,
        control: ControlFolder | None = None,
        compare: Sink | None = None,
        recorder: Recorder | None = None,
        script: Script | None = None,
        takeover: TakeOver | None = None,
    ) -> None:
        self.stopped_early: str | None = None
        self.connections: Callable[[], LiveReport | None] = lambda: None
        self.plan = plan
        self._name = plan.name
        self._open = ExitStack()
        self._log_path = logs.get(plan.name)
        with ExitStack() as undone_on_error:
            undone_on_error.callback(self._open.close)
            opened = self._open
            self._log = None if self._log_path is None else opened.enter_context(open_order_log(self._log_path))
            if record_inputs is not None:
                recorder = opened.enter_context(InputFile(record_inputs))
            if takeover is None and compare is None and inputs is None and plan.parts[0].recovers:
                takeover = make_takeover(plan, registry)
            continues = None if takeover is None else takeover.session
            self._journal = None if inputs is not None else journal_lane(plan, registry, continues)
            if self._journal is not None:
                opened.callback(self._journal.close)
            self._publisher = None if control is None or inputs is not None else Publisher(control, plan)
            if self._publisher is not None:
                opened.callback(self._publisher.close)
            tap = None if self._publisher is None else self._publisher.tap
            sinks = [one for one in (self._log, self._journal, compare, tap) if one is not None]
            sink = Tee(sinks) if len(sinks) > 1 else sinks[0] if sinks else None
            live = plan.parts[0].mode == "live" and inputs is None and script is None
            wired = wire(plan, registry, order_log=sink, queried=live or takeover is not None)
            self._lane = wired.lane
            feeds = []
            for index, (part, handler) in enumerate(zip(plan.parts, wired.lane.feeds, strict=True)):
                source = (
                    MessageSource(f"inputs recorded in {inputs.path}")
                    if inputs is not None
                    # Blocks are of any size, and a script needs its positions, as does a session that takes over.
                    else opens(part, registry, handler.open_capture if script is None and takeover is None else None)
                )
                opened.callback(source.close)
                if inputs is None and part.source.connect is None:
                    source.delay = make_feed_delay(part, registry, plan.parts[0].seed)
                feeds.append(ReplayFeed(part, index, handler, source))
            self.routers = wired.routers
            self.trading = (
                LiveTrading(wired, feeds, new_session_part(), recorder, self._journal, takeover) if live else None
            )
            self._replay: Replay | RecordedReplay = self.trading or (
                RecordedReplay(wired, feeds, inputs.events())
                if inputs is not None
                else (ScriptedReplay if script is not None and script.whole else Replay)(
                    wired, feeds, replay_session_part(plan.parts[0].seed), recorder, self._journal, script, takeover
                )
            )
            self._control: ControlWatch | None = None
            if control is not None and inputs is None:
                dead_man_s = None if plan.control is None else plan.control.dead_man_s
                self._control = ControlWatch(
                    control,
                    plan.name,
                    self._replay,
                    dead_man_s=dead_man_s,
                    connections=lambda: self.connections(),
                    flags=plan.parts[0].flags,
                    outside=outside_flags(plan, self._lane),
                )
                opened.callback(self._control.end)
            if self._publisher is not None:
                self._publisher.connections = lambda: self.connections()
                self._publisher.fraction = self.fraction
                self._publisher.messages = lambda: self.messages
                self._publisher.begin()
            self._state = state
            with isolated():
                if state is not None:
                    load_states(state, self._lane.strategies.bound)
                if self._control is not None:
                    self._control.begin()
                self._replay.prepare()
            undone_on_error.pop_all()
        self.stages = (self._lane.stages,)
        self._drift = DriftWatch(plan.name, plan.stages_ns, self.stages)
        self._process = psutil.Process()
        self._pace = Pace()
        self._started: float | None = None
        self._wall_seconds = 0.0
        self._peak_rss_bytes = 0
        self._saved_ns = 0

    @property
    def handlers(self) -> Sequence[FeedHandler]:
        """The lane's feeds."""
        return self._lane.feeds

    @property
    def lane(self) -> Lane:
        """The lane that it runs."""
        return self._lane

    def feed(self, event: Event) -> None:
        """Feeds the lane a command between two steps, as the control folder does."""
        with isolated():
            self._replay.feed(event)

    @property
    def messages(self) -> int:
        """How many messages have been run."""
        return sum(feed.totals.messages for feed in self._replay.feeds)

    def fraction(self) -> float | None:
        """The fraction that has been run, from 0 to 1; None if the total isn't known."""
        fractions = [feed.source.fraction() for feed in self._replay.feeds]
        known = [one for one in fractions if one is not None]
        return sum(known) / len(known) if len(known) == len(fractions) else None

    @property
    def next_ns(self) -> int:
        """When something falls due, in nanoseconds of the lane's clock, unless a message comes before."""
        return self._replay.next_ns

    def ask_for_snapshots(self, ask: Callable[[int, ResyncRequest], None]) -> None:
        """Calls `ask` with a feed and the snapshot that it wants, whenever one does."""
        self._replay.on_resync = ask

    def catch_up(self, now_ns: int) -> None:
        """Runs what has arrived from sources that go on, and does what is due by `now_ns`."""
        if self._started is None:
            self._started = time.perf_counter()
        assert isinstance(self._replay, Replay)
        with isolated():
            try:
                if self._control is not None:
                    self._control.look()
                self._replay.catch_up(now_ns)
            except MainspringError:
                self._replay.close()
                raise
            self._journal_states()
            self._show()

    def look(self) -> None:
        """Takes down how far the lane has come, and at what pace."""
        self._peak_rss_bytes = max(self._peak_rss_bytes, self._process.memory_info().rss)
        if self._started is not None:
            self._wall_seconds = time.perf_counter() - self._started
            last_ns = max(feed.totals.last_receive_ns for feed in self._replay.feeds)
            messages = self.messages
            self._pace.add(self._wall_seconds, messages, last_ns)
            self._drift.look(messages, last_ns)

    def step(self) -> bool:
        """Runs the next chunk. Returns False if nothing is left or the lane is to stop."""
        if self._started is None:
            self._started = time.perf_counter()
        if self.stopped_early is not None:
            return False
        with isolated():
            try:
                if self._control is not None:
                    self._control.look()
                more = self._replay.step()
            except MainspringError:
                # What was run up to the error counts.
                self._replay.close()
                raise
            self._journal_states()
            self._show()
        if more:
            self.look()
        return more

    def _show(self) -> None:
        """Shows the lane to those that watch it: behind its work, so that no order waits."""
        if self._publisher is not None:
            self._publisher.look(self._lane)

    def _journal_states(self) -> None:
        """Journals what strategies save, each `_SAVE_EVERY_NS` of the lane's clock."""
        now_ns = self._lane.now_ns
        if self.trading is not None and not self.trading.trading:
            # Strategies that weren't started have no states.
            return
        if self._replay.journal is None or now_ns < self._saved_ns + _SAVE_EVERY_NS:
            return
        self._saved_ns = now_ns
        if states := states_of(self._lane.strategies.bound):
            self._replay.keep(StrategyStates(now_ns, states))

    def finish(self) -> LaneResult:
        """Delivers what is still due and returns the results."""
        with isolated():
            self._replay.finish()
            if self._state is not None:
                save_states(self._state, self._lane.strategies.bound)
            if self._replay.log is not None:
                self._replay.log.finish()
            if self._log is not None:
                try:
                    self._log.finish()
                except OSError as error:
                    raise unwritable_log(self._log, error) from error
            self._saved_ns = -_SAVE_EVERY_NS
            self._journal_states()
            self._end_journal("")
            return self._result(None)

    def abandon(self, failure: str) -> LaneResult:
        """Returns the results up to the error that ended the lane, without calling strategies, models or the router."""
        with isolated():
            self._replay.close()
            try:
                self._end_journal(failure)
            except PluginError as second:
                failure = f"{failure} Then {second}"
            return self._result(failure)

    def _end_journal(self, failure: str) -> None:
        """Writes the journal's last entry, unless the journal has failed."""
        log = self._replay.log
        if self._replay.journal is not None and log is not None:
            # Whatever comes of it, it isn't tried again.
            journal, self._replay.journal = self._replay.journal, None
            journal.finish(ending_of(log, failure, self.stopped_early or ""))

    def _result(self, failure: str | None) -> LaneResult:
        lane, manager = self._lane, self._lane.order_manager
        log = log_report(self._name, self._replay.log)
        if self._log is not None and self._log.is_worth_keeping:
            log = msgspec.structs.replace(log, file=str(self._log_path))
        if self._journal is not None:
            log = msgspec.structs.replace(log, journal_session=self._journal.session)
        return LaneResult(
            parts=part_results(lane, self._replay.feeds),
            refusals=dict(sorted(manager.quality.refusals.items())) if manager is not None else {},
            discrepancies=dict(sorted(manager.discrepancies.items())) if manager is not None else {},
            recovered=self._replay.took_over,
            differences=difference_reports(self.plan, self._replay.reconciling.differences),
            log=log,
            stages=stage_counts(lane),
            failure=failure,
            messages=self.messages,
            wall_seconds=self._wall_seconds,
            peak_rss_bytes=self._peak_rss_bytes,
            stopped_early=self.stopped_early,
            pace=self._pace.points(),
            drift=self._drift.found,
            live=self.connections(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def abandon(run: LaneRun, error: MainspringError) -> LaneResult:
    """Returns a run's results up to the error that ended it; raises that error if its feed can't even be counted."""
    try:
        return run.abandon(describe_error(error))
    except PluginError as second:
        error.add_note(f"There is no report: {second}")
    # Out here, so that the error keeps its cause.
    raise error
