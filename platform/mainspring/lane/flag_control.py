"""Does in a lane what its flags say, and changes them at a command."""

from collections.abc import Callable, Mapping
from typing import Any

from mainspring.flags import Flag, describe_share
from mainspring.lane.events import SetFlag
from mainspring.lane.flag_board import FlagBoard
from mainspring.lane.risk_control import Outcome
from mainspring.lane.swaps import Candidate, SwapControl, SwapRefusedError
from mainspring.lane.timers import Timers
from mainspring.model import NewOrder

__all__ = ["FlagControl"]


class FlagControl:
    """Exchanges parts as the flags of `board` say, through `swaps`, at a command and where a flag begins or ends.

    A member of a flag's share gets its candidate, and what it had stands by; when it is none any more, that is active
    again within the same event. `shadowed` are the flags whose candidate stands by for the others. `begin` sets the
    lane's time, `order_key` returns the key of an order, and `timers` are the lane's. `outcome` is what became of the
    last command, and `problems` says which keys a flag doesn't serve as it should, and why.
    """

    def __init__(
        self,
        board: FlagBoard,
        swaps: SwapControl,
        timers: Timers,
        *,
        shadowed: frozenset[str],
        begin: Callable[[int], None],
        order_key: Callable[[int], str],
    ) -> None:
        self.board = board
        self.outcome = Outcome(True, "")
        self.problems: dict[tuple[str, str], str] = {}
        self._swaps = swaps
        self._timers = timers
        self._shadowed = shadowed
        self._begin = begin
        self._order_key = order_key
        self._taken: dict[tuple[str, int], Candidate] = {}
        self.handlers: Mapping[type, Callable[[Any], None]] = {SetFlag: self._on_set_flag}

    def start(self) -> None:
        """Does what the flags say as they stand."""
        for flag in self.board.flags.values():
            self._take(flag)

    def _on_set_flag(self, event: SetFlag) -> None:
        self._begin(event.now_ns)
        flag, known = event.flag, self.board.flags.get(event.flag.name)
        if known is None:
            names = ", ".join(self.board.flags) or "none"
            self.outcome = Outcome(False, f"no flag {flag.name!r} is in the config; there are: {names}")
            return
        if (flag.slot, flag.unit) != (known.slot, known.unit):
            what = f"the {known.slot or 'behaviour'} of {known.units}"
            self.outcome = Outcome(False, f"{flag.name} is a flag for {what}, and stays one until the session ends")
            return
        self.board.flags[flag.name] = flag
        self._take(flag)
        wrong = [f"{key}: {why}" for (name, key), why in self.problems.items() if name == flag.name]
        text = f"{flag.name} is at {describe_share(flag.share_bp)} of {flag.units}"
        if flag.members is not None:
            text = f"{flag.name} is for {', '.join(flag.members) or 'nobody'}"
        self.outcome = Outcome(not wrong, "; ".join([text, *wrong]))

    def _take(self, flag: Flag) -> None:
        """Does what a flag says, and sets the timers at which it begins and ends."""
        for due_ns in (flag.start_ns, flag.end_ns):
            if due_ns and not self.board.is_past(due_ns):
                self._timers.add(due_ns, 0, lambda: self._again(flag))
        self._apply(flag)

    def _again(self, flag: Flag) -> None:
        # It may have been set since.
        if self.board.flags[flag.name] is flag:
            self._apply(flag)

    def _apply(self, flag: Flag) -> None:
        if not flag.slot:
            return
        candidate = Candidate(flag.plugin, flag.options)
        try:
            keys = self._swaps.slot(flag.slot).keys
        except SwapRefusedError as error:
            self.problems[flag.name, flag.slot] = str(error)
            return
        for at, key in enumerate(keys):
            self.problems.pop((flag.name, key), None)
            try:
                if flag.unit in ("order", "strategy") and not flag.slot.startswith("strategy "):
                    self._serve_orders(flag, at, candidate)
                else:
                    self._serve_key(flag, at, key, candidate)
            except SwapRefusedError as error:
                self.problems[flag.name, key] = str(error)

    def _serve_key(self, flag: Flag, at: int, key: str, candidate: Candidate) -> None:
        slot, place = self._swaps.slot(flag.slot), (flag.slot, at)
        candidate = candidate._replace(plugin=candidate.plugin or slot.active(at).plugin)
        taken = self._taken.get(place)
        if self.board.takes(flag, key):
            if taken is not None and taken != candidate:
                self._return(flag.slot, at)
            self._swaps.activate(flag.slot, at, candidate)
            self._taken[place] = candidate
            return
        if taken is not None:
            self._return(flag.slot, at)
        if flag.name in self._shadowed:
            self._swaps.shadow(flag.slot, at, candidate)

    def _return(self, slot: str, at: int) -> None:
        """Makes active what the flag has taken the place of. That stands by, so nothing is made and nothing copied."""
        # A candidate that has come to differ may have given way already.
        if self._swaps.slot(slot).active(at) == self._taken.pop((slot, at)):
            self._swaps.back(slot, at)

    def _serve_orders(self, flag: Flag, at: int, candidate: Candidate) -> None:
        key_of = _strategy_of if flag.unit == "strategy" else self._id_of
        takes = self.board.takes
        if flag.share_bp or flag.members:
            self._swaps.choose(flag.slot, at, candidate, lambda order: takes(flag, key_of(order)))
        elif self._swaps.slot(flag.slot).standby(at) is not None:
            self._swaps.slot(flag.slot).choose(at, None)
        elif flag.name in self._shadowed:
            self._swaps.shadow(flag.slot, at, candidate)

    def _id_of(self, order: NewOrder) -> str:
        return self._order_key(order.order_id)


def _strategy_of(order: NewOrder) -> str:
    return order.strategy
