"""The loop by hand with msgspec: each message decoded straight into a typed struct, as msgspec has it fastest."""

from collections.abc import Callable, Sequence

import msgspec

from mainspring_perf.peers.adapters._loop import Book, Decoded, Levels

__all__ = ["follow_typed"]

_Rows = list[tuple[str, str]]


class _Data(msgspec.Struct, gc=False):
    """All fields of a depth message, a bookTicker and a trade. `b` and `a` are rows in one, and text in another."""

    e: str | None = None
    first: int = msgspec.field(name="U", default=0)
    last: int = msgspec.field(name="u", default=0)
    b: _Rows | str | int = ""
    a: _Rows | str | int = ""
    bid_size: str = msgspec.field(name="B", default="")
    ask_size: str = msgspec.field(name="A", default="")
    p: str = ""
    q: str = ""
    m: bool = False
    trade_time: int = msgspec.field(name="T", default=0)


class _Message(msgspec.Struct, gc=False):
    data: _Data | None = None
    last_update_id: int = msgspec.field(name="lastUpdateId", default=-1)
    bids: _Rows = []
    asks: _Rows = []


def follow_typed(messages: Sequence[tuple[int, bytes]], make_book: Callable[[], Book], levels: Levels) -> Decoded:
    """What `follow` does."""
    decode = msgspec.json.Decoder(_Message).decode
    waiting: list[_Data] = []
    book = make_book()
    last_id = -1
    quotes = trades = 0

    for _, raw in messages:
        message = decode(raw)
        data = message.data
        if data is None:
            last_id = message.last_update_id
            book = make_book()
            book.apply(levels(message.bids), levels(message.asks))
            for late in waiting:
                if late.last > last_id:
                    last_id = late.last
                    book.apply(levels(late.b), levels(late.a))
            waiting.clear()
        elif data.e == "depthUpdate":
            if last_id < 0:
                waiting.append(data)
            elif data.last > last_id:
                if data.first > last_id + 1:
                    raise ValueError(f"a gap after update {last_id}")
                last_id = data.last
                book.apply(levels(data.b), levels(data.a))
                book.best()
        elif data.e == "trade":
            trades += 1
            _ = levels(((data.p, data.q),)), data.m, data.trade_time
        else:
            quotes += 1
            levels(((data.b, data.bid_size), (data.a, data.ask_size)))
    return Decoded(book, quotes, trades)
