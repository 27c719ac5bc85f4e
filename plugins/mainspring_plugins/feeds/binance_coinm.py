"""Binance COIN-M futures: diff depth with REST snapshots, book ticker, trades, mark prices. Combined or raw streams."""

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
    Text,
    WireFeed,
)
from mainspring_plugins.feeds import _binance

__all__ = ["BINANCE_COINM", "register_feeds"]

BINANCE_COINM = WireFeed(
    format=Format(
        messages=(
            _binance.quote(named=True),
            _binance.depth(Range(first="U", last="u", previous="pu")),
            *_binance.TRADES,
            _binance.MARK,
            *_binance.views(named=True),
            *_binance.snapshots(symbol=Text("symbol"), event_time=Millis("E")),
            *_binance.CONTROLS,
        ),
        unwrap="data",
        stream=_binance.STREAM,
        answers=_binance.ANSWERS,
        sequencing=Chained(),
    ),
    resync=RestSnapshot(path="/dapi/v1/depth?symbol={venue_symbol}&limit=1000", weight=20),
    connection=Connection(
        address="wss://dstream.binance.com/stream",
        rest="https://dapi.binance.com",
        subscribe=(_binance.subscribe("depth@0ms", "markPrice@1s"),),
        # A connection takes 1024 streams, of which an instrument has 4.
        instruments=256,
        messages_a_second=10,
    ),
    # Inverse contracts, of 100 USD for Bitcoin and 10 USD for all others; sizes are whole contracts. A symbol names its
    # expiry ("BTCUSD_PERP"), so it stays as it is.
    listing=Listing(
        tick_size=Decimal("1E-8"),
        lot_size=Decimal(1),
        contract="inverse",
        contract_size=Decimal(10),
        contract_sizes={"BTCUSD_": Decimal(100)},
        base_before="USD_",
    ),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `binance-coinm`."""
    catalogue.add(
        "binance-coinm",
        BINANCE_COINM,
        summary="Binance COIN-M futures: depth, book ticker, trades, mark prices and funding",
        capabilities={"recordings": "hftbacktest's, 98,386 messages", "marks": True},
    )
