"""The slippage seam: estimates what an order costs relative to the mid price."""

from typing import Protocol

from mainspring.model import NewOrder, Refusal, SlippageEstimate
from mainspring.seams.catalogue import Catalogue, hookspec
from mainspring.seams.market import MarketView

__all__ = ["SlippageModel", "register_slippage"]


class SlippageModel(Protocol):
    """Estimates the cost of an order relative to the mid price.

    The estimate is above zero for every order, never falls as its size or volatility grows, is the same for both sides
    of a symmetric market, and is smaller for a resting limit order than for a market order of the same size. If a
    figure that the model needs isn't known, or the market has no mid price, it returns a `Refusal` that names it:
    never a guess, and never zero.
    """

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """Returns the cost of the order now, split into its causes, or the reason why it can't be estimated."""
        ...


@hookspec
def register_slippage(catalogue: Catalogue) -> None:
    """Offers slippage models.

    Called once, when the registry loads. Add each model with `catalogue.add(name, factory, summary=..., options=...)`;
    the factory is called as `factory(instrument)`, with `options=` if the offer declares them, once per instrument of
    a session, and returns an object that implements `mainspring.seams.SlippageModel`.
    `mainspring.testing.check_slippage` checks that it does.

    Capabilities: `in_runs` (bool, default False): the fused runs of our native decoder know the model themselves.
    `calibrates` (text, default none): "cause=option" pairs with commas, for options to which a cause of an order that
    takes liquidity is proportional; `mainspring calibrate` fits these.
    """
