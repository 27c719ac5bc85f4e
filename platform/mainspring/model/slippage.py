"""What an order is expected to cost beyond the mid price."""

import msgspec

__all__ = ["Cause", "SlippageEstimate"]


class Cause(msgspec.Struct, frozen=True, gc=False):
    """One part of an estimate. `price` is in price units (quote currency for one unit of base), positive is a cost."""

    name: str
    price: float


class SlippageEstimate(msgspec.Struct, frozen=True, gc=False):
    """The expected cost of an order against the mid price, for one unit of base currency.

    `price` is the whole in price units: the sum of the causes, above zero for every order. `reference_price` is the
    mid price that it is measured from. A market order that fills at its estimate pays `reference_price + price` when
    it buys.
    """

    price: float
    reference_price: float
    causes: tuple[Cause, ...]

    @property
    def bps(self) -> float:
        """The whole in basis points of the reference price."""
        return 1e4 * self.price / self.reference_price
