"""Exchanges slippage models: a candidate estimates what the control estimates, and the estimates are compared."""

from collections.abc import Callable, MutableSequence
from typing import Any

import msgspec

from mainspring.lane.swaps.order_pairs import OrderPair, OrderPairs
from mainspring.lane.swaps.part import Part
from mainspring.lane.swaps.spread import Spread
from mainspring.model import NewOrder, Refusal, SlippageEstimate
from mainspring.plugin_calls import guarded_pair
from mainspring.seams import MarketView

__all__ = ["ModelPairs"]

_Estimate = Callable[[NewOrder, MarketView], SlippageEstimate | Refusal]


class ModelPairs(OrderPairs):
    """The slot "slippage" of a lane's instruments.

    `models` and `estimates` are the order manager's: the models, and their methods as it calls them. Estimates are
    compared as distributions, in basis points; where one model refuses an order and the other doesn't, that is a
    difference.
    """

    def __init__(
        self,
        models: MutableSequence[Any],
        estimates: MutableSequence[_Estimate],
        *rest: Any,
        clock: Callable[[], int],
    ) -> None:
        """`rest` and `clock` are as for `OrderPairs`."""
        super().__init__("slippage", *rest, clock=clock)
        self._models = models
        self._estimates = estimates

    def spread(self, at: int) -> Spread | None:
        """Returns how the estimates of both compare, if one stands by."""
        pair = self._pairs[at]
        return None if pair is None else pair.spread

    def _begin(self, at: int, other: Part) -> None:
        control = self._guarded(self.controls[at])
        pair = self._pairs[at] = _Pair(self, at, control, self._guarded(other))
        # What runs natively knows no pair, and leaves the order to Python.
        self._models[at] = pair
        self._estimates[at] = pair.estimate

    def _end(self, at: int) -> None:
        self._pairs[at] = None
        part = self.controls[at]
        self._models[at] = part.made
        self._estimates[at] = self._guarded(part)

    def _guarded(self, part: Part) -> _Estimate:
        return guarded_pair(part.made.estimate, "slippage model", part.candidate.plugin, part.distribution)


class _Pair(OrderPair):
    """Two models that are asked about the same orders."""

    def __init__(self, pairs: ModelPairs, at: int, control: _Estimate, candidate: _Estimate) -> None:
        super().__init__(pairs, at)
        self.spread = Spread()
        self._control = control
        self._candidate = candidate

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """Returns the estimate of the model that is active, or chosen for the order."""
        expected: SlippageEstimate | Refusal
        found: SlippageEstimate | Refusal
        expected, found = self._ask(self._control, self._candidate, order, market)
        if isinstance(expected, Refusal) or isinstance(found, Refusal):
            if type(expected) is not type(found):
                said = (msgspec.to_builtins(one) for one in (expected, found))
                self._pairs.refuses(self._at, order, *said)
        else:
            self.spread.add(expected.bps, found.bps)
        return found if self._chosen(order) else expected
