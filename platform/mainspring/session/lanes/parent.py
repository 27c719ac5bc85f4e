"""Starts the lanes' processes, passes messages between them and the supervisor, and watches where they run."""

import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE
from typing import Any, TypeAlias

import msgspec
import psutil
import trio

from hwprofile.actions import Scope
from hwprofile.children import module_command
from mainspring.errors import LaneError
from mainspring.host.applying import apply_to_housekeeping
from mainspring.host.plan import SessionPlan
from mainspring.host.registry import Registry
from mainspring.report import ActionReport, ThreadReport
from mainspring.session.lanes.messages import (
    Finished,
    Frames,
    Order,
    Progressed,
    Ready,
    Said,
    decode_said,
    encode_order,
    encode_path,
    frame,
)
from mainspring.session.lanes.silence import SilenceWatch
from mainspring.session.lanes.supervisor import STOP_WITHIN_S, Command, Kill, Send, Supervisor
from mainspring.session.results import LaneOutcome
from mainspring.session.signals import catch_signals, describe_signal
from mainspring.session.source import open_messages
from mainspring.session.threads import ThreadWatch, action_reports, watch_lane, watch_rest

__all__ = ["SaidHandler", "run_lanes"]

SaidHandler: TypeAlias = Callable[[str, int, Said], None]
"""Called for each message of a lane, with the lane's name, its process and the message."""

_CHILD = "mainspring.session.lanes.child"
_SAMPLE_EVERY_S = 0.1


def run_lanes(
    session: SessionPlan,
    registry: Registry,
    logs: Mapping[str, Path],
    *,
    progress: Callable[[int, float | None], None] | None,
    reported: SaidHandler | None,
    notice: Callable[[str], None] | None = None,
) -> tuple[list[LaneOutcome], list[ActionReport], list[ThreadReport]]:
    """Runs each lane in a process of its own until all have ended.

    Returns how each ended, in order, and the tuning actions and threads of this process. `progress` is called as
    messages are done, and `notice` with what a person should know at once. Raises `LaneError` if a lane fails during
    start-up; then none runs.
    """
    for feed in session.feeds:
        if not feed.source.captures:
            # A generated session is made once, here; the lanes find it in the cache.
            open_messages(feed, registry).close()
    parent = _Parent(session, logs, progress, reported, notice)
    with catch_signals(parent.take_signal):
        trio.run(parent.run)
    if parent.supervisor.refusal is not None:
        name, problem = parent.supervisor.refusal
        raise LaneError(name, problem)
    return parent.outcomes()


