"""A position in whole numbers: lots, value units, and fees by rate."""

from mainspring.portfolio.valuation import Valuation

__all__ = ["FINE_BITS", "PositionUnits"]

FINE_BITS = 64
"""The cost is kept in 2**64 parts of a value unit, so that no close loses the remainder of its division."""


class PositionUnits:
    """Counts a position by average cost: what `mainspring.portfolio.Position` is worked out from.

    Closing `q` lots of a position of `n` releases `q / n` of its cost. The cost is kept in 2**64 parts of a value unit
    (see `Valuation`) and each release is rounded to the nearest part, so that a billion closes are off by less than a
    billionth of a unit. Whatever isn't released stays with the position: at every moment, exactly,

        realised + (position's value - cost) = cash + position's value

    where cash is sales less purchases. Realised profit isn't added up at all: it is what makes this hold. Fees by rate
    are kept in parts per billion of a value unit, and so is what `Position` has worked out of funding less fees that a
    venue reported, rounded down. A fill costs about a microsecond.
    """

    __slots__ = (
        "bought_lots",
        "bought_units",
        "cost_fine",
        "fees_ppb_units",
        "position_lots",
        "rebates_ppb_units",
        "reported_ppb_units",
        "sold_lots",
        "sold_units",
        "valuation",
    )

    def __init__(self, valuation: Valuation) -> None:
        self.valuation = valuation
        self.position_lots = 0
        self.bought_lots = 0
        self.sold_lots = 0
        self.bought_units = 0
        self.sold_units = 0
        self.cost_fine = 0
        self.fees_ppb_units = 0
        self.rebates_ppb_units = 0
        self.reported_ppb_units = 0

    def on_fill(self, buys: bool, lots: int, price_ticks: int, fee_ppb: int) -> None:
        """Books a fill; `fee_ppb` is its fee by rate, in parts per billion of its value, below zero for a rebate."""
        held = self.position_lots
        units = self.valuation.units(lots, price_ticks)
        if buys:
            self.bought_lots += lots
            self.bought_units += units
            self.position_lots = held + lots
            closes = held < 0
        else:
            self.sold_lots += lots
            self.sold_units += units
            self.position_lots = held - lots
            closes = held > 0
        if not closes:
            self.cost_fine += units << FINE_BITS
        elif lots < (size := abs(held)):
            self.cost_fine -= (2 * self.cost_fine * lots + size) // (2 * size)
        else:
            self.cost_fine = self.valuation.units(lots - size, price_ticks) << FINE_BITS
        if fee_ppb:
            self.fees_ppb_units += units * fee_ppb
            if fee_ppb < 0:
                self.rebates_ppb_units -= units * fee_ppb
