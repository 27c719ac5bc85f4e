"""Sizes as people write them, in base currency, to lots."""

from decimal import Decimal

from mainspring.errors import GridError
from mainspring.model import Instrument, units_from_decimal

__all__ = ["lots"]


def lots(size: Decimal, instrument: Instrument, field: str) -> int:
    """The whole lots of a size in base currency. Raises `GridError` where it isn't a whole number of them, or none."""
    units = units_from_decimal(size, instrument.lot_size, instrument=instrument.symbol, field=field)
    if not units:
        raise GridError(instrument.symbol, field, str(size), "is no size")
    return units
