"""Exchanges slippage models: a candidate estimates what the control estimates, and the estimates are compared."""

from collections.abc import Callable, MutableSequence
from typing import Any

import msgspec

from mainspring.lane.swaps.pair_times import PairTimes
from mainspring.lane.swaps.pairs import Pairs
from mainspring.lane.swaps.part import Chooser, Part, SwapRefusedError
from mainspring.lane.swaps.spread import Spread
from mainspring.model import NewOrder, Refusal, SlippageEstimate
from mainspring.plugin_calls import describe_exception, guarded_pair, is_interrupt
from mainspring.seams import MarketView

__all__ = ["ModelPairs"]

_Estimate = Callable[[NewOrder, MarketView], SlippageEstimate | Refusal]


class ModelPairs(Pairs):
    """The slot "slippage" of a lane's instruments.

    `models` and `estimates` are the order manager's: the models, and their methods as it calls them. `clock` times
    both. Estimates are compared as distributions, in basis points; where one model refuses an order and the other
    doesn't, that is a difference.
    """

    def __init__(
        self,
        models: MutableSequence[Any],
        estimates: MutableSequence[_Estimate],
        *rest: Any,
        clock: Callable[[], int],
    ) -> None:
        """`rest` is as for `Pairs`."""
        super().__init__("slippage", *rest)
        self._models = models
        self._estimates = estimates
        self._clock = clock
        self._pairs: list[_Pair | None] = [None] * len(self.keys)

    def times(self, at: int) -> PairTimes | None:
        """See `SwapSlot.times`."""
        pair = self._pairs[at]
        return None if pair is None else pair.times

    def spread(self, at: int) -> Spread | None:
        """Returns how the estimates of both compare, if one stands by."""
        pair = self._pairs[at]
        return None if pair is None else pair.spread

    def choose(self, at: int, chooser: Chooser | None) -> None:
        """See `SwapSlot.choose`."""
        pair = self._pairs[at]
        if pair is None:
            raise SwapRefusedError(f"nothing stands by in the slot {self.slot} of {self.keys[at]}")
        pair.chooser = chooser

    def _begin(self, at: int, other: Part) -> None:
        control = self._guarded(self.controls[at])
        pair = self._pairs[at] = _Pair(self, at, control, self._guarded(other), self._clock)
        # What runs natively knows no pair, and leaves the order to Python.
        self._models[at] = pair
        self._estimates[at] = pair.estimate

    def _show(self, at: int) -> None:
        pair = self._pairs[at]
        assert pair is not None
        pair.serving = self.serving[at]
        pair.chooser = None

    def _end(self, at: int) -> None:
        self._pairs[at] = None
        part = self.controls[at]
        self._models[at] = part.made
        self._estimates[at] = self._guarded(part)

    def _guarded(self, part: Part) -> _Estimate:
        return guarded_pair(part.made.estimate, "slippage model", part.candidate.plugin, part.distribution)

    def abandon(self, at: int, error: BaseException, order: NewOrder) -> None:
        """Drops a candidate that raised at an order `at` a place."""
        if is_interrupt(error):
            raise error
        said = describe_exception(error.__cause__ or error)
        self.differ(at, "it raised", before=None, given=msgspec.to_builtins(order), expected=None, found=said)
        self.drop(at)


class _Pair:
    """Two models that are asked about the same orders."""

    def __init__(
        self, pairs: ModelPairs, at: int, control: _Estimate, candidate: _Estimate, clock: Callable[[], int]
    ) -> None:
        self.serving = False
        self.chooser: Chooser | None = None
        self.times = PairTimes()
        self.spread = Spread()
        self._control = control
        self._candidate = candidate
        self._pairs = pairs
        self._at = at
        self._clock = clock

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """Returns the estimate of the model that is active, or chosen for the order."""
        clock = self._clock
        started = clock()
        expected = self._control(order, market)
        middle = clock()
        try:
            found = self._candidate(order, market)
        except BaseException as error:  # noqa: BLE001  a stranger's model may raise anything
            self._pairs.abandon(self._at, error, order)
            return expected
        self.times.add(middle - started, clock() - middle)
        if isinstance(expected, Refusal) or isinstance(found, Refusal):
            if type(expected) is not type(found):
                self._pairs.differ(
                    self._at,
                    "one refuses the order",
                    before=None,
                    given=msgspec.to_builtins(order),
                    expected=msgspec.to_builtins(expected),
                    found=msgspec.to_builtins(found),
                )
        else:
            self.spread.add(expected.bps, found.bps)
        chosen = self.serving if self.chooser is None else self.chooser(order)
        return found if chosen else expected
