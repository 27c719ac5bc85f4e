"""What a control folder changes of a lane's parts: flags, swaps, and the differences that candidates made."""

from collections.abc import Sequence

import msgspec

from mainspring.host.plan import FlagPlan
from mainspring.lane import SetFlag, SwapPart
from mainspring.session.control import ControlFolder, Status, SwapStatus
from mainspring.session.differences import DifferenceFolder
from mainspring.session.driver import Driver
from mainspring.session.flag_file import FlagFile
from mainspring.session.flag_watch import FlagWatch, Outside
from mainspring.session.guards import GuardPost

__all__ = ["FlagChanges"]


class FlagChanges:
    """Feeds one lane's driver the flags and swaps of a control folder, and stores the differences found."""

    def __init__(
        self, folder: ControlFolder, lane: str, driver: Driver, plans: Sequence[FlagPlan], outside: Outside | None
    ) -> None:
        """`lane` is its name, `plans` are its flags, and `outside` asks another provider about them."""
        self._driver = driver
        self._swaps = driver.lane.swaps
        self._differences = DifferenceFolder(folder.path / "differences", lane)
        flags = driver.lane.flags
        self._watch = None
        if flags is not None and self._swaps is not None and flags.board.flags:
            guards = GuardPost(driver.lane, plans)
            self._watch = FlagWatch(
                FlagFile(folder.path),
                driver.lane,
                flags,
                self._feed,
                assess=guards.assess,
                outside=outside,
                messages=lambda: sum(driver.fed()),
            )

    def look(self) -> None:
        """Does what was set, and stores what was found. Raises `DataError` if a file can't be written."""
        if self._watch is not None:
            self._watch.look()
        if self._swaps is not None and self._swaps.differences:
            for one in self._swaps.take_differences():
                self._differences.store(one, self._swaps.instruments.get(one.key))

    def swap(self, event: SwapPart) -> tuple[bool, str]:
        """Exchanges a part; returns whether that was done, and what a person should know of it."""
        if self._swaps is None:
            return False, "nothing can be exchanged here"
        self._feed(event)
        return self._swaps.outcome.done, self._swaps.outcome.text

    def add_to(self, status: Status) -> Status:
        """Returns a lane's status with its flags, and the candidates that run or ran in it."""
        if self._swaps is None:
            return status
        flags = [] if self._watch is None else self._watch.statuses()
        swaps = [
            SwapStatus(
                slot=name,
                key=key,
                active=slot.active(at).plugin,
                standby="" if (other := slot.standby(at)) is None else other.plugin,
                differences=self._swaps.counts[name, key],
                pause_us=self._swaps.pauses_ns.get(name, 0) / 1_000,
                inputs=0 if (times := slot.times(at)) is None else times.count,
            )
            for name, slot in self._swaps.slots.items()
            for at, key in enumerate(slot.keys)
            if slot.standby(at) is not None or self._swaps.counts[name, key]
        ]
        return msgspec.structs.replace(status, flags=flags, swaps=swaps)

    def _feed(self, event: SetFlag | SwapPart) -> None:
        self._driver.feed(event)
