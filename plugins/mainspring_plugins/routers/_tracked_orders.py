"""Our orders as a venue has them: which of its orders carries each, and what was filled of it."""

from mainspring_plugins.routers._venue_orders import OrderUpdate, VenueOrder

__all__ = ["Replacing", "TrackedOrder"]


class Replacing:
    """A replacement that was asked for: its client's id, price and size, and the total size that was wanted.

    `name` is empty where the venue changes the order itself. `gone` is what was said when the old order left for it.
    """

    __slots__ = ("answered", "gone", "name", "price_ticks", "size_lots", "wanted_lots")

    def __init__(self, name: str, price_ticks: int, size_lots: int, wanted_lots: int) -> None:
        self.name = name
        self.price_ticks = price_ticks
        self.size_lots = size_lots
        self.wanted_lots = wanted_lots
        self.answered = False
        self.gone: OrderUpdate | None = None


class TrackedOrder:
    """One of our orders. At the venue it is an order and those that replaced it, of which `venue_id` is the last.

    `last` is that one as the venue last described it, None before it has. `filled` are the lots filled of each by the
    venue's id. `size_lots` and `price_ticks` are those of the last, of which nothing was filled when it came. `cancels`
    are cancels that wait until the venue's id is known.
    """

    __slots__ = (
        "acknowledged",
        "cancelling",
        "cancels",
        "ended",
        "filled",
        "instrument",
        "last",
        "name",
        "order_id",
        "price_ticks",
        "replacing",
        "size_lots",
        "venue_id",
    )

    def __init__(self, order_id: int, instrument: int, name: str) -> None:
        self.order_id = order_id
        self.instrument = instrument
        self.name = name
        self.venue_id = ""
        self.last: VenueOrder | None = None
        self.price_ticks = 0
        self.size_lots = 0
        self.filled: dict[str, int] = {}
        self.acknowledged = False
        self.ended = False
        self.cancelling = False
        self.cancels = 0
        self.replacing: Replacing | None = None

    @property
    def filled_lots(self) -> int:
        """What was filled of it."""
        return sum(self.filled.values())

    @property
    def total_lots(self) -> int:
        """Its size, with what was filled of the orders before the last."""
        return self.filled_lots - self.filled.get(self.venue_id, 0) + self.size_lots

    @property
    def may_cancel(self) -> bool:
        """Whether it is known which of the venue's orders to cancel."""
        return bool(self.venue_id) and (self.replacing is None or self.replacing.answered)

    def learn(self, order: VenueOrder, *, last: bool = False) -> None:
        """Takes what the venue says of one of its orders, of which it may be known to be the `last`."""
        replaces = bool(order.replaces) and order.replaces == self.venue_id
        is_next = replaces or (self.replacing is not None and order.client_order_id == self.replacing.name)
        if last or not self.venue_id or (order.id not in self.filled and is_next):
            self.venue_id = order.id
        if order.id == self.venue_id:
            self.last = order
            self.size_lots, self.price_ticks = order.size_lots, order.price_ticks
        self.filled[order.id] = max(order.filled_lots, self.filled.get(order.id, 0))
