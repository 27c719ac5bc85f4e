"""Exchanges strategies: the one that takes over loads what the one before it saves, and goes on with its orders."""

from typing import Any

from mainspring.lane.callbacks import BoundStrategy
from mainspring.lane.own_timers import OwnTimers
from mainspring.lane.strategies import Strategies
from mainspring.lane.swaps.pair_times import PairTimes
from mainspring.lane.swaps.pairs import MadePairs
from mainspring.lane.swaps.part import SwapRefusedError

__all__ = ["StrategyPairs"]


class StrategyPairs(MadePairs):
    """The slot "strategy NAME". Its parts are `BoundStrategy`s, whose timers are their own.

    What stands by isn't called: its orders would have to go somewhere.
    """

    def __init__(self, slot: str, *rest: Any, strategies: Strategies) -> None:
        """`rest` is as for `MadePairs`."""
        super().__init__(slot, *rest)
        self._strategies = strategies

    def times(self, at: int) -> PairTimes | None:
        """Returns None: what stands by isn't called."""
        return None

    def _serve(self, at: int, serving: bool) -> None:
        candidate = self.candidates[at]
        assert candidate is not None
        control: BoundStrategy = self.controls[at].made
        before, after = (control, candidate.made) if serving else (candidate.made, control)
        if before.save is not None:
            state = before.save()
            if after.load is None or after.save is None:
                raise SwapRefusedError(f"{after.plugin!r} loads no state, and {before.plugin!r} saves one")
            after.load(state)
            if (found := after.save()) != state:
                raise SwapRefusedError(f"{after.plugin!r} saves {found!r} after it has loaded {state!r}")
        if self._strategies.started and after.on_start is not None:
            try:
                after.on_start(after.session)
            except BaseException:
                _timers(after).cancel_all()
                raise
        _timers(before).cancel_all()
        self._strategies.replace(before, after)
        self.serving[at] = serving


def _timers(strategy: BoundStrategy) -> OwnTimers:
    timers = strategy.session.timers
    assert isinstance(timers, OwnTimers)
    return timers
