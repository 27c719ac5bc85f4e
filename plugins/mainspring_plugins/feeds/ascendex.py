"""AscendEX spot: numbered updates, a snapshot by request on the socket, trades."""

from decimal import Decimal

from mainspring.seams import Catalogue, hookimpl
from mainspring.wire import (
    Choice,
    Connection,
    Contiguous,
    ControlMessage,
    DeltaMessage,
    Format,
    Heartbeat,
    Integer,
    Levels,
    Listing,
    Millis,
    Price,
    Range,
    Size,
    SnapshotMessage,
    SocketSnapshot,
    Subscribe,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["ASCENDEX", "register_feeds"]

_SYMBOL, _TIME = Text("symbol"), Millis("data.ts")
_BIDS, _ASKS = Levels("data.bids"), Levels("data.asks")

ASCENDEX = WireFeed(
    format=Format(
        messages=(
            DeltaMessage(
                when={"m": "depth"},
                symbol=_SYMBOL,
                event_time=_TIME,
                sequence=Range(first="data.seqnum", last="data.seqnum"),
                bids=_BIDS,
                asks=_ASKS,
            ),
            SnapshotMessage(
                when={"m": "depth-snapshot"},
                symbol=_SYMBOL,
                event_time=_TIME,
                last_id=Integer("data.seqnum"),
                bids=_BIDS,
                asks=_ASKS,
            ),
            TradeMessage(
                when={"/m": "trades"},
                each="data",
                symbol=Text("/symbol"),
                event_time=Millis("ts"),
                trade_id=Integer("seqnum"),
                price=Price("p"),
                size=Size("q"),
                # "bm" says whether the buyer was the maker.
                aggressor=Choice("bm", values=((True, -1), (False, 1))),
                rising_ids=True,
            ),
            ControlMessage(when={"m": "error"}, kind="error", code=Integer("code"), text=Text("reason")),
            ControlMessage(when={"m": "sub"}, kind="subscription", code=Integer("code"), text=Text("ch")),
            ControlMessage(when={"m": "connected"}, kind="success", text=Text("type")),
        ),
        sequencing=Contiguous(),
    ),
    resync=SocketSnapshot(message={"op": "req", "action": "depth-snapshot", "args": {"symbol": "{venue_symbol}"}}),
    connection=Connection(
        address="wss://ascendex.com/1/api/pro/v1/stream",
        subscribe=tuple(
            Subscribe(message={"op": "sub", "ch": f"{channel}:{{venue_symbols}}"}) for channel in ("depth", "trades")
        ),
        keepalive=(Heartbeat(when={"m": "ping"}, answer={"op": "pong"}),),
    ),
    listing=Listing(tick_size=Decimal("1E-10"), lot_size=Decimal("1E-8"), separator="/"),
)


@hookimpl
def register_feeds(catalogue: Catalogue) -> None:
    """Offers `ascendex`."""
    catalogue.add(
        "ascendex",
        ASCENDEX,
        summary="AscendEX spot: numbered books with snapshots on request, trades",
        capabilities={"recordings": "cryptofeed's, 314 messages"},
    )
