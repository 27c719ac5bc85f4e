"""The loop that a Python programmer writes for Binance spot, apart from the decoder and the book that it is given."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from mainspring_perf.peers.contract import Answer
from mainspring_perf.peers.inputs import Delta, Inputs, Level

__all__ = ["Book", "Decoded", "Grid", "book_answer", "follow", "play", "play_answer", "read_grid"]


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


class Decoded(NamedTuple):
    """What a session came to."""

    book: Book
    quotes: int
    trades: int


class Grid(NamedTuple):
    """How many ticks and lots a unit of price and of size has, each of them a power of ten."""

    ticks_a_unit: float
    lots_a_unit: float


def read_grid(inputs: Inputs) -> Grid:
    """The grid of the inputs' instrument."""
    instrument = inputs.read("instrument")
    return Grid(round(1 / float(instrument["tick_size"])), round(1 / float(instrument["lot_size"])))


def follow(
    messages: Sequence[tuple[int, bytes]],
    loads: Callable[[bytes], Any],
    make_book: Callable[[], Book],
    grid: Grid,
) -> Decoded:
    """Follows the update ids, reads quotes and trades, and takes the best prices after each depth message."""
    ticks_a_unit, lots_a_unit = grid
    waiting: list[dict[str, Any]] = []
    book = make_book()
    last_id = -1
    quotes = trades = 0

    def levels(rows: list[list[str]]) -> list[Level]:
        return [(round(float(price) * ticks_a_unit), round(float(size) * lots_a_unit)) for price, size in rows]

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
            _ = (round(float(data["p"]) * ticks_a_unit), round(float(data["q"]) * lots_a_unit), data["m"], data["T"])
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


def book_answer(decoded: Decoded) -> Answer:
    """The answer of a session."""
    return {**_sides(decoded.book), "quotes": decoded.quotes, "trades": decoded.trades}


def play(deltas: Sequence[Delta], make_book: Callable[[], Book]) -> tuple[Book, int]:
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
    """The answer of deltas."""
    book, touch_sum = played
    return {**_sides(book), "touch_sum": touch_sum}


def _sides(book: Book) -> Answer:
    bids, asks = book.sides()
    return {"bids": sorted(bids.items(), reverse=True), "asks": sorted(asks.items())}
