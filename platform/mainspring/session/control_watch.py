"""Watches a control folder for a running lane, and feeds what people want."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from mainspring.errors import DataError
from mainspring.host.plan import FlagPlan
from mainspring.lane import Event, Kill, LiftCheck, LiftKill, SetLimit, SwapPart
from mainspring.report import LiveReport
from mainspring.session.control import (
    ConnectionsQuestion,
    ControlFolder,
    KillLevel,
    KillRecord,
    LimitOrder,
    Reply,
    Status,
    SwapOrder,
    utc_now,
)
from mainspring.session.driver import Driver
from mainspring.session.flag_changes import FlagChanges
from mainspring.session.flag_watch import Outside

__all__ = ["ControlWatch"]

_EVERY_S = 0.05
_DEAD_MAN = "the dead-man's timer"


class ControlWatch:
    """Feeds one lane's driver the kills, lifts and limits of a control folder.

    `look` is called between chunks, and reads files at most every 50 ms. `dead_man_s` is how old the file `alive` may
    grow before everything is killed; None for ever. `now_s` returns the wall clock's time, as files have it, and
    `connections` how the session's connections performed so far, None if it has none. `flags` are those of the plan,
    and `outside` asks another provider about them.
    """

    def __init__(
        self,
        folder: ControlFolder,
        lane: str,
        driver: Driver,
        *,
        dead_man_s: float | None = None,
        now_s: Callable[[], float] = time.time,
        every_s: float = _EVERY_S,
        connections: Callable[[], LiveReport | None] = lambda: None,
        flags: Sequence[FlagPlan] = (),
        outside: Outside | None = None,
    ) -> None:
        """Raises `DataError` if the folder can't be written: what can't be stopped isn't started."""
        folder.make()
        self._folder = folder
        self._lane = lane
        self._driver = driver
        self._dead_man_s = dead_man_s
        self._now_s = now_s
        self._every_s = every_s
        self._connections = connections
        self._due_s = 0.0
        self._known: dict[tuple[KillLevel, str], KillRecord] = {}
        # What was asked of sessions before this one.
        self._seen = set(folder.pending())
        self._alive_s = now_s()
        self._said: Status | None = None
        self._changes = FlagChanges(folder, lane, driver, flags, outside)

    def begin(self) -> None:
        """Puts the kills and flags into force that outlived an earlier session: before the strategies start."""
        self._take_kills()
        self._changes.look()

    def look(self) -> None:
        """Does what people want, if it is time to look. Raises `DataError` if a file can't be written."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + self._every_s
        self._check_dead_man()
        self._take_kills()
        for name in self._folder.pending():
            if name not in self._seen:
                self._seen.add(name)
                self._take_command(name)
        self._changes.look()
        self._say()

    def end(self) -> None:
        """Says that the lane has ended."""
        self._folder.leave(self._lane)

    def _take_kills(self) -> None:
        kills = {(one.level, one.target): one for one in self._folder.kills()}
        for key, record in kills.items():
            if self._known.get(key) != record:
                self._feed(
                    Kill(
                        self._driver.lane.now_ns,
                        record.level,
                        record.target,
                        flatten=record.flatten,
                        who=record.who,
                        why=record.why,
                    )
                )
        for key in sorted(self._known.keys() - kills.keys()):
            lifted = [one for one in self._folder.lifted() if (one.level, one.target) == key]
            who, why = (lifted[-1].who, lifted[-1].why) if lifted else ("", f"it isn't in {self._folder.path} any more")
            self._feed(LiftKill(self._driver.lane.now_ns, *key, who=who, why=why))
        self._known = kills

    def _take_command(self, name: str) -> None:
        now_ns = self._driver.lane.now_ns
        try:
            command = self._folder.command(name)
        except DataError as error:
            self._folder.reply(name, Reply(lane=self._lane, done=False, text=str(error)))
            return
        if command is None:
            return
        if isinstance(command, ConnectionsQuestion):
            live = self._connections()
            text = "it has no connections: it replays" if live is None else ""
            self._folder.reply(name, Reply(lane=self._lane, done=live is not None, text=text, live=live))
            return
        event: Event
        if isinstance(command, LimitOrder):
            event = SetLimit(
                now_ns,
                command.check,
                command.value,
                instrument=command.instrument,
                confirmed=command.confirmed,
                who=command.who,
                why=command.why,
            )
        elif isinstance(command, SwapOrder):
            done, text = self._changes.swap(SwapPart(now_ns, **msgspec.structs.asdict(command)))
            self._say()
            self._folder.reply(name, Reply(lane=self._lane, done=done, text=text))
            return
        else:
            event = LiftCheck(now_ns, command.check, who=command.who, why=command.why)
        outcome = self._feed(event)
        self._say()
        self._folder.reply(name, Reply(lane=self._lane, done=outcome[0], text=outcome[1]))

    def _check_dead_man(self) -> None:
        if self._dead_man_s is None:
            return
        with suppress(FileNotFoundError):
            self._alive_s = max(self._alive_s, self._folder.alive_file.stat().st_mtime)
        silent_s = self._now_s() - self._alive_s
        if silent_s > self._dead_man_s and ("all", "") not in self._known:
            why = (
                f"nobody said for {silent_s:.0f} s that the session is watched, and {self._dead_man_s:g} s are allowed"
            )
            self._folder.kill(KillRecord(level="all", who=_DEAD_MAN, why=why, at=utc_now()))

    def _feed(self, event: Event) -> tuple[bool, str]:
        """Feeds a command; returns whether it was done, and what a person should know of it."""
        self._driver.feed(event)
        control = self._driver.lane.control
        if control is None:
            return False, "this session trades nothing"
        return control.outcome.done, control.outcome.text

    def _say(self) -> None:
        lane = self._driver.lane
        kills = [f"{one.level} {one.target}".strip() for one in self._known.values()]
        limits = [] if lane.control is None else lane.control.limits()
        status = Status(lane=self._lane, process=os.getpid(), mode=lane.mode, kills=kills, limits=limits)
        status = self._changes.add_to(status)
        if status != self._said:
            self._said = status
            self._folder.say(status)
