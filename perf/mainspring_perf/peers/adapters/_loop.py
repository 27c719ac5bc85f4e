"""The loop that a Python programmer writes for Binance spot, apart from the decoder and the book that it is given."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from mainspring_perf.peers.contract import Answer, Delta, Inputs, Level, Prepare, Prepared

__all__ = [
    "Book",
    "Decoded",
    "Levels",
    "TwoSides",
    "follow",
    "from_bytes",
    "from_deltas",
    "play_answer",
    "read_grid",
    "session_answer",
    "whole_levels",
]


class Book(Protocol):
    """A book of whole ticks and lots."""

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Sets levels; 0 lots removes one."""
        ...

    def best(self) -> tuple[int, int, int, int]:
        """Price and size of the best bid, then of the best ask."""
        ...

    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        """Every level: bids, asks."""
        ...


class TwoSides:
    """The part of a book that two mappings of sizes by price have in common; `best` is each library's own."""

    __slots__ = ("asks", "bids")

    def __init__(self, bids: Any, asks: Any) -> None:
        self.bids, self.asks = bids, asks

    def apply(self, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Sets levels; 0 lots removes one."""
        for side, rows in ((self.bids, bids), (self.asks, asks)):
            for price, size in rows:
                if size:
                    side[price] = size
                elif price in side:
                    del side[price]


class Decoded(NamedTuple):
    """What a session came to."""

    book: Book
    quotes: int
    trades: int


Levels = Callable[[Any], list[Level]]
"""Makes levels of rows of a price and a size, both text."""


def whole_levels(tick_size: str | Decimal, lot_size: str | Decimal) -> Levels:
    """Levels in ticks and lots, by rounding floats: a unit has a power of ten of each."""
    ticks_a_unit, lots_a_unit = round(1 / float(tick_size)), round(1 / float(lot_size))

    def levels(rows: Any) -> list[Level]:
        return [(round(float(price) * ticks_a_unit), round(float(size) * lots_a_unit)) for price, size in rows]

    return levels


def read_grid(inputs: Inputs) -> Levels:
    """Levels on the grid of the inputs' instrument."""
    instrument = inputs.read("instrument")
    return whole_levels(instrument["tick_size"], instrument["lot_size"])


def follow(
    messages: Sequence[tuple[int, bytes]],
    loads: Callable[[bytes], Any],
    make_book: Callable[[], Book],
    levels: Levels,
) -> Decoded:
    """Follows the update ids, reads quotes and trades, and takes the best prices after each depth message."""
    waiting: list[dict[str, Any]] = []
    book = make_book()
    last_id = -1
    quotes = trades = 0
    for _, raw in messages:
        message = loads(raw)
        data = message.get("data", message)
        kind = data.get("e")
        if kind == "depthUpdate":
            if last_id < 0:
                waiting.append(data)
            elif data["u"] > last_id:
                if data["U"] > last_id + 1:
                    raise ValueError(f"a gap after update {last_id}")
                last_id = data["u"]
                book.apply(levels(data["b"]), levels(data["a"]))
                book.best()
        elif kind == "trade":
            trades += 1
            _ = levels([[data["p"], data["q"]]]), data["m"], data["T"]
        elif "A" in data:
            quotes += 1
            levels([[data["b"], data["B"]], [data["a"], data["A"]]])
        else:
            last_id = data["lastUpdateId"]
            book = make_book()
            book.apply(levels(data["bids"]), levels(data["asks"]))
            for late in waiting:
                if late["u"] > last_id:
                    last_id = late["u"]
                    book.apply(levels(late["b"]), levels(late["a"]))
            waiting.clear()
    return Decoded(book, quotes, trades)


def from_bytes(loads: Callable[[bytes], Any], make_book: Callable[[], Book]) -> Prepare:
    """Prepares bytes into a book, by `follow`."""

    def prepare(inputs: Inputs) -> Prepared:
        messages, levels = inputs.messages(), read_grid(inputs)
        return Prepared(lambda: follow(messages, loads, make_book, levels), session_answer)

    return prepare


def from_deltas(make_book: Callable[[], Book]) -> Prepare:
    """Prepares deltas into a book."""

    def prepare(inputs: Inputs) -> Prepared:
        deltas = inputs.deltas()
        return Prepared(lambda: _play(deltas, make_book), play_answer)

    return prepare


def session_answer(decoded: Decoded) -> Answer:
    """The answer of a session."""
    return {**_sides(decoded.book), "quotes": decoded.quotes, "trades": decoded.trades}


def _play(deltas: Sequence[Delta], make_book: Callable[[], Book]) -> tuple[Book, int]:
    """Deltas into a book, its best prices taken and added up after each."""
    book = make_book()
    apply, best = book.apply, book.best
    touch_sum = 0
    for bids, asks in deltas:
        apply(bids, asks)
        bid_ticks, _, ask_ticks, _ = best()
        touch_sum += bid_ticks + ask_ticks
    return book, touch_sum


def play_answer(played: tuple[Book, int]) -> Answer:
    """The answer of deltas: the book at the end, and its best prices added up after each."""
    book, touch_sum = played
    return {**_sides(book), "touch_sum": touch_sum}


def _sides(book: Book) -> Answer:
    bids, asks = book.sides()
    return {"bids": sorted(bids.items(), reverse=True), "asks": sorted(asks.items())}
