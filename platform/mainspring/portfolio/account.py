"""What others read of positions: the objects behind `mainspring.seams.PositionView` and `AccountView`."""

from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

from mainspring.model import AccountStatement, Mark
from mainspring.portfolio.position import Position

__all__ = ["Account", "OpenLots", "OwnPosition"]


class OpenLots(Protocol):
    """What the venue may still fill of the orders in one instrument."""

    buy: int
    sell: int


class OwnPosition:
    """One strategy's position in one instrument. Implements `mainspring.seams.PositionView`.

    `position` is the position itself: the same object for as long as the session runs.
    """

    __slots__ = ("_mark", "position")

    # Read by C code: half the time of a property in Python.
    position_lots: int = property(attrgetter("position.units.position_lots"))  # type: ignore[assignment]

    def __init__(self, position: Position, mark: Callable[[], Mark | None]) -> None:
        """`mark` finds the price that the position is valued at."""
        self.position = position
        self._mark = mark

    def statement(self) -> AccountStatement:
        """See `mainspring.seams.PositionView.statement`."""
        return self.position.statement(self._mark())


class Account(OwnPosition):
    """Position and open orders in one instrument. Implements `mainspring.seams.AccountView`."""

    __slots__ = ("open_lots",)

    open_buy_lots: int = property(attrgetter("open_lots.buy"))  # type: ignore[assignment]
    open_sell_lots: int = property(attrgetter("open_lots.sell"))  # type: ignore[assignment]

    def __init__(self, position: Position, mark: Callable[[], Mark | None], open_lots: OpenLots) -> None:
        """`open_lots` is the order manager's count, which changes under the view."""
        super().__init__(position, mark)
        self.open_lots = open_lots
