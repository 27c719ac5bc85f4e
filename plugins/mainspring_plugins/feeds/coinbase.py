"""Coinbase Exchange: level 2 books, tickers, matches. The updates have no numbers, so a lost one can't be detected."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    ControlMessage,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Listing,
    Price,
    Rfc3339,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["COINBASE", "register_feeds"]

_SYMBOL = Text("product_id")
_SIDE = Choice("0", values=(("buy", 1), ("sell", -1)))

COINBASE = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"type": "l2update"},
                symbol=_SYMBOL,
                event_time=Rfc3339("time"),
                rows=Levels("changes", price=1, size=2, side=_SIDE),
            ),
            SnapshotMessage(
                when={"type": "snapshot"},
                symbol=_SYMBOL,
                bids=Levels("bids"),
                asks=Levels("asks"),
                restarts=True,
            ),
            *(
                TradeMessage(
                    when={"type": kind},
                    symbol=_SYMBOL,
                    event_time=Rfc3339("time"),
                    trade_id=Integer("trade_id"),
                    price=Price("price"),
                    size=Size("size"),
                    # "side" is the maker's: a buyer who waited was hit by a seller.
                    aggressor=Choice("side", values=(("buy", -1), ("sell", 1))),
                    rising_ids=True,
                )
                for kind in ("match", "last_match")
            ),
            ControlMessage(when={"type": "error"}, kind="error", text=Text("message")),
            ControlMessage(when={"type": "subscriptions"}, kind="subscription"),
        ),
    ),
    connection=Connection(
        address="wss://ws-feed.exchange.coinbase.com",
        rest="https://api.exchange.coinbase.com",
        subscribe=(
            Subscribe(
                message={
                    "type": "subscribe",
                    "product_ids": ["{venue_symbol}"],
                    "channels": ["level2_batch", "matches", "heartbeat"],
                }
            ),
        ),
        messages_a_second=8,
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8"), separator="-"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `coinbase`."""
    catalogue.add(
        "coinbase",
        COINBASE,
        summary="Coinbase Exchange: level 2 books, matches",
        capabilities={"recordings": "cryptofeed's, 9,946 messages"},
    )
