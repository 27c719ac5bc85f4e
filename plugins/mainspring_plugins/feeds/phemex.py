"""Phemex: books of thirty levels in scaled integers, trades; contracts and spot."""

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
    Nanos,
    Ping,
    Price,
    Range,
    Rising,
    Size,
    SnapshotMessage,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["PHEMEX", "register_feeds"]

# Spot symbols begin with "s" and have eight decimals; contracts have four, and whole sizes.
_PRICES = (("s", 8), ("", 4))
_SIZES = (("s", 8), ("", 0))
_BIDS = Levels("book.bids", scale=_PRICES, size_scale=_SIZES)
_ASKS = Levels("book.asks", scale=_PRICES, size_scale=_SIZES)

PHEMEX = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"type": "incremental"},
                has=("book",),
                symbol=Text("symbol"),
                event_time=Nanos("timestamp"),
                sequence=Range(first="sequence", last="sequence"),
                depth=Integer("depth"),
                bids=_BIDS,
                asks=_ASKS,
            ),
            SnapshotMessage(
                when={"type": "snapshot"},
                has=("book",),
                symbol=Text("symbol"),
                event_time=Nanos("timestamp"),
                last_id=Integer("sequence"),
                depth=Integer("depth"),
                restarts=True,
                bids=_BIDS,
                asks=_ASKS,
            ),
            # The trades before the session come as a "snapshot", and are passed over.
            TradeMessage(
                when={"/type": "incremental"},
                each="trades",
                symbol=Text("/symbol"),
                event_time=Nanos("0"),
                aggressor=Choice("1", values=(("Buy", 1), ("Sell", -1))),
                price=Price("2", scale=_PRICES),
                size=Size("3", scale=_SIZES),
            ),
            ControlMessage(
                has=("error.message",),
                kind="error",
                code=Integer("error.code", optional=True),
                text=Text("error.message"),
            ),
            ControlMessage(has=("result.status",), kind="subscription", code=Integer("id"), text=Text("result.status")),
        ),
        sequencing=Rising(),
    ),
    connection=Connection(
        address="wss://ws.phemex.com",
        others={"test": "wss://testnet-api.phemex.com/ws"},
        subscribe=tuple(
            Subscribe(
                message={"id": "{number}", "method": f"{what}.subscribe", "params": ["{venue_symbol}"]},
                each=True,
            )
            for what in ("orderbook", "trade")
        ),
        # A cautious bound of our own.
        instruments=10,
        messages_a_second=5,
        keepalive=(Ping(every_s=5, message={"id": 0, "method": "server.ping", "params": []}),),
    ),
    listing=Listing(tick_size=Decimal("1E-8"), lot_size=Decimal("1E-8")),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `phemex`."""
    catalogue.add(
        "phemex",
        PHEMEX,
        summary="Phemex: books of thirty levels in scaled integers, trades",
        capabilities={"recordings": "cryptofeed's, 1,392 messages"},
    )
