"""Converts sizes in base currency to lots."""

from decimal import Decimal

from mainspring.errors import GridError
from mainspring.model import Instrument, units_from_decimal

__all__ = ["lots"]


def lots(size: Decimal, instrument: Instrument, field: str) -> int:
    """Converts a size in base currency to whole lots. Raises `GridError` unless it is a positive number of them."""
    units = units_from_decimal(size, instrument.lot_size, instrument=instrument.symbol, field=field)
    if not units:
        raise GridError(instrument.symbol, field, str(size), "is no size")
    return units
