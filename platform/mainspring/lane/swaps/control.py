"""Exchanges a lane's parts at a person's word, or a flag's: what runs, what stands by, and how long it took."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from mainspring.errors import MainspringError
from mainspring.lane.events import SwapPart
from mainspring.lane.risk_control import Outcome
from mainspring.lane.swaps.part import MOST_DIFFERENCES, Candidate, Chooser, Difference, SwapRefusedError, SwapSlot
from mainspring.model import Instrument
from mainspring.plugin_calls import describe_exception

__all__ = ["SwapControl"]


class SwapControl:
    """The slots of a lane whose parts can be exchanged, by name; `refused` says of the others why they can't.

    A swap happens between two events. What takes over has the state of what it takes over from, which is compared
    first; if anything is wrong, what ran runs on, and `outcome` says what was wrong. `instruments` are the lane's by
    label, `renew` is called after each exchange, `begin` sets the lane's time, and `clock` times the pauses.
    """

    def __init__(
        self,
        slots: Mapping[str, SwapSlot],
        refused: Mapping[str, str],
        instruments: Mapping[str, Instrument],
        *,
        begin: Callable[[int], None],
        renew: Callable[[], None],
        clock: Callable[[], int],
    ) -> None:
        self.slots = slots
        self.instruments = instruments
        self.differences: list[Difference] = []
        """Those that weren't taken yet, the first of them."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """How many differences there were, by slot and key."""
        self.pauses_ns: dict[str, int] = {}
        """The longest exchange of each slot."""
        self.outcome = Outcome(True, "")
        """What became of the last command."""
        self._refused = refused
        self._begin = begin
        self._renew = renew
        self._clock = clock
        self.handlers: Mapping[type, Callable[[Any], None]] = {SwapPart: self._on_swap_part}

    def note(self, difference: Difference) -> None:
        """Takes a difference."""
        self.counts[difference.slot, difference.key] += 1
        if len(self.differences) < MOST_DIFFERENCES:
            self.differences.append(difference)

    def take_differences(self) -> list[Difference]:
        """Returns the differences since the last call."""
        found, self.differences = self.differences, []
        return found

    def slot(self, name: str) -> SwapSlot:
        """Returns the slot of that name. Raises `SwapRefusedError` if nothing can be exchanged there."""
        if (slot := self.slots.get(name)) is None:
            names = ", ".join(sorted(self.slots)) or "none"
            raise SwapRefusedError(
                self._refused.get(name) or f"there is no slot {name!r} here whose part can be exchanged; those: {names}"
            )
        return slot

    def activate(self, name: str, at: int, candidate: Candidate) -> None:
        """Makes a candidate active for the key at a place, and keeps what was active standing by.

        Raises `SwapRefusedError`; what ran runs on then.
        """
        slot = self.slot(name)
        if slot.active(at) == candidate:
            return
        self._timed(name, lambda: self._activate(slot, at, candidate))

    def shadow(self, name: str, at: int, candidate: Candidate) -> None:
        """Lets a candidate stand by at a place. Raises `SwapRefusedError`."""
        slot = self.slot(name)
        if slot.standby(at) != candidate:
            slot.shadow(at, candidate)
            self._renew()

    def back(self, name: str, at: int) -> None:
        """Makes what stands by at a place active. Raises `SwapRefusedError`."""
        slot = self.slot(name)
        self._timed(name, lambda: slot.swap(at))

    def end(self, name: str, at: int) -> None:
        """Drops what stands by at a place. Raises `SwapRefusedError`."""
        self.slot(name).end(at)
        self._renew()

    def choose(self, name: str, at: int, candidate: Candidate, chooser: Chooser | None) -> None:
        """Lets a candidate that stands by `at` a place decide on some orders. Raises `SwapRefusedError`."""
        self.shadow(name, at, candidate)
        self.slot(name).choose(at, chooser)

    def _activate(self, slot: SwapSlot, at: int, candidate: Candidate) -> None:
        if slot.standby(at) != candidate:
            slot.shadow(at, candidate)
        slot.swap(at)

    def _timed(self, name: str, act: Callable[[], None]) -> None:
        started = self._clock()
        try:
            act()
        except SwapRefusedError:
            raise
        except MainspringError as error:
            raise SwapRefusedError(describe_exception(error.__cause__ or error)) from error
        finally:
            self._renew()
        self.pauses_ns[name] = max(self.pauses_ns.get(name, 0), self._clock() - started)

    def _on_swap_part(self, event: SwapPart) -> None:
        self._begin(event.now_ns)
        candidate = Candidate(event.plugin, event.options)
        acts: dict[str, Callable[[int], None]] = {
            "shadow": lambda at: self.shadow(event.slot, at, candidate),
            "swap": lambda at: self.activate(event.slot, at, candidate),
            "back": lambda at: self.back(event.slot, at),
            "end": lambda at: self.end(event.slot, at),
        }
        said, done = [], True
        try:
            keys = self.slot(event.slot).keys
        except SwapRefusedError as error:
            self.outcome = Outcome(False, str(error))
            return
        places = [at for at, key in enumerate(keys) if event.target in ("", key)]
        if not places:
            self.outcome = Outcome(False, f"{event.target!r} isn't one of {', '.join(keys)}")
            return
        for at in places:
            try:
                acts[event.action](at)
            except SwapRefusedError as error:
                done = False
                said.append(f"{keys[at]}: not done, {self.slots[event.slot].active(at).plugin} runs on: {error}")
            else:
                said.append(f"{keys[at]}: {self.describe(event.slot, at)}")
        self.outcome = Outcome(done, "; ".join(said))

    def describe(self, name: str, at: int) -> str:
        """Says what is active at a place, and what stands by."""
        slot = self.slots[name]
        other = slot.standby(at)
        return f"{slot.active(at).plugin} is active" + ("" if other is None else f", {other.plugin} stands by")
