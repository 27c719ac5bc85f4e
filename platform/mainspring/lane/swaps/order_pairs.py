"""What slots have in common whose parts are asked about orders: two of them are, and one of their answers counts."""

from collections.abc import Callable
from typing import Any

import msgspec

from mainspring.lane.swaps.pair_times import PairTimes
from mainspring.lane.swaps.pairs import MadePairs, describe_raised
from mainspring.lane.swaps.part import Chooser, SwapRefusedError
from mainspring.model import NewOrder
from mainspring.plugin_calls import is_interrupt

__all__ = ["OrderPair", "OrderPairs"]


class OrderPairs(MadePairs):
    """A slot whose candidates may decide on some orders only. `clock` times both, in nanoseconds."""

    def __init__(self, slot: str, *rest: Any, clock: Callable[[], int]) -> None:
        """`rest` is as for `MadePairs`."""
        super().__init__(slot, *rest)
        self.clock = clock
        self._pairs: list[Any] = [None] * len(self.keys)
        """The `OrderPair` of each key; None where nothing stands by."""

    def times(self, at: int) -> PairTimes | None:
        """See `SwapSlot.times`."""
        pair = self._pairs[at]
        return None if pair is None else pair.times

    def choose(self, at: int, chooser: Chooser | None) -> None:
        """See `SwapSlot.choose`."""
        pair = self._pairs[at]
        if pair is None:
            raise SwapRefusedError(f"nothing stands by in the slot {self.slot} of {self.keys[at]}")
        pair.chooser = chooser

    def abandon(self, at: int, error: BaseException, order: NewOrder | None) -> None:
        """Drops a candidate that raised `at` a place: at an order, or None if at what it heard."""
        if is_interrupt(error):
            raise error
        given = None if order is None else msgspec.to_builtins(order)
        said = describe_raised(error)
        self.differ(at, "it raised", before=None, given=given, expected=None, found=said)
        self.drop(at)

    def refuses(self, at: int, order: NewOrder, expected: object, found: object) -> None:
        """Notes that one refuses an order `at` a place and the other doesn't: `expected` by the control, or `found`."""
        given = msgspec.to_builtins(order)
        self.differ(at, "one refuses the order", before=None, given=given, expected=expected, found=found)

    def _show(self, at: int) -> None:
        pair = self._pairs[at]
        pair.serving = self.serving[at]
        pair.chooser = None


class OrderPair:
    """Two parts that are asked about the same orders, `at` a place of the slot."""

    def __init__(self, pairs: OrderPairs, at: int) -> None:
        self.serving = False
        self.chooser: Chooser | None = None
        self.times = PairTimes()
        self._pairs = pairs
        self._at = at

    def _ask(
        self, control: Callable[..., Any], candidate: Callable[..., Any], order: NewOrder, *rest: Any
    ) -> tuple[Any, Any]:
        """Returns the answers of both about an order; of a candidate that raises, which is dropped, the control's."""
        clock = self._pairs.clock
        started = clock()
        expected = control(order, *rest)
        middle = clock()
        try:
            found = candidate(order, *rest)
        except BaseException as error:  # noqa: BLE001  a stranger's part may raise anything
            self._pairs.abandon(self._at, error, order)
            return expected, expected
        self.times.add(middle - started, clock() - middle)
        return expected, found

    def _chosen(self, order: NewOrder) -> bool:
        """Whether the candidate decides on an order."""
        return self.serving if self.chooser is None else self.chooser(order)
