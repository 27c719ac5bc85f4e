"""Notices lanes whose processes were stopped, which would be waited for without a word."""

from collections.abc import Callable, Sequence
from typing import Final

from mainspring.session.lanes.supervisor import STOP_WITHIN_S

__all__ = ["SilenceWatch"]

_SAY_AFTER_S: Final = 3.0


class _Lane:
    __slots__ = ("heard_s", "name", "process", "reported")

    def __init__(self, name: str) -> None:
        self.name = name
        self.process = 0
        self.heard_s = 0.0
        self.reported = False


class SilenceWatch:
    """Says once of each lane that its process is stopped and silent for three seconds, and once that it goes on.

    It reads no clock: `now_s` is seconds of any steady one.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._lanes = [_Lane(name) for name in names]

    def heard(self, lane: int, process: int, now_s: float) -> str | None:
        """Notes that a lane was started or said something; gives what to say of that, mostly nothing."""
        one = self._lanes[lane]
        reported, one.reported = one.reported, False
        one.process, one.heard_s = process, now_s
        return f"lane {one.name} (process {process}) goes on" if reported else None

    def ended(self, lane: int) -> None:
        """Notes that a lane's process has ended: nothing is expected of it any more."""
        self._lanes[lane].process = 0

    def look(self, now_s: float, is_stopped: Callable[[int], bool]) -> list[str]:
        """What to say now. `is_stopped` tells whether the process of that number is stopped."""
        said = []
        for one in self._lanes:
            silent_s = now_s - one.heard_s
            if one.process and not one.reported and silent_s >= _SAY_AFTER_S and is_stopped(one.process):
                one.reported = True
                said.append(
                    f"lane {one.name} (process {one.process}) has been stopped from outside (SIGSTOP, or a debugger) "
                    f"and silent for {silent_s:.0f} s; the session waits for it. `kill -CONT {one.process}` lets it go "
                    f"on; Ctrl-C ends the session, and kills the lane after {STOP_WITHIN_S} s"
                )
        return said
