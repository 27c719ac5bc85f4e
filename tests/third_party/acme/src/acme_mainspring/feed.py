"""Acme's feed: the combined stream that the reference session is written in, declared by a stranger."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Contiguous,
    DeltaMessage,
    Format,
    Integer,
    Levels,
    Listing,
    Millis,
    Price,
    QuoteMessage,
    Range,
    RestSnapshot,
    Size,
    SnapshotMessage,
    StreamName,
    Text,
    TradeMessage,
    WireFeed,
)

WHO, WHEN = Text("s"), Millis("E")
CHANGES = DeltaMessage(
    when={"e": "depthUpdate"},
    symbol=WHO,
    event_time=WHEN,
    sequence=Range(first="U", last="u"),
    bids=Levels("b"),
    asks=Levels("a"),
)
WHOLE = SnapshotMessage(
    has=("lastUpdateId",), last_id=Integer("lastUpdateId"), bids=Levels("bids"), asks=Levels("asks")
)
TOP = QuoteMessage(
    has=("u", "B", "A"),
    symbol=WHO,
    update_id=Integer("u"),
    bid_price=Price("b"),
    bid_size=Size("B"),
    ask_price=Price("a"),
    ask_size=Size("A"),
)
PRINT = TradeMessage(
    when={"e": "trade"},
    symbol=WHO,
    event_time=WHEN,
    trade_id=Integer("t"),
    price=Price("p"),
    size=Size("q"),
    aggressor=Choice("m", ((True, -1), (False, 1))),
)
ACME = WireFeed(
    format=Format(
        messages=(CHANGES, TOP, PRINT, WHOLE),
        unwrap="data",
        stream=StreamName(key="stream", until="@"),
        sequencing=Contiguous(),
    ),
    resync=RestSnapshot("/depth?symbol={venue_symbol}"),
    listing=Listing(tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"), quotes=("USDT",)),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `acme-stream`."""
    catalogue.add("acme-stream", ACME, summary="Acme's reading of a combined stream")
