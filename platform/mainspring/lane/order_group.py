"""What a strategy sees of orders that depend on each other: the objects behind `mainspring.seams.OrderGroup`."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mainspring.model import Side
from mainspring.orders.contingent import Group, GroupTerms

if TYPE_CHECKING:
    from mainspring.lane.contingent_orders import ContingentOrders
    from mainspring.lane.strategy_market import LaneStrategyMarket

__all__ = ["LaneOrderGroup", "open_bracket", "open_pair", "open_stop"]

_Price = str | Decimal | None


class LaneOrderGroup:
    """Implements `mainspring.seams.OrderGroup`."""

    __slots__ = ("_contingent", "_group")

    def __init__(self, group: Group, contingent: "ContingentOrders") -> None:
        """`contingent` keeps the group."""
        self._group = group
        self._contingent = contingent

    @property
    def over(self) -> bool:
        """See `mainspring.seams.OrderGroup.over`."""
        return self._group.over

    @property
    def triggered(self) -> bool:
        """See `mainspring.seams.OrderGroup.triggered`."""
        return self._group.triggered

    @property
    def order_ids(self) -> tuple[int, ...]:
        """See `mainspring.seams.OrderGroup.order_ids`."""
        return tuple(leg.order_id for leg in self._group.legs)

    def cancel(self) -> None:
        """See `mainspring.seams.OrderGroup.cancel`."""
        self._contingent.give_up(self._group)


def open_bracket(
    market: "LaneStrategyMarket",
    entry: Any,
    contingent: "ContingentOrders",
    take_profit: tuple[_Price, int | None],
    stop: tuple[_Price, int | None],
    stop_limit: tuple[_Price, int | None],
) -> LaneOrderGroup:
    """Opens a bracket around `entry`, an order of `market`, in `contingent`. Raises `ValueError`.

    Of the pairs, each is a price as a decimal and as ticks, of which at most one is given.
    """
    if getattr(entry, "market", None) is not market:
        raise ValueError(f"a bracket is put around an order of this market, not {entry!r}")
    profit_ticks, stop_ticks, limit_ticks = (market.ticks_of(*price) or 0 for price in (take_profit, stop, stop_limit))
    if not (profit_ticks or stop_ticks):
        raise ValueError("a bracket needs take_profit, stop, or both")
    if limit_ticks and not stop_ticks:
        raise ValueError("stop_limit goes with a stop")
    if profit_ticks and stop_ticks and (profit_ticks - stop_ticks) * entry.side <= 0:
        raise ValueError(f"the stop at {stop_ticks} ticks is beyond the take-profit at {profit_ticks} ticks")
    terms = GroupTerms(
        "exit", market.index, market.strategy, -int(entry.side), 0, profit_ticks, stop_ticks, limit_ticks
    )
    return LaneOrderGroup(contingent.open(terms, [(entry.order_id, "entry")]), contingent)


def open_stop(
    market: "LaneStrategyMarket",
    contingent: "ContingentOrders",
    side: Side,
    lots: int | None,
    stop_ticks: int | None,
    limit_ticks: int | None,
) -> LaneOrderGroup:
    """Opens a stop order in a market: `contingent` keeps it. Raises `ValueError`.

    `lots` is its size; it is set off at `stop_ticks`, and sends a limit order at `limit_ticks`, if that is given.
    """
    if lots is None or stop_ticks is None:
        raise ValueError("a stop order needs a size and a stop")
    terms = GroupTerms("exit", market.index, market.strategy, int(side), lots, 0, stop_ticks, limit_ticks or 0)
    return LaneOrderGroup(contingent.open(terms, []), contingent)


def open_pair(one: Any, other: Any, contingent: "ContingentOrders", strategy: str) -> LaneOrderGroup:
    """Lets `one` and `other`, orders of a strategy, cancel each other: `contingent` keeps them. Raises `ValueError`."""
    if any(getattr(getattr(each, "market", None), "strategy", None) != strategy for each in (one, other)):
        raise ValueError("a pair is of two orders of this strategy")
    if one.order_id == other.order_id:
        raise ValueError("a pair is of two orders")
    terms = GroupTerms("pair", one.market.index, strategy)
    return LaneOrderGroup(contingent.open(terms, [(one.order_id, "one"), (other.order_id, "one")]), contingent)
