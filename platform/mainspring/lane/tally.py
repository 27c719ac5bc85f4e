"""What a lane counts for the report, per instrument: orders, fills, what they cost, and where the price went after."""

from collections.abc import Iterable
from typing import Final

from mainspring.lane.arrival import ArrivalPrice
from mainspring.model import QUEUE_RISK, Fill
from mainspring.portfolio import Valuation

__all__ = ["HORIZONS_NS", "CostTally", "FillRecord", "InstrumentTally", "MarkoutTally", "cost_bps"]

HORIZONS_NS: Final = (100_000_000, 1_000_000_000, 5_000_000_000, 30_000_000_000)
"""How long after a fill its markouts are taken, in nanoseconds."""


def cost_bps(fill: Fill, mid_half_ticks: int) -> float:
    """How far a fill was from a mid price, on the paying side, in basis points of that mid; below zero is earned."""
    return 1e4 * fill.side * (2 * fill.price_ticks - mid_half_ticks) / mid_half_ticks


class FillRecord:
    """A fill of ours with what was expected of it, and what the mid price was then and afterwards.

    `number` counts the lane's fills. `mid_half_ticks` is twice the mid in ticks that prevailed at the fill, before the
    message that filled the order moved it; `mid_after_half_ticks` is that after the message, and `later_mids` those
    after each of `HORIZONS_NS`. Each is None if there was no mid, or none yet.
    """

    __slots__ = ("arrival", "fill", "later_mids", "mid_after_half_ticks", "mid_half_ticks", "number", "strategy")

    def __init__(
        self,
        number: int,
        fill: Fill,
        strategy: str,
        arrival: ArrivalPrice,
        mid_half_ticks: int | None,
        mid_after_half_ticks: int | None,
    ) -> None:
        self.number = number
        self.fill = fill
        self.strategy = strategy
        self.arrival = arrival
        self.mid_half_ticks = mid_half_ticks
        self.mid_after_half_ticks = mid_after_half_ticks
        self.later_mids: list[int | None] = [None] * len(HORIZONS_NS)

    def expected_bps(self) -> float:
        """What the order was expected to cost if it filled."""
        return sum(self.arrival.estimate.causes_if_filled_bps().values())

    def markout_bps(self, horizon: int) -> float | None:
        """How far the mid moved our way from the fill to the horizon of that place; None if that isn't known."""
        later, mid = self.later_mids[horizon], self.mid_half_ticks
        return None if later is None or mid is None else 1e4 * self.fill.side * (later - mid) / mid


class MarkoutTally:
    """The markouts of one role at one horizon: a mean in basis points weighted by lots, and a sum in money.

    `half_units` is the money, in halves of value units.
    """

    __slots__ = ("_bps", "_lots", "fills", "half_units")

    def __init__(self, fills: int = 0, half_units: int = 0, lots: int = 0, bps: float = 0.0) -> None:
        """`lots` is the sum of the fills' sizes, `bps` that of their markouts, each times its size."""
        self.fills = fills
        self.half_units = half_units
        self._lots = lots
        self._bps = bps

    def add(self, lots: int, bps: float, half_units: int) -> None:
        """Adds the markout of a fill of `lots` lots: `bps` of the price, and `half_units` of money."""
        self.fills += 1
        self.half_units += half_units
        self._lots += lots
        self._bps += lots * bps

    def bps(self) -> float | None:
        """The mean, above zero where the price moved our way; None if nothing was measured."""
        return self._bps / self._lots if self._lots else None


