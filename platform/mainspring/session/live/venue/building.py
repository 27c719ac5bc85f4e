"""Builds the exchange of a box on the simulated market."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring.session.live.venue.exchange import Exchange, ExchangeMarket

__all__ = ["build_exchange"]

_YEARS_S: Final = 1_000_000_000.0


def build_exchange(
    instruments: Sequence[Instrument],
    registry: Registry,
    *,
    seed: int,
    cash: Decimal,
    rate: float,
    clock_ns: Callable[[], int],
    open_prices: Mapping[str, str],
) -> Exchange:
    """Returns an exchange whose market begins now by `clock_ns`, with an account of so much `cash`.

    `rate` multiplies the speed of the order flow. The market is the feed `simulated` with that seed, from
    `open_prices` by symbol, and its matching the paper venue's.
    """
    feed, codec = registry.get("feed", "simulated"), registry.best("codec", format="json")
    assert feed.options is not None
    market = {"seed": seed, "seconds": _YEARS_S, "rate": rate, "start_ns": clock_ns(), "open_prices": open_prices}
    options = msgspec.convert(market, feed.options)
    queue, book = registry.best("queue").factory, registry.best("book").factory
    made = ExchangeMarket(
        instruments,
        feed.factory.source(tuple(instruments), options),
        feed.factory(FeedContext(tuple(instruments), codec.factory())),
        [book(one) for one in instruments],
        [queue(one) for one in instruments],
    )
    return Exchange(made, seed=seed, cash=cash)