class _Parent:
    def __init__(
        self,
        session: SessionPlan,
        logs: Mapping[str, Path],
        progress: Callable[[int, float | None], None] | None,
        reported: SaidHandler | None,
        notice: Callable[[str], None] | None,
    ) -> None:
        self.supervisor = Supervisor([lane.name for lane in session.lanes])
        self._session = session
        self._logs = logs
        self._progress = progress
        self._reported = reported
        self._notice = notice or (lambda _: None)
        self._silence = SilenceWatch([lane.name for lane in session.lanes])
        self._signals: deque[int] = deque()
        self._token: trio.lowlevel.TrioToken | None = None
        self._signalled = trio.Event()
        self._fractions: list[float | None] = [0.0] * len(session.lanes)
        self._processes: list[trio.Process] = []
        self._senders: list[trio.MemorySendChannel[bytes]] = []
        self._watches: list[ThreadWatch | None] = [None] * len(session.lanes)
        self._own_watch = watch_rest(session.hardware)
        self._own_actions: list[ActionReport] = []
        self._over = trio.Event()

    async def run(self) -> None:
        """Starts the lanes and returns when the last has ended."""
        try:
            async with trio.open_nursery() as nursery:
                self._token = trio.lowlevel.current_trio_token()
                with Scope() as scope:
                    for at in range(len(self._session.lanes)):
                        await self._start(at, nursery)
                    nursery.start_soon(self._obey_signals, nursery)
                    # Now, because a lane's process inherits the CPU mask of its parent.
                    apply_to_housekeeping(scope, self._session.hardware)
                    self._own_watch.start()
                    nursery.start_soon(self._sample)
                    await self._over.wait()
                    self._own_watch.sample()
                self._own_actions += action_reports("the rest", scope.actions)
                self._own_actions += action_reports("the rest", scope.undone, undone=True)
                nursery.cancel_scope.cancel()
        except ExceptionGroup as group:
            (error,) = group.exceptions
            raise error from error.__cause__
        finally:
            with trio.CancelScope(shield=True):
                for process in self._processes:
                    if process.returncode is None:
                        process.kill()
                        await process.wait()

    def outcomes(self) -> tuple[list[LaneOutcome], list[ActionReport], list[ThreadReport]]:
        """The results after `run`."""
        outcomes = [
            outcome
            if watch is None
            else msgspec.structs.replace(outcome, threads=watch.report(outcome.process, outcome.actions))
            for outcome, watch in zip(self.supervisor.outcomes(), self._watches, strict=True)
        ]
        own = self._own_watch.report(os.getpid(), self._own_actions)
        return outcomes, self._own_actions, own

    def take_signal(self, number: int) -> None:
        """Called by a signal's handler, between any two instructions, before and after the loop runs as well."""
        self._signals.append(number)
        if self._token is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(lambda: self._signalled.set())

    async def _obey_signals(self, nursery: trio.Nursery) -> None:
        while True:
            while self._signals:
                self._carry_out(self.supervisor.stop(describe_signal(self._signals.popleft())), nursery)
            await self._signalled.wait()
            self._signalled = trio.Event()

    async def _start(self, at: int, nursery: trio.Nursery) -> None:
        lane = self._session.lanes[at]
        options: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
        try:
            # A session of its own, so that Ctrl-C reaches only this process, which then stops the lanes.
            process = await trio.lowlevel.open_process(module_command(_CHILD), stdin=PIPE, stdout=PIPE, **options)
        except OSError as error:
            raise LaneError(lane.name, f"can't start its process: {error}") from error
        self._processes.append(process)
        self._carry_out(self.supervisor.started(at, process.pid), nursery)
        self._silence.heard(at, process.pid, trio.current_time())
        sender, receiver = trio.open_memory_channel[bytes](100)
        self._senders.append(sender)
        order = Order(
            lane=lane,
            hardware=self._session.hardware,
            allow=self._session.allow,
            logs=dict(self._logs),
        )
        sender.send_nowait(encode_path(sys.path))
        sender.send_nowait(encode_order(order))
        nursery.start_soon(self._write, process, receiver)
        nursery.start_soon(self._read, at, process, nursery)

    async def _write(self, process: trio.Process, bodies: "trio.MemoryReceiveChannel[bytes]") -> None:
        assert process.stdin is not None
        async for body in bodies:
            try:
                await process.stdin.send_all(frame(body))
            except trio.BrokenResourceError:
                # The process has ended; the end of its output reports it.
                return

    async def _read(self, at: int, process: trio.Process, nursery: trio.Nursery) -> None:
        assert process.stdout is not None
        frames = Frames()
        async for data in process.stdout:
            for body in frames.feed(bytes(data)):
                try:
                    said = decode_said(body)
                except msgspec.DecodeError as error:
                    self._carry_out(self.supervisor.garbled(at, str(error)), nursery)
                else:
                    self._hear(at, said, nursery)
        code = await process.wait()
        self._silence.ended(at)
        self._carry_out(self.supervisor.ended(at, code), nursery)
        if self.supervisor.done:
            self._over.set()

    def _hear(self, at: int, said: Said, nursery: trio.Nursery) -> None:
        process = self._processes[at]
        if said_now := self._silence.heard(at, process.pid, trio.current_time()):
            self._notice(said_now)
        watch = self._watches[at]
        if isinstance(said, Ready):
            watch = watch_lane(self._session.lanes[at], self._session.hardware, process=process.pid)
            watch.start()
            self._watches[at] = watch
        elif isinstance(said, Finished) and watch is not None:
            # The lane waits for "bye", so its threads still exist.
            watch.sample()
        commands = self.supervisor.said(at, said)
        if isinstance(said, Progressed):
            self._fractions[at] = said.fraction
            self._report_progress()
        elif isinstance(said, Finished):
            self._fractions[at] = 1.0
            self._report_progress()
        if self._reported is not None:
            self._reported(self._session.lanes[at].name, process.pid, said)
        self._carry_out(commands, nursery)

    def _report_progress(self) -> None:
        if self._progress is not None:
            known = [one for one in self._fractions if one is not None]
            whole = sum(known) / len(known) if len(known) == len(self._fractions) else None
            self._progress(self.supervisor.messages, whole)

    def _carry_out(self, commands: Sequence[Command], nursery: trio.Nursery) -> None:
        for command in commands:
            if isinstance(command, Send):
                self._senders[command.lane].send_nowait(f"{command.word} {command.why}".rstrip().encode())
            elif isinstance(command, Kill):
                self._processes[command.lane].kill()
            else:
                nursery.start_soon(self._overdue, nursery)

    async def _overdue(self, nursery: trio.Nursery) -> None:
        await trio.sleep(STOP_WITHIN_S)
        self._carry_out(self.supervisor.overdue(), nursery)

    async def _sample(self) -> None:
        while True:
            await trio.sleep(_SAMPLE_EVERY_S)
            self._own_watch.sample()
            for watch in self._watches:
                if watch is not None:
                    watch.sample()
            for notice in self._silence.look(trio.current_time(), _is_stopped):
                self._notice(notice)


def _is_stopped(process: int) -> bool:
    try:
        return psutil.Process(process).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        return False
