"""Sizes as people write them, in base currency, to lots."""

from decimal import Decimal

from mainspring.model import Instrument, units_from_decimal

__all__ = ["lots"]


def lots(size: Decimal, instrument: Instrument, field: str) -> int:
    """The whole lots of a size in base currency. Raises `GridError` where it isn't a whole number of them."""
    return units_from_decimal(size, instrument.lot_size, instrument=instrument.symbol, field=field)
