"""One instrument for one strategy in a lane that is fused: requests are made where runs work them off."""

from typing import Any

from mainspring.lane.strategy_market import LaneStrategyMarket

__all__ = ["FusedStrategyMarket"]


class FusedStrategyMarket(LaneStrategyMarket):
    """A `LaneStrategyMarket` whose orders come of `mainspring.seams.Fused.own_orders`, which has `buy` and `sell`.

    Those do what the methods of this class's base do, and call them for what isn't the usual case.
    """

    __slots__ = ("buy", "sell")

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """The arguments are those of `LaneStrategyMarket`."""
        super().__init__(*arguments, **keywords)
        own: Any = self.own_orders
        # In the slots, which stand before the methods of the base.
        self.buy = own.buy  # type: ignore[method-assign]
        self.sell = own.sell  # type: ignore[method-assign]
