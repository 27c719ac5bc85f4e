"""What the order would pay in the present book, level by level."""

import msgspec

from mainspring.model import Cause, Instrument, NewOrder, Refusal, SlippageEstimate
from mainspring.seams import Catalogue, MarketView, hookimpl
from mainspring_plugins.slippage._common import (
    BOOK_CROSSED,
    BOOK_TOO_THIN,
    NO_MID_PRICE,
    refusal,
    require_positive,
    resting_capture_ticks,
)
from mainspring_plugins.slippage._resting import reach_probability, resting_estimate

__all__ = ["BookWalkOptions", "BookWalkSlippage", "register_slippage"]


class BookWalkOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a resting limit order is priced; a market order needs no option.

    `fill_probability`: the chance that an order at the touch is filled before it is chased, above 0 and below 1.
    `chase_spreads`: how far the mid may move away from the order before it is chased, in spreads. Raises `ValueError`
    if one is out of its range.
    """

    fill_probability: float = 0.5
    chase_spreads: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.fill_probability < 1.0:
            raise ValueError(f"fill_probability must be above 0 and below 1, not {self.fill_probability}")
        require_positive(chase_spreads=self.chase_spreads)


class BookWalkSlippage:
    """The average price of the order's size in the visible book, against the book's mid.

    A market order, or a limit order that reaches the other side, costs in price units

        spread   h = (ask - bid) / 2
        depth    average price over the levels taken, against the touch

    with every level's size as the book has it: nothing is assumed to hide, to refill or to run away. Computed in
    whole ticks and lots up to the last division. A limit order's own price doesn't bound the walk: the size that it
    can't take within its price is counted as if it had to be taken all the same.

    A limit order that rests costs a spread capture, an adverse selection and a queue risk; the formulas stand in
    `mainspring_plugins.slippage._resting`, with the walk as the cost of the chase, B zero, and the option
    `fill_probability` in place of the queue: the book alone doesn't say how much will trade.

    Mid and touch are those of the book, not of a newer quote, so that they and the walk belong to one moment. Neither
    volatility nor volume is asked for, and neither changes the estimate. Refuses where the book isn't live, the market
    or the book has no mid price or is crossed or locked, the visible book is too thin for the size (for a resting
    order as well: it may have to be chased), or the order has no size. Costs a walk and about 2 us.
    """

    __slots__ = ("_chase_spreads", "_fill_probability", "_tick")

    def __init__(self, instrument: Instrument, options: BookWalkOptions | None = None) -> None:
        options = options or BookWalkOptions()
        self._tick = float(instrument.tick_size)
        self._fill_probability = options.fill_probability
        self._chase_spreads = options.chase_spreads

    def estimate(self, order: NewOrder, market: MarketView) -> SlippageEstimate | Refusal:
        """Returns the cost of the order now, split into its causes, or the reason why it can't be estimated."""
        if (refused := refusal(order, market)) is not None:
            return refused
        best = market.book.bbo()
        if best.bid_lots <= 0 or best.ask_lots <= 0:
            return Refusal(NO_MID_PRICE, f"book: bid {best.bid_lots} lots, ask {best.ask_lots} lots")
        if best.bid_ticks >= best.ask_ticks:
            return Refusal(BOOK_CROSSED, f"book: bid {best.bid_ticks} ticks, ask {best.ask_ticks} ticks")
        walk = market.book.walk(order.side, order.size_lots)
        filled = walk.filled_lots
        if walk.unfilled_lots > 0 or filled <= 0:
            return Refusal(BOOK_TOO_THIN, f"{order.size_lots} lots wanted, {filled} visible")
        tick = self._tick
        half_spread_ticks = 0.5 * (best.ask_ticks - best.bid_ticks)
        half_spread = half_spread_ticks * tick
        mid = 0.5 * (best.bid_ticks + best.ask_ticks) * tick
        beyond = walk.cost - best.ask_ticks * filled if order.side > 0 else best.bid_ticks * filled - walk.cost
        depth = beyond / filled * tick
        cost = half_spread + depth
        capture_ticks = resting_capture_ticks(order, best.bid_ticks, best.ask_ticks)
        if capture_ticks is None:
            return SlippageEstimate(cost, mid, (Cause("spread", half_spread), Cause("depth", depth)))
        fill = self._fill_probability * reach_probability(capture_ticks, half_spread_ticks, self._chase_spreads)
        return resting_estimate(mid, half_spread, capture_ticks * tick, fill, cost, 0.0)


@hookimpl
def register_slippage(catalogue: Catalogue) -> None:
    """Offers `book-walk`."""
    catalogue.add(
        "book-walk",
        BookWalkSlippage,
        summary="the average price of the order's size in the visible book, against the mid",
        options=BookWalkOptions,
    )
