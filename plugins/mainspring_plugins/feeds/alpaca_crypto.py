"""Alpaca crypto: order books, quotes, trades and bars, over JSON or msgpack.

The stream itself sends a book's snapshot, marked with "r". Its updates have no numbers, so a lost one can't be
detected.
"""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    DeltaMessage,
    Flag,
    Format,
    Integer,
    Levels,
    Listing,
    Price,
    QuoteMessage,
    Size,
    Subscribe,
    TradeMessage,
    Unsequenced,
    WireFeed,
)
from mainspring_plugins.feeds._alpaca import BARS, CONTROLS, LOGIN, SYMBOL, TIME

__all__ = ["ALPACA_CRYPTO", "register_feeds"]

_BOOK = DeltaMessage(
    when={"T": "o"},
    symbol=SYMBOL,
    event_time=TIME,
    reset=Flag("r", optional=True),
    bids=Levels("b", price="p", size="s", number=True),
    asks=Levels("a", price="p", size="s", number=True),
)

_QUOTE = QuoteMessage(
    when={"T": "q"},
    symbol=SYMBOL,
    event_time=TIME,
    bid_price=Price("bp", number=True),
    bid_size=Size("bs", number=True),
    ask_price=Price("ap", number=True),
    ask_size=Size("as", number=True),
)

_TRADE = TradeMessage(
    when={"T": "t"},
    symbol=SYMBOL,
    event_time=TIME,
    trade_id=Integer("i", optional=True),
    price=Price("p", number=True),
    size=Size("s", number=True),
    aggressor=Choice("tks", values=(("B", 1), ("S", -1)), otherwise=0),
)

ALPACA_CRYPTO = WireFeed(
    format=Format(messages=(_BOOK, _QUOTE, _TRADE, *BARS, *CONTROLS), batch=True, sequencing=Unsequenced()),
    connection=Connection(
        address="wss://stream.data.alpaca.markets/v1beta3/crypto/us",
        subscribe=(
            Subscribe(
                message={
                    "action": "subscribe",
                    **{kind: ["{venue_symbol}"] for kind in ("trades", "quotes", "orderbooks", "bars")},
                }
            ),
        ),
        login=LOGIN,
    ),
    listing=Listing(tick_size=Decimal("1E-9"), lot_size=Decimal("1E-9"), separator="/"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `alpaca-crypto`."""
    catalogue.add(
        "alpaca-crypto",
        ALPACA_CRYPTO,
        summary="Alpaca crypto: order books, quotes, trades, bars",
        capabilities={"encodings": "json,msgpack"},
    )
