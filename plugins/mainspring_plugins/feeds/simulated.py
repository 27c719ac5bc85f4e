"""The simulated market: generates its own messages, in Binance spot's format."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from mainspring.model import Instrument
from mainspring.seams import Catalogue, Feed, FeedContext, RawMessage, hookimpl
from mainspring.wire import SnapshotMessage
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.simulated_market import SimulatedOptions, market_messages, recipe_digest

__all__ = ["WHOLE_SPOT", "SimulatedFeed", "register_feeds"]

WHOLE_SPOT = msgspec.structs.replace(
    BINANCE_SPOT,
    format=msgspec.structs.replace(
        BINANCE_SPOT.format,
        messages=tuple(
            msgspec.structs.replace(one, cut=False) if isinstance(one, SnapshotMessage) else one
            for one in BINANCE_SPOT.format.messages
        ),
    ),
)
"""Binance spot's format where a snapshot holds the whole book."""

_TICK_SIZE = Decimal("0.01")
_LOT_SIZE = Decimal("0.00001")


class SimulatedFeed:
    """The factory of the feed `simulated`, with the attributes that `mainspring.seams.register_feeds` describes.

    The option `seed` determines every message; `docs/reference-session.md` describes the market.
    """

    def __call__(self, context: FeedContext, *, options: SimulatedOptions | None = None) -> Feed:
        """Returns a feed that reads the messages. The options are the generator's; reading needs none."""
        del options
        return WHOLE_SPOT(context)

    def source(self, instruments: tuple[Instrument, ...], options: SimulatedOptions) -> Iterator[RawMessage]:
        """Returns the session's messages. Raises `ConfigError` for an instrument that can't be simulated."""
        return market_messages(instruments, options)

    def recipe(self, instruments: tuple[Instrument, ...], options: SimulatedOptions) -> str:
        """Returns the digest under which a session is cached."""
        return recipe_digest(instruments, options)

    def describe(self, symbol: str, venue_symbol: str | None = None) -> Instrument | None:
        """Returns any instrument with the grid of BTC/USDT: ticks of 0.01, lots of 0.00001.

        `symbol` is the session's name for it, `venue_symbol` the venue's.
        """
        listed = BINANCE_SPOT.describe(symbol, venue_symbol)
        return listed and msgspec.structs.replace(listed, tick_size=_TICK_SIZE, lot_size=_LOT_SIZE)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `simulated`."""
    catalogue.add(
        "simulated",
        SimulatedFeed(),
        summary="A seeded market of our own, the same bytes everywhere: the reference session",
        options=SimulatedOptions,
        capabilities={"generated": True},
        rank=10,
    )
