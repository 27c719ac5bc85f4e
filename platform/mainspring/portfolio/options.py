"""The `[portfolio]` table of the configuration."""

from decimal import Decimal

import msgspec

from mainspring.model import MarkSource

__all__ = ["PortfolioOptions"]


class PortfolioOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How positions are valued.

    `mark` is the price that open positions are valued at: the "mid", the "last" public trade, or the "venue"'s own mark
    price. If it isn't known, another is taken, and the report says so. `currency`, if it isn't empty, is what the total
    of all currencies is given in, at `rates`: what one unit of each currency is worth in it. Without rates there is no
    such total.
    """

    mark: MarkSource = "mid"
    currency: str = ""
    rates: dict[str, Decimal] = {}

    def __post_init__(self) -> None:
        for name, rate in self.rates.items():
            if not rate.is_finite() or rate <= 0:
                raise ValueError(f"the rate of {name} must be above zero, not {rate}")
        if self.rates and not self.currency:
            raise ValueError('rates say what currencies are worth in another: set its name, such as currency = "USDT"')
