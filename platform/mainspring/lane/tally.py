"""What a lane counts for the report, per instrument: orders, fills, and what they cost against what was estimated."""

from mainspring.model import Fill, SlippageEstimate

__all__ = ["CostTally", "InstrumentTally", "realised_cost_bps"]


def realised_cost_bps(fill: Fill, mid_half_ticks: int) -> float:
    """How far from the mid price at the time of the order a fill was, on the paying side, in basis points."""
    return 1e4 * fill.side * (2 * fill.price_ticks - mid_half_ticks) / mid_half_ticks


class CostTally:
    """Estimated and realised cost of the fills of one role (maker or taker), weighted by their lots, in basis points.

    The realised cost of a fill is its distance from the mid price at the time of the order, on the paying side.
    """

    __slots__ = ("_causes", "_estimated", "_lots", "_realised", "fills")

    def __init__(self) -> None:
        self.fills = 0
        self._lots = 0
        self._estimated = 0.0
        self._realised = 0.0
        self._causes: dict[str, float] = {}

    def add(self, fill: Fill, estimate: SlippageEstimate, mid_half_ticks: int) -> None:
        """Takes a fill of an order that had this estimate, made when the mid price stood there."""
        lots = fill.size_lots
        self.fills += 1
        self._lots += lots
        self._estimated += lots * estimate.bps
        self._realised += lots * realised_cost_bps(fill, mid_half_ticks)
        for cause in estimate.causes:
            bps = 1e4 * cause.price / estimate.reference_price
            self._causes[cause.name] = self._causes.get(cause.name, 0.0) + lots * bps

    def estimated_bps(self) -> float | None:
        """The mean estimate, None where nothing was filled."""
        return self._estimated / self._lots if self._lots else None

    def realised_bps(self) -> float | None:
        """The mean realised cost, None where nothing was filled."""
        return self._realised / self._lots if self._lots else None

    def causes_bps(self) -> dict[str, float]:
        """The mean estimate split into its causes."""
        return {name: total / self._lots for name, total in self._causes.items()}


class InstrumentTally:
    """Counts of one instrument."""

    __slots__ = ("accepted", "cancelled", "costs", "fills", "maker_fills", "orders", "rejected", "replaced")

    def __init__(self) -> None:
        self.orders = 0
        self.accepted = 0
        self.rejected = 0
        self.cancelled = 0
        self.replaced = 0
        self.fills = 0
        self.maker_fills = 0
        self.costs = {"maker": CostTally(), "taker": CostTally()}
