"""Runs a lane over a session's messages: trio at the edges, one lane inside."""

import signal
import time
from typing import BinaryIO, Protocol

import psutil
import trio

from mainspring.errors import CaptureError, CodecError, WireError
from mainspring.host.plan import Plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.lane import Lane
from mainspring.report import SessionReport
from mainspring.session.report import build_report
from mainspring.session.source import Messages, open_messages
from mainspring.session.totals import SessionTotals

__all__ = ["Progress", "run_session"]

_CHUNK = 512
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


class Progress(Protocol):
    """Told how far a session has come."""

    def __call__(self, messages: int, fraction: float | None) -> None:
        """`messages` so far; `fraction` of the whole, None where the whole isn't known."""
        ...


def run_session(
    plan: Plan,
    registry: Registry,
    *,
    progress: Progress | None = None,
    order_log: BinaryIO | None = None,
) -> SessionReport:
    """Runs the plan to the end of its messages, or to a signal, and returns the report.

    A message that can't be read raises `CaptureError` with its line, unless the plan says to skip such lines: then
    they are counted. `order_log` takes the encoded order log.
    """
    lane = wire(plan, registry, order_log=order_log)
    messages = open_messages(plan, registry, lane.open_capture)
    totals = SessionTotals()
    try:
        trio.run(_run, lane, messages, totals, plan.source.skip_bad, progress)
    finally:
        messages.close()
    return build_report(plan, lane, messages, totals)


async def _run(
    lane: Lane, messages: Messages, totals: SessionTotals, skip_bad: bool, progress: Progress | None
) -> None:
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(_watch_signals, totals)
            await _replay(lane, messages, totals, skip_bad, progress)
            nursery.cancel_scope.cancel()
    except ExceptionGroup as group:
        # The nursery wraps what the lane raised; the caller is to see the error itself.
        (error,) = group.exceptions
        raise error from error.__cause__


async def _watch_signals(
    totals: SessionTotals, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(*_SIGNALS) as received:
        task_status.started()
        async for number in received:
            totals.stopped_early = f"signal {signal.Signals(number).name}"


async def _replay(
    lane: Lane, messages: Messages, totals: SessionTotals, skip_bad: bool, progress: Progress | None
) -> None:
    process = psutil.Process()
    started = time.perf_counter()
    while totals.stopped_early is None and _chunk(lane, messages, totals, skip_bad):
        lane.fold()
        totals.peak_rss_bytes = max(totals.peak_rss_bytes, process.memory_info().rss)
        totals.wall_seconds = time.perf_counter() - started
        totals.pace.add(totals.wall_seconds, totals.messages, totals.last_receive_ns)
        if progress is not None:
            progress(totals.messages, messages.fraction())
        await trio.lowlevel.checkpoint()
    lane.finish(totals.last_receive_ns)


def _chunk(lane: Lane, messages: Messages, totals: SessionTotals, skip_bad: bool) -> bool:
    """Runs the next messages through the lane; False where there are none left."""
    chunk = messages.take(_CHUNK)
    at = 0
    while at < len(chunk):
        try:
            lane.run(chunk, at)
        except (WireError, CodecError) as error:
            totals.count(chunk, at, lane.at + 1)
            if not skip_bad:
                raise CaptureError(
                    *messages.here(back=len(chunk) - 1 - lane.at),
                    f"{error}. The lane stopped there; --skip-bad counts such messages and goes on.",
                ) from error
            messages.skipped += 1
            at = lane.at + 1
        else:
            totals.count(chunk, at, len(chunk))
            at = len(chunk)
    return len(chunk) > 0
