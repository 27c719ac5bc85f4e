"""Watches the flags of a control folder for a running lane, walks through ramps, and asks their guards."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from mainspring.errors import DataError
from mainspring.flags import Flag
from mainspring.lane import FlagControl, Lane, SetFlag
from mainspring.session.control import FlagStatus
from mainspring.session.flag_file import FlagFile, FlagRecord
from mainspring.session.ramp import Ramp, Verdict

__all__ = ["Assess", "FlagWatch", "Outside"]

Assess = Callable[[Flag], Verdict]
"""Says how a flag's candidate compares with its control since its last change."""

Outside = Callable[[Flag], tuple[Flag, str]]
"""Returns a flag as an outside provider has it, and what is to be said of that provider."""

_GUARD: str = "a guard"


class _Taken(NamedTuple):
    """What was last done about a flag: the record, if any, and its ramp."""

    record: FlagRecord | None
    ramp: Ramp | None


class FlagWatch:
    """Feeds a lane its flags as people set them, step by step where they ramp.

    `flags` is the lane's, `feed` hands it an event, `messages` counts those that it was fed, and `assess` asks the
    guards. `outside` asks another provider, None if there is none. A flag that nobody has set, or whose file can't be
    read, is what the config says.
    """

    def __init__(
        self,
        file: FlagFile,
        lane: Lane,
        flags: FlagControl,
        feed: Callable[[SetFlag], None],
        *,
        assess: Assess,
        messages: Callable[[], int],
        outside: Outside | None = None,
    ) -> None:
        self._file = file
        self._lane = lane
        self._control = flags
        self._feed = feed
        self._assess = assess
        self._messages = messages
        self._outside = outside
        self._configured = dict(flags.board.flags)
        self._taken = {name: _Taken(None, None) for name in self._configured}
        self._texts: dict[str, str] = {}
        self._problem = ""

    def look(self) -> None:
        """Does what was set since the last look, and goes on with ramps."""
        records = self._read()
        if records is None:
            # What was last set goes on; a session that begins so has what the config says.
            return
        for name, configured in self._configured.items():
            record, taken = records.get(name), self._taken[name]
            if record != taken.record:
                self._take(configured, record)
            elif taken.ramp is not None:
                self._walk(configured, taken.ramp)
            elif record is None and self._outside is not None:
                self._ask(configured, self._outside)

    def statuses(self) -> list[FlagStatus]:
        """Returns how the flags are."""
        found = []
        for name, flag in self._control.board.flags.items():
            record, ramp = self._taken[name]
            text = self._texts.get(name, "")
            if ramp is not None:
                text = f"step {ramp.step} of {len(ramp.steps_bp)}"
                if ramp.paused:
                    text += f", paused: {ramp.paused}"
            problems = [f"{key}: {why}" for (own, key), why in self._control.problems.items() if own == name]
            found.append(
                FlagStatus(
                    name=name,
                    slot=flag.slot,
                    candidate=flag.plugin,
                    share_bp=flag.share_bp,
                    unit=flag.unit,
                    number=0 if record is None else record.number,
                    text="; ".join(one for one in (text, self._problem, *problems) if one),
                    finished=ramp is not None and ramp.finished,
                )
            )
        return found

    def _read(self) -> Mapping[str, FlagRecord] | None:
        try:
            records = self._file.records()
        except DataError as error:
            self._problem = str(error)
            return None
        self._problem = ""
        return records

    def _take(self, configured: Flag, record: FlagRecord | None) -> None:
        name = configured.name
        if record is None or record.configured:
            self._taken[name] = _Taken(record, None)
            who, why = ("", f"nothing of it is in {self._file.path}") if record is None else (record.who, record.why)
            self._set(configured, who, why)
            return
        ramp = None if record.ramp is None else Ramp(record.ramp.steps_bp, record.ramp.every_s)
        self._taken[name] = _Taken(record, ramp)
        if ramp is None:
            self._set(msgspec.structs.replace(configured, share_bp=record.share_bp), record.who, record.why)
        else:
            self._walk(configured, ramp)

    def _walk(self, configured: Flag, ramp: Ramp) -> None:
        record = self._taken[configured.name].record
        assert record is not None
        verdict = self._verdict(configured.name) if ramp.step else Verdict("pass")
        if verdict.kind == "fail":
            # All lanes that run read it, so that they return together.
            undone = msgspec.structs.replace(record, share_bp=0, ramp=None, who=_GUARD, why=verdict.why)
            self._take(configured, self._file.set(undone))
        elif ramp.look(self._lane.now_ns, self._messages(), verdict):
            why = f"step {ramp.step} of {len(ramp.steps_bp)}: {record.why}"
            self._set(msgspec.structs.replace(configured, share_bp=ramp.share_bp), record.who, why)

    def _verdict(self, name: str) -> Verdict:
        wrong = [f"{key}: {why}" for (own, key), why in self._control.problems.items() if own == name]
        if wrong:
            # A candidate that doesn't run everywhere it should says nothing of the next step.
            return Verdict("inconclusive", "; ".join(wrong))
        return self._assess(self._control.board.flags[name])

    def _ask(self, configured: Flag, outside: Outside) -> None:
        flag, self._texts[configured.name] = outside(configured)
        if flag != self._control.board.flags[configured.name]:
            self._set(flag, "the provider", self._texts[configured.name])

    def _set(self, flag: Flag, who: str, why: str) -> None:
        if flag != self._control.board.flags[flag.name]:
            self._feed(SetFlag(self._lane.now_ns, flag, who=who, why=why))
            self._texts[flag.name] = "" if self._control.outcome.done else self._control.outcome.text
