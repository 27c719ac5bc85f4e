"""What the Binance feeds share: the combined stream's envelope, diff depth, the book ticker, trades."""

from mainspring.wire import (
    Choice,
    Conditions,
    ControlMessage,
    DeltaMessage,
    Integer,
    Levels,
    MarkMessage,
    Millis,
    Price,
    QuoteMessage,
    Range,
    Size,
    SnapshotMessage,
    StreamName,
    Subscribe,
    Text,
    Time,
    TradeMessage,
)

__all__ = [
    "ANSWERS",
    "CONTROLS",
    "MARK",
    "QUOTES",
    "STREAM",
    "TRADES",
    "depth",
    "quote",
    "snapshots",
    "subscribe",
    "subscribe_to",
    "views",
]

STREAM = StreamName(key="stream", until="@")

ANSWERS = StreamName(key="request", after="symbol=", until="&")
"""Where the recorded answer of a REST request names its instrument."""

QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI", "USD", "BTC", "ETH", "BNB", "EUR", "GBP", "TRY", "BRL", "JPY")
"""The quote currencies with which symbols end. Any other symbol stays as Binance writes it."""

CONTROLS = (
    ControlMessage(has=("error",), kind="error", inside="error", code=Integer("code"), text=Text("msg")),
    ControlMessage(has=("code", "msg"), kind="error", code=Integer("code"), text=Text("msg")),
    ControlMessage(has=("result", "id"), kind="subscription"),
)
"""Answers to what we send: an error in either of the two forms that occur, and a subscription's success."""

TRADES = tuple(
    TradeMessage(
        when={"e": kind},
        symbol=Text("s"),
        event_time=Millis("T"),
        trade_id=Integer(last_id),
        price=Price("p"),
        size=Size("q"),
        rising_ids=True,
        # "m" says whether the buyer was the maker; if so, the aggressor sold.
        aggressor=Choice("m", values=((True, -1), (False, 1))),
        # On futures "X" says what the print is of. What the insurance fund takes over, and deleveraging, met no order.
        conditions=Conditions("X", counts=(("INSURANCE_FUND", 0), ("ADL", 0), ("NA", 0))),
    )
    for kind, last_id in (("trade", "t"), ("aggTrade", "l"))
)
"""Single trades, and trades of one order at one price. These have the last one's id, so that none counts twice."""

MARK = MarkMessage(
    when={"e": "markPriceUpdate"},
    symbol=Text("s"),
    event_time=Millis("E"),
    mark_price=Text("p"),
    # Empty for contracts that are delivered.
    funding_rate=Text("r"),
    funding_time=Millis("T"),
)
"""The mark price of futures, each second or each three, and what is funded next."""


def depth(sequence: Range) -> DeltaMessage:
    """Declares the diff depth stream, at any of its speeds."""
    return DeltaMessage(
        when={"e": "depthUpdate"},
        symbol=Text("s"),
        event_time=Millis("E"),
        sequence=sequence,
        bids=Levels("b"),
        asks=Levels("a"),
    )


def quote(*, named: bool) -> QuoteMessage:
    """Declares the book ticker. On futures it has a name and a time; on spot its keys identify it."""
    return QuoteMessage(
        when={"e": "bookTicker"} if named else {},
        has=() if named else ("A",),
        symbol=Text("s"),
        event_time=Millis("E") if named else None,
        update_id=Integer("u"),
        bid_price=Price("b"),
        bid_size=Size("B"),
        ask_price=Price("a"),
        ask_size=Size("A"),
    )


def snapshots(*, symbol: Text | None = None, event_time: Time | None = None) -> tuple[SnapshotMessage, ...]:
    """Declares the answers of the depth request, by REST and by the WebSocket API, which puts it under "result"."""
    return tuple(
        SnapshotMessage(
            has=("lastUpdateId",),
            symbol=symbol,
            event_time=event_time,
            last_id=Integer("lastUpdateId"),
            bids=Levels("bids"),
            asks=Levels("asks"),
            # At most as many levels as the request's limit.
            cut=True,
            inside=inside,
        )
        for inside in (None, "result")
    )


def views(*, named: bool) -> tuple[SnapshotMessage, ...]:
    """Declares the partial depth streams: whole views of 5, 10 or 20 levels. On futures they look like updates."""
    return tuple(
        SnapshotMessage(
            when={"/stream": f"*@depth{levels}*", **({"e": "depthUpdate"} if named else {})},
            has=() if named else ("lastUpdateId",),
            symbol=Text("s") if named else None,
            event_time=Millis("E") if named else None,
            last_id=Integer("u" if named else "lastUpdateId"),
            bids=Levels("b" if named else "bids"),
            asks=Levels("a" if named else "asks"),
            view=True,
        )
        for levels in (5, 10, 20)
    )


def subscribe(depth_stream: str, *others: str) -> Subscribe:
    """Returns the request for an instrument's depth stream of that name, its book ticker, its trades, and others."""
    return subscribe_to(depth_stream, "bookTicker", "trade", *others)


def subscribe_to(*streams: str) -> Subscribe:
    """Returns the request for those streams of an instrument."""
    params = [f"{{venue_symbol_lower}}@{stream}" for stream in streams]
    return Subscribe(message={"method": "SUBSCRIBE", "id": "{number}", "params": params})
