"""Open lots: what may still be filled."""

__all__ = ["OpenLots"]


class OpenLots:
    """What the venue may still fill of the orders in one instrument, unacknowledged ones included."""

    __slots__ = ("buy", "sell")

    def __init__(self) -> None:
        self.buy = 0
        self.sell = 0
