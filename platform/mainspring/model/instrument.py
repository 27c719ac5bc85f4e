"""Instruments, and the grid of their prices and sizes."""

from decimal import Decimal
from typing import Literal

import msgspec

__all__ = ["Contract", "Instrument"]

Contract = Literal["spot", "linear", "inverse"]


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument of one venue.

    A price of `n` ticks is exactly `n * tick_size` in quote currency; a size of `n` lots is exactly `n * lot_size` in
    base currency (or in contracts, for a contract).

    `contract` says what a unit of size is worth: for "spot" and "linear", `contract_size` units of the base currency,
    with profit in the quote currency; for "inverse", `contract_size` units of the quote currency, with profit in the
    base currency. `settle_currency` names the currency of profit; empty if it follows from "BASE/QUOTE".

    `origin` says where the grid comes from ("config", "feed" or "capture"), for `mainspring explain`.
    """

    symbol: str
    venue_symbol: str
    tick_size: Decimal
    lot_size: Decimal
    contract: Contract = "spot"
    contract_size: Decimal = Decimal(1)
    settle_currency: str = ""
    origin: str = "config"

    def __post_init__(self) -> None:
        for name in ("tick_size", "lot_size", "contract_size"):
            value: Decimal = getattr(self, name)
            if not value.is_finite() or value <= 0:
                raise ValueError(f"{self.symbol}: {name} must be a positive number, not {value}")
