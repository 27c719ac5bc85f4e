"""An account's cash and positions, exact."""

from collections.abc import Sequence
from decimal import Decimal

from mainspring.model import Instrument, Side

__all__ = ["Ledger"]


class Ledger:
    """Cash in one currency, and what was paid for each position.

    `cash` is money, `position_lots` by the instrument's index, and `cost` what the open position was bought for, or
    sold for if it is short.
    """

    def __init__(self, instruments: Sequence[Instrument], cash: Decimal) -> None:
        self._units = [one.tick_size * one.lot_size for one in instruments]
        self.cash = cash
        self.position_lots = [0] * len(instruments)
        self.cost = [Decimal(0)] * len(instruments)

    def value(self, instrument: int, price_ticks: int, lots: int) -> Decimal:
        """Returns price times size."""
        return self._units[instrument] * price_ticks * lots

    def book(self, instrument: int, side: Side, price_ticks: int, lots: int) -> None:
        """Books a fill."""
        value = self.value(instrument, price_ticks, lots)
        self.cash -= side * value
        before = self.position_lots[instrument]
        after = self.position_lots[instrument] = before + side * lots
        if before * side >= 0:
            self.cost[instrument] += value
        elif after * before >= 0:
            self.cost[instrument] *= Decimal(abs(after)) / abs(before)
        else:
            self.cost[instrument] = self.value(instrument, price_ticks, abs(after))
