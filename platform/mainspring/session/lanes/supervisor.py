"""Which lane is told what, and when: the supervisor's rules, without any process, pipe or clock.

    starting ──ready──▶ ready ──all are──▶ running ──finished──▶ leaving ──▶ ended
        └───────────────────┴── refused, garbled, killed, died ─────┘

Lanes start together: none runs before all that live are ready. An error that a lane meets before that is the session's,
which then isn't run. After that a lane's end is its own: the others go on. Being asked to stop, each lane that runs is
told so once and ends in order; those that don't in time, or when asked a second time, are killed.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from mainspring.session.lanes.messages import BYE, GO, STOP, Finished, Progressed, Ready, Refused, Said
from mainspring.session.results import LaneOutcome
from mainspring.session.signals import signal_name

__all__ = ["STOP_WITHIN_S", "Command", "Kill", "Send", "StartClock", "Supervisor"]

STOP_WITHIN_S = 10
"""How long a lane has to end once it was asked to."""

_State: TypeAlias = Literal["starting", "ready", "running", "leaving", "ended"]

_REMEDIES = {
    "SIGKILL": "If nobody killed it, the kernel did for want of memory: `dmesg` tells. Give the host more, or the lane "
    "fewer instruments",
    "SIGTERM": "Somebody ended it: send the signal to the session's own process to stop all lanes in order",
    **dict.fromkeys(
        ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT"),
        "Compiled code crashed: run its instruments alone with PYTHONFAULTHANDLER=1 to see where, and report it to the "
        "plugin that stands there",
    ),
}


class Send(msgspec.Struct, frozen=True):
    """Send a lane a word; "stop" with why."""

    lane: int
    word: str
    why: str = ""


class Kill(msgspec.Struct, frozen=True):
    """Kill a lane's process."""

    lane: int


class StartClock(msgspec.Struct, frozen=True):
    """Call `overdue` after `STOP_WITHIN_S`."""


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
    """Told what happens to lanes, by their place in the session; says what is to be done about it.

    `refusal` is the error for which the session isn't run, with the lane that met it.
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
        """How many messages all lanes have told of."""
        return sum(lane.messages for lane in self._lanes)

    def started(self, lane: int, process: int) -> list[Command]:
        """A lane's process was started."""
        self._lanes[lane].process = process
        return []

    def said(self, lane: int, said: Said) -> list[Command]:
        """A lane said something."""
        one = self._lanes[lane]
        if isinstance(said, Ready) and one.state == "starting":
            one.ready = said
            one.state = "ready"
            return self._go_if_all_are_ready()
        if isinstance(said, Progressed) and one.state == "running":
            one.messages = said.messages
            return []
        # One that was asked to stop before it ran ends without the word to go.
        if isinstance(said, Finished) and (one.state == "running" or (one.state == "ready" and self._stop is not None)):
            one.result = said
            one.messages = said.result.messages
            one.state = "leaving"
            return [Send(lane, BYE)]
        if isinstance(said, Refused) and one.state in ("starting", "ready", "running"):
            return self._refused(one, said.problem)
        return self.garbled(lane, f"it said {type(said).__name__} while it was {one.state}")

    def garbled(self, lane: int, problem: str) -> list[Command]:
        """What came from a lane is no message, or none that can come now."""
        one = self._lanes[lane]
        one.result = None
        if one.killed_because is not None or one.state == "ended":
            return []
        one.killed_because = f"was killed, since what came from it makes no sense: {problem}"
        return [Kill(lane)]

    def ended(self, lane: int, code: int) -> list[Command]:
        """A lane's process has ended and all that it said was told. Below zero, `code` is that of a signal."""
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
        """The session is to end: in order the first time, at once the second."""
        if self._stop is not None:
            return self._kill_all(f"was killed at the second {why}, before it had stopped")
        self._stop = why
        return [*self._send_stop(why), StartClock()]

    def overdue(self) -> list[Command]:
        """The time that lanes had to stop is over."""
        return self._kill_all(f"was killed, since it hadn't stopped within {STOP_WITHIN_S} s of {self._stop}")

    def outcomes(self) -> list[LaneOutcome]:
        """How each lane ended, as far as it has."""
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
