"""Runs a session: one lane in this process; several, each in a process of its own."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hwprofile.actions import Scope
from mainspring.errors import ConfigError, MainspringError, PluginError
from mainspring.host.applying import apply_to_lane, apply_to_wired_lane
from mainspring.host.going_live import check_asked
from mainspring.host.plan import LanePlan, SessionPlan
from mainspring.host.registry import Registry
from mainspring.report import SessionReport
from mainspring.session.control import ControlFolder, catch_kill
from mainspring.session.inputs import RecordedInputs
from mainspring.session.lane_run import LaneRun, abandon
from mainspring.session.merge import merge
from mainspring.session.order_logs import order_log_files
from mainspring.session.results import LaneOutcome
from mainspring.session.signals import catch_signals, describe_signal
from mainspring.session.source import open_messages
from mainspring.session.threads import ThreadWatch, action_reports, lane_name, watch_lane

if TYPE_CHECKING:
    from mainspring.session.lanes import SaidHandler
    from mainspring.session.live.session import LiveSession

__all__ = ["Progress", "run_session"]

_SAMPLE_EVERY_S = 0.25


class Progress(Protocol):
    """Called with a session's progress."""

    def __call__(self, messages: int, fraction: float | None) -> None:
        """Takes the count of `messages` so far and the `fraction` of the total, or None if the total isn't known."""
        ...


def run_session(
    session: SessionPlan,
    registry: Registry,
    *,
    progress: Progress | None = None,
    order_log: Path | None = None,
    reported: "SaidHandler | None" = None,
    notice: Callable[[str], None] | None = None,
    record_inputs: Path | None = None,
    inputs: RecordedInputs | None = None,
    seconds: float | None = None,
    live: bool = False,
) -> SessionReport:
    """Runs the plan to the end of its messages, or to a signal, and returns the report.

    Signals are taken in the main thread only; in any other the session runs to its end.

    A message that can't be read raises `CaptureError` with its line, unless the plan says to skip such lines: then
    they are counted. An error that ends a session which has begun carries the report up to there as its `report`. With
    several lanes it is the failure of the lane that met it, and stands in the report.
    `order_log` is the file to keep the encoded order log in; see `order_log_files` for several. `reported` is called
    with what lanes say, `notice` with what a person should know at once, such as that a lane was stopped from outside.
    A session that connects to venues runs until a signal, or for `seconds`. One that sends real orders raises
    `ConfigError` unless it is said to be `live` here too.
    Of a session of one lane, `record_inputs` is the file to record in what the lane is fed, and `inputs` are recorded
    ones to run in place of the feeds' messages.
    """
    check_asked(session.feeds[0].mode, live=live, again=inputs is not None)
    logs = order_log_files(session, order_log)
    if len(session.lanes) > 1:
        # Not above: it imports an event loop, which one lane has no need of.
        from mainspring.session.lanes import run_lanes

        control = session.lanes[0].control
        with catch_kill(None if control is None else ControlFolder(control.folder)):
            outcomes, actions, threads = run_lanes(
                session, registry, logs, progress=progress, reported=reported, notice=notice
            )
        return merge(session, outcomes, actions=actions, threads=threads)
    outcome, error = _run_here(
        session, registry, logs, progress, notice, record_inputs=record_inputs, inputs=inputs, seconds=seconds
    )
    report = merge(session, [outcome])
    if error is not None:
        error.report = report
        raise error
    return report


def _run_here(
    session: SessionPlan,
    registry: Registry,
    logs: Mapping[str, Path],
    progress: Progress | None,
    notice: Callable[[str], None] | None,
    *,
    record_inputs: Path | None,
    inputs: RecordedInputs | None,
    seconds: float | None,
) -> tuple[LaneOutcome, MainspringError | None]:
    failure: MainspringError | None = None
    (lane,) = session.lanes
    watch = watch_lane(lane, session.hardware)
    live = None if inputs is not None else _live_session(lane, registry, notice)
    opens = open_messages if live is None else live.open_source
    with Scope() as scope:
        apply_to_lane(scope, lane, session.hardware)
        control = None if lane.control is None else ControlFolder(lane.control.folder)
        with (
            catch_kill(control),
            LaneRun(
                lane,
                registry,
                logs,
                opens,
                record_inputs=record_inputs,
                inputs=inputs,
                state=session.state,
                control=control,
            ) as run,
        ):
            apply_to_wired_lane(scope, lane, session.hardware)
            watch.start()
            with catch_signals(lambda number: _stop(run, number)):
                try:
                    if live is None:
                        _replay(run, watch, progress)
                    else:
                        live.run(run, partial(_look, run, watch, progress), seconds)
                    result = run.finish()
                except MainspringError as error:
                    if run.messages <= 1 and not isinstance(error, PluginError):
                        # Nothing but a message that can't be read: there is nothing to report.
                        raise
                    failure, result = error, abandon(run, error)
            watch.sample()
    whose = lane_name(lane.name)
    actions = [*action_reports(whose, scope.actions), *action_reports(whose, scope.undone, undone=True)]
    outcome = LaneOutcome(
        name=lane.name,
        process=os.getpid(),
        result=result,
        messages=result.messages,
        actions=actions,
        threads=watch.report(threading.get_native_id(), actions),
    )
    return outcome, failure


def _live_session(lane: LanePlan, registry: Registry, notice: Callable[[str], None] | None) -> "LiveSession | None":
    """The connections of a lane whose feeds connect to venues; None for one that replays."""
    if all(part.source.connect is None for part in lane.parts):
        return None
    # Not at the top: an HTTP client and TLS are of no use to a replay.
    try:
        from mainspring.session.live.session import LiveSession
    except ModuleNotFoundError as error:
        raise ConfigError(f"connecting needs {error.name}, which isn't installed: install mainspring[live]") from error
    return LiveSession(lane, registry, notice)


def _look(run: LaneRun, watch: ThreadWatch, progress: Progress | None) -> None:
    watch.sample()
    if progress is not None:
        progress(run.messages, None)


def _stop(run: LaneRun, number: int) -> None:
    run.stopped_early = run.stopped_early or describe_signal(number)


def _replay(run: LaneRun, watch: ThreadWatch, progress: Progress | None) -> None:
    sample_at = time.perf_counter() + _SAMPLE_EVERY_S
    while run.step():
        if progress is not None:
            progress(run.messages, run.fraction())
        if time.perf_counter() >= sample_at:
            watch.sample()
            sample_at = time.perf_counter() + _SAMPLE_EVERY_S
