"""Deribit: books whose changes are chained, tickers, trades; futures, perpetuals, options."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Chained,
    Choice,
    Connection,
    ControlMessage,
    DeltaMessage,
    Format,
    Heartbeat,
    Integer,
    Levels,
    Listing,
    Millis,
    Price,
    QuoteMessage,
    Range,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["DERIBIT", "register_feeds"]

_BOOK = {"params.channel": "book.*"}
_SYMBOL = Text("params.data.instrument_name")
_TIME = Millis("params.data.timestamp")
# A row is ["new", price, size], or "change" or "delete": its word is in the size too, which is 0 for a deletion.
_BIDS = Levels("params.data.bids", price=1, size=2, number=True)
_ASKS = Levels("params.data.asks", price=1, size=2, number=True)

DERIBIT = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={**_BOOK, "params.data.type": "change"},
                symbol=_SYMBOL,
                event_time=_TIME,
                sequence=Range(
                    first="params.data.change_id",
                    last="params.data.change_id",
                    previous="params.data.prev_change_id",
                ),
                bids=_BIDS,
                asks=_ASKS,
            ),
            SnapshotMessage(
                when={**_BOOK, "params.data.type": "snapshot"},
                symbol=_SYMBOL,
                event_time=_TIME,
                last_id=Integer("params.data.change_id"),
                bids=_BIDS,
                asks=_ASKS,
                restarts=True,
            ),
            QuoteMessage(
                when={"params.channel": "ticker.*"},
                symbol=_SYMBOL,
                event_time=_TIME,
                bid_price=Price("params.data.best_bid_price", number=True),
                bid_size=Size("params.data.best_bid_amount", number=True),
                ask_price=Price("params.data.best_ask_price", number=True),
                ask_size=Size("params.data.best_ask_amount", number=True),
            ),
            TradeMessage(
                when={"/params.channel": "trades.*"},
                each="params.data",
                symbol=Text("instrument_name"),
                event_time=Millis("timestamp"),
                trade_id=Integer("trade_seq"),
                price=Price("price", number=True),
                size=Size("amount", number=True),
                aggressor=Choice("direction", values=(("buy", 1), ("sell", -1))),
            ),
            ControlMessage(has=("error",), kind="error", inside="error", code=Integer("code"), text=Text("message")),
            ControlMessage(has=("result", "id"), kind="subscription"),
        ),
        sequencing=Chained(),
    ),
    connection=Connection(
        address="wss://www.deribit.com/ws/api/v2",
        others={"test": "wss://test.deribit.com/ws/api/v2"},
        subscribe=(
            Subscribe(
                message={
                    "jsonrpc": "2.0",
                    "id": "{number}",
                    "method": "public/set_heartbeat",
                    "params": {"interval": 30},
                }
            ),
            Subscribe(
                message={
                    "jsonrpc": "2.0",
                    "id": "{number}",
                    "method": "public/subscribe",
                    # "raw" instead of "100ms" needs a login.
                    "params": {"channels": [f"{kind}.{{venue_symbol}}.100ms" for kind in ("book", "ticker", "trades")]},
                }
            ),
        ),
        # A bound of our own: the venue documents a rate of subscriptions and no number of channels.
        instruments=166,
        messages_a_second=3,
        keepalive=(
            Heartbeat(
                when={"method": "heartbeat", "params.type": "test_request"},
                answer={"jsonrpc": "2.0", "id": 0, "method": "public/test"},
            ),
        ),
    ),
    listing=Listing(tick_size=Decimal("1E-6"), lot_size=Decimal("0.1")),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `deribit`."""
    catalogue.add(
        "deribit",
        DERIBIT,
        summary="Deribit: chained books, tickers, trades",
        capabilities={"recordings": "cryptofeed's, 136 messages"},
    )
