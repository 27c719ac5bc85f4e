"""What an order is expected to cost beyond the mid price."""

import msgspec

__all__ = ["ADVERSE_SELECTION", "QUEUE_RISK", "SPREAD_CAPTURE", "Cause", "SlippageEstimate"]

SPREAD_CAPTURE = "spread-capture"
"""The cause by which a resting order earns the spread; negative."""

ADVERSE_SELECTION = "adverse-selection"
"""The cause by which the price moves against a resting order after it fills."""

QUEUE_RISK = "queue-risk"
"""The cause for the case that a resting order doesn't fill; an order that did fill hasn't paid it."""


class Cause(msgspec.Struct, frozen=True, gc=False):
    """One part of an estimate. `price` is in price units (quote currency for one unit of base), positive is a cost."""

    name: str
    price: float


class SlippageEstimate(msgspec.Struct, frozen=True, gc=False):
    """The expected cost of an order against the mid price, for one unit of base currency.

    `price` is the whole in price units: the sum of the causes, above zero for every order. `reference_price` is the
    mid price that it is measured from. A market order that fills at its estimate pays `reference_price + price` when
    it buys.

    `fill_probability`, above 0 and at most 1, is the chance that the order fills before it would be chased: 1 for an
    order that takes. The causes are weighted by it, so that a cause divided by it is what the order costs if it fills.
    """

    price: float
    reference_price: float
    causes: tuple[Cause, ...]
    fill_probability: float = 1.0

    @property
    def bps(self) -> float:
        """The whole in basis points of the reference price."""
        return 1e4 * self.price / self.reference_price

    def causes_if_filled_bps(self) -> dict[str, float]:
        """What each cause costs if the order fills, in basis points; `QUEUE_RISK`, then avoided, is left out."""
        filled = self.reference_price * self.fill_probability
        return {cause.name: 1e4 * cause.price / filled for cause in self.causes if cause.name != QUEUE_RISK}
