"""Binance USD-M futures: diff depth with REST snapshots, book ticker, trades, mark prices. Combined or raw streams."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Chained,
    Connection,
    Format,
    Listing,
    Millis,
    Range,
    RestSnapshot,
    WireFeed,
)
from mainspring_plugins.feeds import _binance

__all__ = ["BINANCE_USDM", "register_feeds"]

BINANCE_USDM = WireFeed(
    format=Format(
        messages=(
            _binance.quote(named=True),
            _binance.depth(Range(first="U", last="u", previous="pu")),
            *_binance.TRADES,
            _binance.MARK,
            *_binance.views(named=True),
            *_binance.snapshots(event_time=Millis("E")),
            *_binance.CONTROLS,
        ),
        unwrap="data",
        stream=_binance.STREAM,
        answers=_binance.ANSWERS,
        sequencing=Chained(),
    ),
    resync=RestSnapshot(path="/fapi/v1/depth?symbol={venue_symbol}&limit=1000", weight=20),
    connection=Connection(
        address="wss://fstream.binance.com/public/stream",
        rest="https://fapi.binance.com",
        subscribe=(_binance.subscribe("depth@0ms"),),
        # A connection takes 1024 streams, of which an instrument has 4 if all are on one.
        instruments=256,
        messages_a_second=10,
    ),
    # Since 2026-04-23 an address says nothing, without an error, of what belongs to another one.
    further=(
        Connection(
            address="wss://fstream.binance.com/market/stream",
            subscribe=(_binance.subscribe_to("markPrice@1s"),),
            instruments=256,
            messages_a_second=10,
        ),
    ),
    # Linear contracts for one unit of the base currency; at most eight decimals are written.
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8"), contract="linear", quotes=_binance.QUOTES),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `binance-usdm`."""
    catalogue.add(
        "binance-usdm",
        BINANCE_USDM,
        summary="Binance USD-M futures: depth, book ticker, trades, mark prices and funding",
        capabilities={"recordings": "cryptofeed's, 1,539 messages; hftbacktest's, 93,954", "marks": True},
    )