class CostTally:
    """Expected and realised cost of the fills of one role (maker or taker), means by lots in basis points.

    What was expected is the estimate of an order that fills: its causes over the chance of a fill, without the queue
    risk. Of what was realised there are a fill's distance from the arrival price (the mid when the order was sent), its
    distance from the mid at the fill, and its markouts.
    """

    __slots__ = ("_arrival", "_captured", "_captured_lots", "_causes", "_lots", "_queue_risk", "fills", "markouts")

    def __init__(self) -> None:
        self.fills = 0
        self.markouts = [MarkoutTally() for _ in HORIZONS_NS]
        self._lots = 0
        self._arrival = 0.0
        self._captured = 0.0
        self._captured_lots = 0
        self._causes: dict[str, float] = {}
        self._queue_risk = 0.0

    @classmethod
    def restored(
        cls,
        fills: int,
        sums: tuple[int, float, float, int],
        causes: Iterable[tuple[str, float]],
        queue_risk: float,
        markouts: Iterable[tuple[int, int, int, float]],
    ) -> "CostTally":
        """Makes a tally of figures that were counted elsewhere.

        `sums` are the lots of all fills, their costs against the arrival prices and against the mids at the fills, and
        the lots of fills that had such a mid. `causes` and `queue_risk` are what was expected. All costs are sums in
        basis points times lots. `markouts` are the parameters of a `MarkoutTally` for each of `HORIZONS_NS`.
        """
        tally = cls()
        tally.fills = fills
        tally._lots, tally._arrival, tally._captured, tally._captured_lots = sums
        tally._causes = dict(causes)
        tally._queue_risk = queue_risk
        tally.markouts = [MarkoutTally(*one) for one in markouts]
        return tally

    def add(self, record: FillRecord) -> None:
        """Takes a fill."""
        fill, estimate = record.fill, record.arrival.estimate
        lots = fill.size_lots
        self.fills += 1
        self._lots += lots
        self._arrival += lots * cost_bps(fill, record.arrival.mid_half_ticks)
        if record.mid_half_ticks is not None:
            self._captured += lots * cost_bps(fill, record.mid_half_ticks)
            self._captured_lots += lots
        for name, bps in estimate.causes_if_filled_bps().items():
            self._causes[name] = self._causes.get(name, 0.0) + lots * bps
        for cause in estimate.causes:
            if cause.name == QUEUE_RISK:
                self._queue_risk += lots * 1e4 * cause.price / estimate.reference_price

    def causes_bps(self) -> dict[str, float]:
        """What the filled orders were expected to cost, by cause."""
        return {name: total / self._lots for name, total in self._causes.items()}

    def queue_risk_bps(self) -> float | None:
        """What the estimates added for the case that the order doesn't fill; None if nothing was filled."""
        return self._queue_risk / self._lots if self._lots else None

    def arrival_cost_bps(self) -> float | None:
        """The mean cost against the arrival price; None if nothing was filled."""
        return self._arrival / self._lots if self._lots else None

    def fill_cost_bps(self) -> float | None:
        """The mean cost against the mid at the fill, below zero if the spread was earned; None if no mid was known."""
        return self._captured / self._captured_lots if self._captured_lots else None


class InstrumentTally:
    """Counts of one instrument. `valuation` values a move of the mid in money."""

    __slots__ = (
        "_valuation",
        "accepted",
        "cancelled",
        "costs",
        "fills",
        "maker_fills",
        "orders",
        "rejected",
        "replaced",
    )

    def __init__(self, valuation: Valuation) -> None:
        self.orders = 0
        self.accepted = 0
        self.rejected = 0
        self.cancelled = 0
        self.replaced = 0
        self.fills = 0
        self.maker_fills = 0
        self.costs = {"maker": CostTally(), "taker": CostTally()}
        self._valuation = valuation

    @classmethod
    def restored(
        cls, valuation: Valuation, counts: tuple[int, int, int, int, int, int, int], maker: CostTally, taker: CostTally
    ) -> "InstrumentTally":
        """Makes a tally of figures that were counted elsewhere; `counts` are in the order of the attributes."""
        tally = cls(valuation)
        tally.orders, tally.accepted, tally.rejected, tally.cancelled, tally.replaced = counts[:5]
        tally.fills, tally.maker_fills = counts[5:]
        tally.costs = {"maker": maker, "taker": taker}
        return tally

    def cost_of(self, fill: Fill) -> CostTally:
        """The tally of the fill's role."""
        return self.costs["maker" if fill.maker else "taker"]

    def add_fill(self, record: FillRecord) -> None:
        """Takes a fill."""
        self.fills += 1
        self.maker_fills += record.fill.maker
        self.cost_of(record.fill).add(record)

    def add_markout(self, record: FillRecord, horizon: int, mid_half_ticks: int) -> None:
        """Takes the mid after the horizon of that place; the record keeps it. The fill had a mid of its own."""
        record.later_mids[horizon] = mid_half_ticks
        fill, before, bps = record.fill, record.mid_half_ticks, record.markout_bps(horizon)
        assert before is not None
        assert bps is not None
        gained = self._valuation.mid_move_half_units(fill.side * fill.size_lots, before, mid_half_ticks)
        self.cost_of(fill).markouts[horizon].add(fill.size_lots, bps, gained)
