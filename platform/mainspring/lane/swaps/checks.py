"""Exchanges risk checks: a candidate checks the orders that the active one checks, and the verdicts are compared."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mainspring.lane.swaps.pair_times import PairTimes
from mainspring.lane.swaps.pairs import Pairs
from mainspring.lane.swaps.part import Chooser, Part, SwapRefusedError
from mainspring.model import NewOrder, Refusal
from mainspring.plugin_calls import describe_exception, is_interrupt
from mainspring.risk import Gate
from mainspring.seams import RiskSession

__all__ = ["CheckPairs"]

_HEARD = ("on_order", "on_sent", "on_event")


class CheckPairs(Pairs):
    """The slot of one risk check, "risk NAME", of the instruments that have it. The gate has the checks or their pairs.

    `indexes` are those of the instruments, `session` is what checks see of the lane, and `clock` times both.
    """

    def __init__(
        self, slot: str, indexes: Sequence[int], *rest: Any, gate: Gate, session: RiskSession, clock: Callable[[], int]
    ) -> None:
        """`rest` is as for `Pairs`."""
        super().__init__(slot, *rest)
        self._indexes = indexes
        self._gate = gate
        self._session = session
        self._clock = clock
        self._pairs: list[_Pair | None] = [None] * len(self.keys)

    def times(self, at: int) -> PairTimes | None:
        """Returns how long both took for the same orders, if one stands by."""
        pair = self._pairs[at]
        return None if pair is None else pair.times

    def choose(self, at: int, chooser: Chooser | None) -> None:
        """See `SwapSlot.choose`."""
        pair = self._pairs[at]
        if pair is None:
            raise SwapRefusedError(f"nothing stands by in the slot {self.slot} of {self.keys[at]}")
        pair.chooser = chooser

    def _begin(self, at: int, other: Part) -> None:
        before = self._there(at)
        # A limit may have been changed since.
        active = self.parts[at] = self.parts[at]._replace(made=before)
        if (bind := getattr(other.made, "bind", None)) is not None:
            bind(self._session)
        if (adopt := getattr(other.made, "adopt", None)) is not None:
            adopt(before)
        elif any(hasattr(other.made, name) for name in _HEARD):
            raise SwapRefusedError(f"{other.candidate.plugin!r} counts, and can't take over what was counted before it")
        pair = self._pairs[at] = _Pair(self, at, active.made, other.made, self._clock)
        self._gate.put(before, pair)

    def _exchange(self, at: int, other: Part) -> None:
        pair = self._pairs[at]
        assert pair is not None
        pair.active, pair.standby = pair.standby, pair.active
        pair.chooser = None
        pair.times.exchange()

    def _end(self, at: int) -> None:
        pair, self._pairs[at] = self._pairs[at], None
        assert pair is not None
        self._gate.put(pair, pair.active)

    def _there(self, at: int) -> Any:
        there = self._gate.named(self.slot.removeprefix("risk "), self._indexes[at])
        return there.active if isinstance(there, _Pair) else there

    def abandon(self, at: int, error: BaseException, order: NewOrder | None) -> None:
        """Drops a check that raised while it stood by `at` a place."""
        if is_interrupt(error):
            raise error
        given = None if order is None else msgspec.to_builtins(order)
        self.differ(at, "it raised", before=None, given=given, expected=None, found=describe_exception(error))
        self.end(at)


class _Pair:
    """Two checks that assess the same orders. The active one's verdict counts, or the chosen one's."""

    def __init__(self, pairs: CheckPairs, at: int, active: Any, standby: Any, clock: Callable[[], int]) -> None:
        self.active = active
        self.standby = standby
        self.chooser: Chooser | None = None
        self.times = PairTimes()
        self.wants_clock = any(getattr(one, "wants_clock", False) for one in (active, standby))
        self._pairs = pairs
        self._at = at
        self._clock = clock
        # The gate calls what a check defines.
        for name in _HEARD:
            if hasattr(active, name) or hasattr(standby, name):
                setattr(self, name, self._both(name))
        for name in ("save", "restore", "lift"):
            if hasattr(active, name):
                setattr(self, name, self._of_active(name))

    def check(self, order: NewOrder, market: Any, account: Any) -> Any:
        clock = self._clock
        started = clock()
        expected = self.active.check(order, market, account)
        middle = clock()
        try:
            found = self.standby.check(order, market, account)
        except BaseException as error:  # noqa: BLE001  a stranger's check may raise anything
            self._pairs.abandon(self._at, error, order)
            return expected
        self.times.add(middle - started, clock() - middle)
        if (expected is None) != (found is None):
            self._pairs.differ(
                self._at,
                "one refuses the order",
                before=None,
                given=msgspec.to_builtins(order),
                expected=_words(expected),
                found=_words(found),
            )
        return found if self.chooser is not None and self.chooser(order) else expected

    def _both(self, name: str) -> Callable[[Any], None]:
        def call(argument: Any) -> None:
            active, standby = (getattr(one, name, None) for one in (self.active, self.standby))
            if active is not None:
                active(argument)
            if standby is not None:
                try:
                    standby(argument)
                except BaseException as error:  # noqa: BLE001  a stranger's check may raise anything
                    self._pairs.abandon(self._at, error, None)

        return call

    def _of_active(self, name: str) -> Callable[..., Any]:
        return lambda *arguments: getattr(self.active, name)(*arguments)


def _words(verdict: Any) -> Any:
    return msgspec.to_builtins(verdict) if isinstance(verdict, Refusal) else repr(verdict)
