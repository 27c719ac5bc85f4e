"""What the checks with a single number as limit share."""

from decimal import Decimal
from fractions import Fraction
from math import floor

import msgspec

__all__ = ["LimitOptions", "whole_units"]


class LimitOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit of 0 or more, in the unit that the check's summary names. 0 lets nothing pass."""

    limit: Decimal

    def __post_init__(self) -> None:
        if not self.limit.is_finite() or self.limit < 0:
            raise ValueError(f"a limit must be a number of 0 or more, not {self.limit}")


def whole_units(limit: Decimal, *unit: Decimal) -> int:
    """Returns the largest whole number of units within `limit`, exactly. A unit is the product of its parts."""
    parts = Fraction(1)
    for part in unit:
        parts *= Fraction(part)
    return floor(Fraction(limit) / parts)
