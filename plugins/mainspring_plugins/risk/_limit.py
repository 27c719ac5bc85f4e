"""What the checks with a single number as limit share."""

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Annotated

import msgspec

from mainspring.model import NewOrder
from mainspring.seams import AccountView

__all__ = ["CountOptions", "FlagOptions", "LimitOptions", "reduces", "whole_units"]


class LimitOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit of 0 or more, in the unit that the check's summary names. 0 lets nothing pass."""

    limit: Decimal

    def __post_init__(self) -> None:
        if not self.limit.is_finite() or self.limit < 0:
            raise ValueError(f"a limit must be a number of 0 or more, not {self.limit}")

    def loosens(self, before: "LimitOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit > before.limit


class CountOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit on a count. 0 lets nothing pass."""

    limit: Annotated[int, msgspec.Meta(ge=0)]

    def loosens(self, before: "CountOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return self.limit > before.limit


class FlagOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the rule applies."""

    limit: bool

    def loosens(self, before: "FlagOptions") -> bool:
        """Returns whether this lets something pass that `before` doesn't."""
        return before.limit and not self.limit


def reduces(order: NewOrder, account: AccountView) -> bool:
    """Whether an order can only make the position smaller, even if every open order of its side fills before it."""
    if order.side > 0:
        return account.position_lots + account.open_buy_lots + order.size_lots <= 0
    return account.position_lots - account.open_sell_lots - order.size_lots >= 0


def whole_units(limit: Decimal, *unit: Decimal) -> int:
    """Returns the largest whole number of units within `limit`, exactly. A unit is the product of its parts."""
    parts = Fraction(1)
    for part in unit:
        parts *= Fraction(part)
    return floor(Fraction(limit) / parts)
