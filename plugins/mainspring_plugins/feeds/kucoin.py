"""KuCoin spot: level 2 updates with REST snapshots, tickers, matches."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Listing,
    Millis,
    Nanos,
    Ping,
    Price,
    QuoteMessage,
    Range,
    RestSnapshot,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TokenRequest,
    TradeMessage,
    WireFeed,
)

__all__ = ["KUCOIN", "register_feeds"]

KUCOIN = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"subject": "trade.l2update"},
                symbol=Text("data.symbol"),
                sequence=Range(first="data.sequenceStart", last="data.sequenceEnd"),
                # A row with the price 0 only takes up a number.
                bids=Levels("data.changes.bids", placeholder=True),
                asks=Levels("data.changes.asks", placeholder=True),
            ),
            SnapshotMessage(
                has=("request", "data.data.sequence"),
                symbol=Text("request", after="symbol=", until="&"),
                event_time=Millis("data.data.time"),
                last_id=Integer("data.data.sequence", text=True),
                bids=Levels("data.data.bids"),
                asks=Levels("data.data.asks"),
            ),
            QuoteMessage(
                when={"subject": "trade.ticker"},
                symbol=Text("topic", after=":"),
                event_time=Millis("data.time"),
                update_id=Integer("data.sequence", text=True),
                bid_price=Price("data.bestBid"),
                bid_size=Size("data.bestBidSize"),
                ask_price=Price("data.bestAsk"),
                ask_size=Size("data.bestAskSize"),
            ),
            TradeMessage(
                when={"subject": "trade.l3match"},
                symbol=Text("data.symbol"),
                event_time=Nanos("data.time", text=True),
                trade_id=Integer("data.sequence", text=True),
                price=Price("data.price"),
                size=Size("data.size"),
                aggressor=Choice("data.side", values=(("buy", 1), ("sell", -1))),
                rising_ids=True,
            ),
            ControlMessage(when={"type": "error"}, kind="error", text=Text("data")),
            ControlMessage(when={"type": "ack"}, kind="subscription", code=Text("id")),
            ControlMessage(when={"type": "welcome"}, kind="success", code=Text("id")),
        ),
        sequencing=Contiguous(),
    ),
    resync=RestSnapshot(path="/api/v3/market/orderbook/level2?symbol={venue_symbol}"),
    connection=Connection(
        address="wss://ws-api-spot.kucoin.com/?token={token}",
        rest="https://api.kucoin.com",
        token=TokenRequest(
            path="/api/v1/bullet-public",
            address_at="data.instanceServers.0.endpoint",
            token_at="data.token",  # noqa: S106  a path, no token
        ),
        subscribe=tuple(
            Subscribe(
                message={
                    "id": "{number}",
                    "type": "subscribe",
                    "topic": f"{topic}:{{venue_symbols}}",
                    "privateChannel": False,
                    "response": True,
                }
            )
            for topic in ("/market/level2", "/market/ticker", "/market/match")
        ),
        # A topic takes 100 symbols.
        instruments=100,
        messages_a_second=10,
        keepalive=(Ping(every_s=18, message={"id": "{number}", "type": "ping"}),),
    ),
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-8"), separator="-"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `kucoin`."""
    catalogue.add(
        "kucoin",
        KUCOIN,
        summary="KuCoin spot: level 2 books with REST snapshots, tickers, matches",
        capabilities={"recordings": "cryptofeed's, 4,730 messages"},
    )
