"""Takes a candidate from shadow to its whole share: clean comparisons first, then a ramp, then for good."""

from typing import Literal, TypeAlias

from mainspring.errors import ConfigError
from mainspring.session.control import ControlFolder, FlagStatus, Status, utc_now
from mainspring.session.flag_file import FlagFile, FlagRecord, RampRecord

__all__ = ["Phase", "Promotion"]

Phase: TypeAlias = Literal["shadow", "ramp", "promoted", "stopped"]


class Promotion:
    """Walks one flag's candidate through its phases, by what the lanes of a control folder say of it.

    `slot` and `candidate` name the flag, `clean` is how many inputs the candidate and its control must have been given
    without a difference before `ramp` begins, and `who` and `why` are for the record. Whatever somebody else sets the
    flag to in the meantime, a guard included, stops it.
    """

    def __init__(
        self, folder: ControlFolder, slot: str, candidate: str, *, clean: int, ramp: RampRecord, who: str, why: str
    ) -> None:
        """Raises `ConfigError` if no lane runs, or one has no such flag whose candidate runs in shadow."""
        self.phase: Phase = "shadow"
        self._folder = folder
        self._file = FlagFile(folder.path)
        self._slot = slot
        self._candidate = candidate
        self._clean = clean
        self._ramp = ramp
        self._who = who
        self._why = why
        self._name = self._find()
        before = self._file.records().get(self._name)
        self._number = 0 if before is None else before.number

    def look(self) -> str:
        """Goes on if it is time; returns how it stands."""
        record = self._file.records().get(self._name)
        if record is not None and record.number != self._number:
            self.phase = "stopped"
            return f"stopped by {record.who}: {record.why}"
        lanes = self._folder.statuses()
        if not lanes:
            return "no session runs: waiting"
        return self._look_at_shadow(lanes) if self.phase == "shadow" else self._look_at_ramp(lanes)

    def stop(self, why: str) -> None:
        """Takes the candidate back."""
        if self.phase in ("shadow", "ramp"):
            self.phase = "stopped"
            self._set(0, None, why)

    def _look_at_shadow(self, lanes: list[Status]) -> str:
        rows = [one for lane in lanes for one in lane.swaps if one.slot == self._slot]
        differences, inputs = sum(one.differences for one in rows), sum(one.inputs for one in rows)
        if differences:
            self.phase = "stopped"
            return f"stopped: {differences} results differ, see `mainspring flags list`"
        if inputs < self._clean:
            return f"shadow: {inputs:,} of {self._clean:,} inputs, none differs"
        self.phase = "ramp"
        self._set(0, self._ramp, f"{inputs:,} inputs without a difference: {self._why}")
        return f"{inputs:,} inputs without a difference: it ramps now"

    def _look_at_ramp(self, lanes: list[Status]) -> str:
        flags = [self._flag(lane) for lane in lanes]
        if all(one is not None and one.number == self._number and one.finished for one in flags):
            self.phase = "promoted"
            self._set(self._ramp.steps_bp[-1], None, f"promoted: {self._why}")
            return f"promoted: set the {self._slot}'s plugin to {self._candidate!r} in the config, and drop the flag"
        said = [
            f"lane {lane.lane}: {one.text or 'not there yet'}" for lane, one in zip(lanes, flags, strict=True) if one
        ]
        return "; ".join(said)

    def _set(self, share_bp: int, ramp: RampRecord | None, why: str) -> None:
        record = FlagRecord(name=self._name, share_bp=share_bp, ramp=ramp, who=self._who, why=why, at=utc_now())
        self._number = self._file.set(record).number

    def _find(self) -> str:
        lanes = self._folder.statuses()
        if not lanes:
            raise ConfigError(f"no session with the control folder {self._folder.path} runs")
        names = set()
        for lane in lanes:
            flag = self._flag(lane)
            rows = [one for one in lane.swaps if one.slot == self._slot]
            if flag is None or not any(self._candidate in (one.active, one.standby) for one in rows):
                raise ConfigError(
                    f"lane {lane.lane} has no flag for {self._slot} whose candidate {self._candidate!r} runs in "
                    f'shadow: add [flags.NAME] with slot = "{self._slot}", candidate = "{self._candidate}" and shadow '
                    "= true to its config, and start it again"
                )
            names.add(flag.name)
        return names.pop()

    def _flag(self, lane: Status) -> FlagStatus | None:
        own = (self._slot, self._candidate)
        return next((one for one in lane.flags if (one.slot, one.candidate) == own), None)
