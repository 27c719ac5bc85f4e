"""cryptofeed: its decode path for Binance, from a raw message by `message_handler` to its callbacks.

msgspec and uvloop, which it uses if present, are installed with it. When it asks Binance for a snapshot, it gets the
session's; as it always asks at the first depth message, it gets it earlier than the others, and skips older messages.
It knows only aggregated trades, so the session's trades are passed in that form.
"""

import asyncio
import json
from decimal import Decimal
from typing import Any

import uvloop
from cryptofeed.defines import BINANCE, L2_BOOK, SPOT, TICKER, TRADES
from cryptofeed.exchanges import Binance
from cryptofeed.symbols import Symbol, Symbols

from mainspring_perf.peers.contract import Answer, Candidates, Inputs, Prepared

__all__ = ["CANDIDATES"]

_PAIR = "BTC-USDT"


class _Rest:
    """Answers a request for a snapshot with the session's."""

    def __init__(self, snapshot: bytes) -> None:
        self.snapshot = snapshot

    async def read(self, *_: object, **__: object) -> bytes:
        return self.snapshot


class _Seen:
    """What the callbacks saw."""

    def __init__(self) -> None:
        self.book: Any = None
        self.best: Any = None
        self.quotes = 0
        self.trades = 0

    async def on_book(self, book: Any, _receipt_time: float) -> None:
        self.book = book
        self.best = book.book.bids.index(0), book.book.asks.index(0)

    async def on_ticker(self, _ticker: Any, _receipt_time: float) -> None:
        self.quotes += 1

    async def on_trade(self, _trade: Any, _receipt_time: float) -> None:
        self.trades += 1


def _bytes(inputs: Inputs) -> Prepared:
    instrument = inputs.read("instrument")
    symbol = Symbol("BTC", "USDT", type=SPOT)
    Symbols.set(
        BINANCE, {symbol.normalized: instrument["venue_symbol"]}, {"instrument_type": {symbol.normalized: SPOT}}
    )
    snapshots, messages = [], []
    for _, raw in inputs.messages():
        message = json.loads(raw)
        data = message.get("data", message)
        if "lastUpdateId" in data:
            snapshots.append(raw)
        elif data.get("e") == "trade":
            data |= {"e": "aggTrade", "a": data.pop("t"), "f": 0, "l": 0}
            messages.append(json.dumps(message, separators=(",", ":")))
        else:
            messages.append(raw.decode())
    (snapshot,) = snapshots

    async def follow(seen: _Seen) -> None:
        feed = Binance(
            symbols=[_PAIR],
            channels=[L2_BOOK, TICKER, TRADES],
            callbacks={L2_BOOK: seen.on_book, TICKER: seen.on_ticker, TRADES: seen.on_trade},
        )
        feed.http_conn = _Rest(snapshot)
        handle = feed.message_handler
        for message in messages:
            await handle(message, None, 0.0)

    def run() -> _Seen:
        seen = _Seen()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(follow(seen))
        return seen

    def answer(seen: _Seen) -> Answer:
        tick, lot = Decimal(instrument["tick_size"]), Decimal(instrument["lot_size"])

        def rows(side: Any) -> list[tuple[int, int]]:
            return [(int(price / tick), int(size / lot)) for price, size in side.to_dict().items()]

        book = seen.book.book
        return {"bids": rows(book.bids), "asks": rows(book.asks), "quotes": seen.quotes, "trades": seen.trades}

    return Prepared(run, answer)


CANDIDATES: Candidates = {"bytes": {"Binance.message_handler": _bytes}}
