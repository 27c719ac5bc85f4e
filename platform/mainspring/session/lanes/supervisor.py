"""The supervisor's rules: which lane gets which command, and when; without processes, pipes or clocks.

    starting ──ready──▶ ready ──all are──▶ running ──finished──▶ leaving ──▶ ended
        └───────────────────┴── refused, garbled, killed, died ─────┘

Lanes start together: none runs before all live ones are ready. If a lane fails before that, the session doesn't run.
After that a lane's end concerns only itself: the others go on. On a stop request, each running lane gets one "stop"
and ends in order; lanes that don't end in time, or at a second request, are killed.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from mainspring.session.lanes.messages import BYE, GO, STOP, Finished, Progressed, Ready, Refused, Said
from mainspring.session.results import LaneOutcome
from mainspring.session.signals import signal_name

__all__ = ["STOP_WITHIN_S", "Command", "Kill", "Send", "StartClock", "Supervisor"]

STOP_WITHIN_S = 10
"""How many seconds a lane has to end after a stop request."""

_State: TypeAlias = Literal["starting", "ready", "running", "leaving", "ended"]

_REMEDIES = {
    "SIGKILL": "If nobody killed it, the kernel did because memory ran out: see `dmesg`. Add memory, or give the lane "
    "fewer instruments",
    "SIGTERM": "Something ended it: to stop all lanes in order, send the signal to the session's own process",
    **dict.fromkeys(
        ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"),
        "Compiled code crashed: run its instruments alone with PYTHONFAULTHANDLER=1 to see where, and report it to the "
        "author of that plugin",
    ),
}


class Send(msgspec.Struct, frozen=True):
    """Send a command to a lane; "stop" comes with the reason."""

    lane: int
    word: str
    why: str = ""


class Kill(msgspec.Struct, frozen=True):
    """Kill a lane's process."""

    lane: int


class StartClock(msgspec.Struct, frozen=True):
    """Call `overdue` after `STOP_WITHIN_S` seconds."""


Command: TypeAlias = Send | Kill | StartClock


class _Lane:
    __slots__ = ("failure", "killed_because", "messages", "name", "process", "ready", "result", "state")

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: _State = "starting"
        self.ready: Ready | None = None
        self.process = 0
        self.messages = 0
        self.result: Finished | None = None
        self.failure: str | None = None
        self.killed_because: str | None = None


class Supervisor:
    """Takes what happens to lanes, by their index in the session, and returns what to do about it.

    `refusal` is the error for which the session doesn't run, with the lane that met it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._lanes = [_Lane(name) for name in names]
        self._gone = False
        self._stop: str | None = None
        self.refusal: tuple[str, str] | None = None

    @property
    def done(self) -> bool:
        """Whether every lane's process has ended."""
        return all(lane.state == "ended" for lane in self._lanes)

    @property
    def messages(self) -> int:
        """How many messages all lanes have reported."""
        return sum(lane.messages for lane in self._lanes)

    def started(self, lane: int, process: int) -> list[Command]:
        """A lane's process was started."""
        self._lanes[lane].process = process
        return []

    def said(self, lane: int, said: Said) -> list[Command]:
        """A lane sent a message."""
        one = self._lanes[lane]
        if isinstance(said, Ready) and one.state == "starting":
            one.ready = said
            one.state = "ready"
            return self._go_if_all_are_ready()
        if isinstance(said, Progressed) and one.state == "running":
            one.messages = said.messages
            return []
        # A lane that was stopped before it ran ends without "go".
        if isinstance(said, Finished) and (one.state == "running" or (one.state == "ready" and self._stop is not None)):
            one.result = said
            one.messages = said.result.messages
            one.state = "leaving"
            return [Send(lane, BYE)]
        if isinstance(said, Refused) and one.state in ("starting", "ready", "running"):
            return self._refused(one, said.problem)
        return self.garbled(lane, f"it sent {type(said).__name__} while it was {one.state}")

    def garbled(self, lane: int, problem: str) -> list[Command]:
        """A lane sent something invalid, or a message that can't come now; `problem` says what."""
        one = self._lanes[lane]
        one.result = None
        if one.killed_because is not None or one.state == "ended":
            return []
        one.killed_because = f"was killed because it sent an invalid message: {problem}"
        return [Kill(lane)]

    def ended(self, lane: int, code: int) -> list[Command]:
        """A lane's process has ended and all its messages were taken. A negative `code` is that of a signal."""
        one = self._lanes[lane]
        before = one.state
        one.state = "ended"
        if one.result is not None:
            if code:
                one.failure = f"after its report process {one.process} {_end(code)}"
        elif one.failure is None:
            how = one.killed_because or f"{_end(code)} before its report"
            one.failure = f"process {one.process} {how}{_remedy(code, one.killed_because)}"
        return self._go_if_all_are_ready() if before in ("starting", "ready") else []

    def stop(self, why: str) -> list[Command]:
        """The session is to end: in order at the first call, at once at the second."""
        if self._stop is not None:
            return self._kill_all(f"was killed at the second {why}, before it stopped")
        self._stop = why
        return [*self._send_stop(why), StartClock()]

    def overdue(self) -> list[Command]:
        """The time that lanes had to stop is over."""
        return self._kill_all(f"was killed because it didn't stop within {STOP_WITHIN_S} s of {self._stop}")

    def outcomes(self) -> list[LaneOutcome]:
        """How each lane has ended so far."""
        return [
            LaneOutcome(
                name=lane.name,
                process=lane.process,
                result=lane.result.result if lane.result is not None else None,
                messages=lane.messages,
                failure=lane.failure,
                actions=[
                    *(lane.ready.actions if lane.ready is not None else ()),
                    *(lane.result.undone if lane.result is not None else ()),
                ],
            )
            for lane in self._lanes
        ]

    def _refused(self, one: _Lane, problem: str) -> list[Command]:
        before = one.state
        one.failure = f"process {one.process}: {problem}"
        one.state = "leaving"
        if before == "running" or self.refusal is not None:
            return []
        self.refusal = one.name, problem
        if self._stop is not None:
            return []
        self._stop = "an error in another lane"
        return [*self._send_stop(self._stop), StartClock()]

    def _go_if_all_are_ready(self) -> list[Command]:
        waiting = any(lane.state == "starting" for lane in self._lanes)
        if self._gone or waiting or self._stop is not None:
            return []
        self._gone = True
        commands: list[Command] = []
        for at, lane in enumerate(self._lanes):
            if lane.state == "ready":
                lane.state = "running"
                commands.append(Send(at, GO))
        return commands

    def _send_stop(self, why: str) -> list[Command]:
        return [
            Send(at, STOP, why)
            for at, lane in enumerate(self._lanes)
            if lane.state in ("starting", "ready", "running") and lane.killed_because is None
        ]

    def _kill_all(self, because: str) -> list[Command]:
        commands: list[Command] = []
        for at, lane in enumerate(self._lanes):
            if lane.state != "ended" and lane.killed_because is None:
                lane.killed_because = because
                commands.append(Kill(at))
        return commands


def _end(code: int) -> str:
    return f"was killed by {signal_name(-code)}" if code < 0 else f"ended with exit code {code}"


def _remedy(code: int, killed_because: str | None) -> str:
    if killed_because is not None or code >= 0:
        return ""
    remedy = _REMEDIES.get(signal_name(-code))
    return f". {remedy}" if remedy else ""
