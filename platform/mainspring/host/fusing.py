"""Runs a feed, its books and its markets as one, where its decoder can."""

from typing import TYPE_CHECKING, Any

from mainspring.host.plan import Plan
from mainspring.seams import Feed, FuseContext, Fused

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["fuse"]


def fuse(feed: Feed, books: tuple[Any, ...], plan: Plan, first: int, *, top_of_book: bool) -> Fused | None:
    """Fuses feed, books and markets if the feed's decoder can; returns None if it can't.

    `first` is the index of the feed's first instrument in the lane. With `top_of_book` quotes alone make a market live.
    """
    fuse_feed: Callable[[FuseContext], Fused | None] | None = getattr(feed, "fuse", None)
    if fuse_feed is None:
        return None
    volume = plan.market.daily_volume
    return fuse_feed(
        FuseContext(
            books=books,
            first_index=first,
            top_of_book=top_of_book,
            volatility_half_life_s=plan.market.volatility_half_life_s,
            warm_up_s=plan.market.warm_up_s,
            daily_volume_lots=tuple(
                None if volume is None else float(volume / one.lot_size) for one in plan.instruments
            ),
            daily_volatility=plan.market.daily_volatility,
        )
    )
