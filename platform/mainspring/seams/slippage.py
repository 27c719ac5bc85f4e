"""The slippage seam: what will this order cost beyond the mid price?"""

from typing import Protocol

from mainspring.model import NewOrder, Refusal, SlippageEstimate
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.market import MarketView

__all__ = ["SlippageModel", "register_slippage"]


class SlippageModel(Protocol):
    """Estimates the cost of an order against the mid price.

    The estimate is above zero for every order, grows (never shrinks) with its size and with volatility, is the same
    for both sides of a symmetric market, and is smaller for a limit order that rests than for a market order of the
    same size. Where a figure that the model needs isn't known, or the market has no mid price, the answer is a
    `Refusal` that names it: never a guess, and never zero.
    """

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """The cost of the order now, split into its causes, or why it can't be told."""
        ...


@hookspec
def register_slippage(catalogue: Catalogue) -> None:
    """Offers slippage models.

    Called once, when the registry loads. Add each model by `catalogue.add(name, factory, summary=..., options=...)`;
    the factory is called as `factory(instrument)`, with `options=` where the offer declares them, once for each
    instrument of a session, and returns an object that keeps the contract of `mainspring.seams.SlippageModel`.
    `mainspring.testing.check_slippage` checks that it does.

    Capabilities: none are asked for.
    """
