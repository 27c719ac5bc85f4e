"""cryptofeed on the book messages of venues: from a raw message by `message_handler` to a callback that reads the best.

It is an earlier version than that of the other adapter, the last one that reads these messages as they were recorded.
Coinbase's form is newer there: its messages are put into that form beforehand. Where it asks KuCoin for a snapshot, it
gets the recording's. Checksums aren't compared, which is its default, but in the ways that say so.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import uvloop
from cryptofeed.defines import L2_BOOK, SPOT
from cryptofeed.exchanges import OKX, Bitget, Coinbase, Deribit, Kraken, KuCoin
from cryptofeed.symbols import Symbols

from mainspring_perf.peers.contract import Answer, Candidates, Inputs, Prepared, books_answer

__all__ = ["CANDIDATES"]

_Messages = list[str]
_COINBASE_SIDES = {"buy": "bid", "sell": "ask"}


class _Rest:
    """Answers requests for a snapshot by the symbol that its address ends with."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers

    async def read(self, address: str, **_: object) -> str:
        return self.answers[address.partition("symbol=")[2]]


class _Address:
    """Answers the request for an address to connect to, which KuCoin's class makes when it is created."""

    def write(self, *_: object, **__: object) -> Any:
        return {"data": {"token": "", "instanceServers": [{"endpoint": "", "pingInterval": 18_000}]}}


def _as_recorded(raw: Sequence[bytes]) -> tuple[_Messages, dict[str, str]]:
    return [one.decode() for one in raw], {}


def _with_answers(raw: Sequence[bytes]) -> tuple[_Messages, dict[str, str]]:
    messages, answers = [], {}
    for one in raw:
        if one.startswith(b'{"request"'):
            message = json.loads(one)
            answers[message["request"].partition("symbol=")[2]] = json.dumps(message["data"])
        else:
            messages.append(one.decode())
    return messages, answers


def _advanced(raw: Sequence[bytes]) -> tuple[_Messages, dict[str, str]]:
    """Coinbase Exchange's messages as Advanced Trade has them."""
    messages = []
    for one in raw:
        told = json.loads(one)
        rows = told.get("changes") or [
            [side, *row] for side, key in (("buy", "bids"), ("sell", "asks")) for row in told[key]
        ]
        time = told.get("time", "2021-04-17T16:43:37.000000Z")
        updates = [
            {"side": _COINBASE_SIDES[side], "event_time": time, "price_level": price, "new_quantity": size}
            for side, price, size in rows
        ]
        kind = "update" if told["type"] == "l2update" else "snapshot"
        event = {"type": kind, "product_id": told["product_id"], "updates": updates}
        message = {"channel": "l2_data", "client_id": "", "timestamp": time, "sequence_num": 0, "events": [event]}
        messages.append(json.dumps(message, separators=(",", ":")))
    return messages, {}


def _prepare(
    exchange: Any, read: Callable[[Sequence[bytes]], Any], whole: bool, checked: bool, inputs: Inputs
) -> Prepared:
    instruments = inputs.read("instruments")
    symbols = [one["venue_symbol"] for one in instruments]
    Symbols.set(exchange.id, {one: one for one in symbols}, {"instrument_type": dict.fromkeys(symbols, SPOT)})
    exchange.http_sync = _Address()
    messages, answers = read([raw for _, raw in inputs.messages()])

    def make() -> tuple[Any, dict[str, Any]]:
        books: dict[str, Any] = {}

        async def on_book(book: Any, _receipt_time: float) -> None:
            books[book.symbol] = book.book
            for side in (book.book.bids, book.book.asks):
                if len(side):
                    side.index(0)

        feed = exchange(callbacks={L2_BOOK: on_book}, checksum_validation=checked)
        feed.http_conn = _Rest(answers)
        feed.generate_token = lambda *_: {}
        feed.seq_no = {}
        return feed, books

    def run(made: tuple[Any, dict[str, Any]]) -> dict[str, Any]:
        feed, books = made

        async def follow() -> None:
            handle = feed.message_handler
            for message in messages:
                await handle(message, None, 0.0)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(follow())
        return books

    def answer(books: dict[str, Any]) -> Answer:
        found = {}
        for one in instruments:
            tick, lot = Decimal(one["tick_size"]), Decimal(one["lot_size"])
            book = books[one["venue_symbol"]]
            bids, asks = (
                {int(price / tick): int(size / lot) for price, size in side.to_dict().items()}
                for side in (book.bids, book.asks)
            )
            found[one["venue_symbol"]] = bids, asks
        answered = books_answer(found)
        return answered if whole else {"tops": answered["tops"]}

    return Prepared(run, answer, make=make)


def _ways(
    exchange: Any,
    read: Callable[[Sequence[bytes]], Any] = _as_recorded,
    *,
    whole: bool = True,
    checksums: bool = False,
) -> Any:
    ways = {"message_handler": partial(_prepare, exchange, read, whole, False)}
    if checksums:
        ways["message_handler, checksums"] = partial(_prepare, exchange, read, whole, True)
    return ways


CANDIDATES: Candidates = {
    "book-okx": _ways(OKX, checksums=True),
    "book-deribit": _ways(Deribit),
    "book-coinbase": _ways(Coinbase, _advanced),
    # It keeps what lies beyond the depth of 1,000 levels.
    "book-kraken-v1": _ways(Kraken, whole=False, checksums=True),
    "book-bitget": _ways(Bitget, checksums=True),
    "book-kucoin": _ways(KuCoin, _with_answers),
}
