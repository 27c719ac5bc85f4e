"""What a calibration of a slippage model found."""

import msgspec

__all__ = ["Bin", "Calibration", "OptionFit"]


class OptionFit(msgspec.Struct, frozen=True, kw_only=True):
    """An option of a slippage model as it is, and as it was fitted, with its 95% interval.

    `cause` is the part of an estimate that is proportional to it.
    """

    option: str
    cause: str
    now: float
    fitted: float
    low: float
    high: float

    @property
    def changed(self) -> bool:
        """Whether what it is now lies outside of the interval."""
        return not self.low <= self.now <= self.high


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Orders of similar expected cost, cheapest first: means in basis points over `orders` of them."""

    orders: int
    expected_bps: float
    fitted_bps: float
    realised_bps: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted for a venue (`instrument` is empty) or for one of its instruments.

    `options` is empty if there were too few orders, which `why` says. `spread` is how far orders' costs lie from
    what was fitted, as a share of their expected cost: see `Regression`. `bins` show both next to what was realised.
    """

    venue: str
    instrument: str
    orders: int
    options: list[OptionFit] = []
    bins: list[Bin] = []
    spread: float = 0.0
    why: str = ""
