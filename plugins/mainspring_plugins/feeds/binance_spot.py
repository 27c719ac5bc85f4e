"""Binance spot: diff depth with REST snapshots, book ticker, trades. Combined or raw streams."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Connection,
    Contiguous,
    Format,
    Listing,
    Range,
    RestSnapshot,
    WireFeed,
)
from mainspring_plugins.feeds import _binance

__all__ = ["BINANCE_SPOT", "register_feeds"]

BINANCE_SPOT = WireFeed(
    format=Format(
        messages=(
            _binance.quote(named=False),
            _binance.depth(Range(first="U", last="u")),
            *_binance.TRADES,
            *_binance.views(named=False),
            *_binance.snapshots(),
            *_binance.CONTROLS,
        ),
        unwrap="data",
        stream=_binance.STREAM,
        answers=_binance.ANSWERS,
        sequencing=Contiguous(),
    ),
    resync=RestSnapshot(path="/api/v3/depth?symbol={venue_symbol}&limit=1000", weight=50),
    connection=Connection(
        address="wss://stream.binance.com:9443/stream",
        rest="https://api.binance.com",
        subscribe=(_binance.subscribe("depth@100ms"),),
        # A connection takes 1024 streams, of which an instrument has 3.
        instruments=341,
        messages_a_second=5,
    ),
    # Binance writes at most eight decimals on spot.
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8"), quotes=_binance.QUOTES),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `binance-spot`."""
    catalogue.add(
        "binance-spot",
        BINANCE_SPOT,
        summary="Binance spot: depth, book ticker, trades",
        capabilities={"recordings": "cryptofeed's, 269 messages; hftbacktest's, 99,574"},
    )
