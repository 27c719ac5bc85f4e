"""Estimates of what an order costs relative to the mid price."""

import msgspec

__all__ = ["ADVERSE_SELECTION", "QUEUE_RISK", "SPREAD_CAPTURE", "Cause", "SlippageEstimate"]

SPREAD_CAPTURE = "spread-capture"
"""The part of the spread that a resting order earns; negative."""

ADVERSE_SELECTION = "adverse-selection"
"""The cost of the price moving against a resting order after it fills."""

QUEUE_RISK = "queue-risk"
"""The cost of chasing a resting order that doesn't fill; a filled order hasn't paid it."""


class Cause(msgspec.Struct, frozen=True, gc=False):
    """One component of an estimate. `price` is in price units (quote currency per unit of base); positive is a cost."""

    name: str
    price: float


class SlippageEstimate(msgspec.Struct, frozen=True, gc=False):
    """The expected cost of an order relative to the mid price, per unit of base currency.

    `price` is the total in price units: the sum of the causes, above zero for every order. `reference_price` is the
    mid price that it is measured from. A market buy that fills as estimated pays `reference_price + price`.

    `fill_probability`, above 0 and at most 1, is the chance that the order fills before it is chased: 1 for an order
    that takes liquidity. The causes are weighted by it, so a cause divided by it is what the order costs if it fills.
    """

    price: float
    reference_price: float
    causes: tuple[Cause, ...]
    fill_probability: float = 1.0

    @property
    def bps(self) -> float:
        """The total in basis points of the reference price."""
        return 1e4 * self.price / self.reference_price

    def causes_if_filled_bps(self) -> dict[str, float]:
        """Returns each cause's cost if the order fills, in basis points, without `QUEUE_RISK`, which it then avoids."""
        filled = self.reference_price * self.fill_probability
        return {cause.name: 1e4 * cause.price / filled for cause in self.causes if cause.name != QUEUE_RISK}
