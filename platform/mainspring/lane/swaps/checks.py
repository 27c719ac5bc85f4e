"""Exchanges risk checks: a candidate checks the orders that the control checks, and the verdicts are compared."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from mainspring.lane.swaps.order_pairs import OrderPair, OrderPairs
from mainspring.lane.swaps.part import Part, SwapRefusedError
from mainspring.model import NewOrder, Refusal
from mainspring.risk import Gate
from mainspring.seams import RiskSession

__all__ = ["CheckPairs"]

_HEARD = ("on_order", "on_sent", "on_event")


class CheckPairs(OrderPairs):
    """The slot of one risk check, "risk NAME", of the instruments that have it. The gate has the checks or their pairs.

    `indexes` are those of the instruments, and `session` is what checks see of the lane.
    """

    def __init__(
        self, slot: str, indexes: Sequence[int], *rest: Any, gate: Gate, session: RiskSession, clock: Callable[[], int]
    ) -> None:
        """`rest` and `clock` are as for `OrderPairs`."""
        super().__init__(slot, *rest, clock=clock)
        self._indexes = indexes
        self._gate = gate
        self._session = session

    def _begin(self, at: int, other: Part) -> None:
        there = self._there(at)
        # A limit may have been changed since.
        self.controls[at] = self.controls[at]._replace(made=there)
        if (bind := getattr(other.made, "bind", None)) is not None:
            bind(self._session)
        if (adopt := getattr(other.made, "adopt", None)) is not None:
            adopt(there)
        elif any(hasattr(other.made, name) for name in _HEARD):
            raise SwapRefusedError(f"{other.candidate.plugin!r} counts, and can't take over what was counted before it")
        pair = self._pairs[at] = _Pair(self, at, there, other.made)
        self._gate.put(there, pair)

    def _end(self, at: int) -> None:
        pair, self._pairs[at] = self._pairs[at], None
        assert pair is not None
        self._gate.put(pair, self.controls[at].made)

    def _there(self, at: int) -> Any:
        return self._gate.named(self.slot.removeprefix("risk "), self._indexes[at])


class _Pair(OrderPair):
    """Two checks that assess the same orders, and hear the same of them."""

    def __init__(self, pairs: CheckPairs, at: int, control: Any, candidate: Any) -> None:
        super().__init__(pairs, at)
        self.wants_clock = any(getattr(one, "wants_clock", False) for one in (control, candidate))
        self._control = control
        self._candidate = candidate
        # The gate calls what a check defines.
        for name in _HEARD:
            if hasattr(control, name) or hasattr(candidate, name):
                setattr(self, name, self._both(name))
        for name in ("save", "restore", "lift"):
            if hasattr(control, name):
                setattr(self, name, self._of_active(name))

    @property
    def active(self) -> Any:
        """The check whose verdict counts."""
        return self._candidate if self.serving else self._control

    def check(self, order: NewOrder, market: Any, account: Any) -> Any:
        """Returns the verdict of the check that is active, or chosen for the order."""
        expected, found = self._ask(self._control.check, self._candidate.check, order, market, account)
        if (expected is None) != (found is None):
            self._pairs.refuses(self._at, order, _words(expected), _words(found))
        return found if self._chosen(order) else expected

    def _both(self, name: str) -> Callable[[Any], None]:
        def call(argument: Any) -> None:
            control, candidate = (getattr(one, name, None) for one in (self._control, self._candidate))
            if control is not None:
                control(argument)
            if candidate is not None:
                try:
                    candidate(argument)
                except BaseException as error:  # noqa: BLE001  a stranger's check may raise anything
                    self._pairs.abandon(self._at, error, None)

        return call

    def _of_active(self, name: str) -> Callable[..., Any]:
        return lambda *arguments: getattr(self.active, name)(*arguments)


def _words(verdict: Any) -> Any:
    return msgspec.to_builtins(verdict) if isinstance(verdict, Refusal) else repr(verdict)
