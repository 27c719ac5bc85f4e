"""What the columns of a table mean: by their names, or by the form of a portal's files that don't name them."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from mainspring.data.importing.messages import Change, Message, Quote, Received, Snapshot, Trade
from mainspring.data.importing.tables import Table
from mainspring.data.importing.values import decimal_text, flag, side_of, time_ns
from mainspring.errors import DataError

__all__ = ["Columns", "read_table"]

_Value = TypeVar("_Value")

_NAMES: Final = {
    "symbol": ("symbol", "instrument", "instrument_id", "ticker", "s"),
    "time": ("timestamp", "time", "transact_time", "transaction_time", "event_time", "exchange_time", "ts_event", "ts"),
    "received": ("local_timestamp", "receive_time", "received", "ts_recv", "local_time"),
    "id": ("id", "trade_id", "agg_trade_id"),
    "price": ("price", "px"),
    "size": ("amount", "size", "qty", "quantity", "volume"),
    "side": ("side", "aggressor", "taker_side"),
    "buyer_maker": ("is_buyer_maker",),
    "snapshot": ("is_snapshot",),
    "bid": ("bid_price", "best_bid_price", "bid_px_00", "bid"),
    "bid_size": ("bid_amount", "bid_size", "best_bid_qty", "bid_qty", "bid_sz_00"),
    "ask": ("ask_price", "best_ask_price", "ask_px_00", "ask"),
    "ask_size": ("ask_amount", "ask_size", "best_ask_qty", "ask_qty", "ask_sz_00"),
}
"""What a column is, by its names at Tardis, Binance's portal and Databento. The first that fits counts."""

_NUMBERED: Final = ("bids[{}].price", "bids[{}].amount", "asks[{}].price", "asks[{}].amount")

# Binance's portal names no columns in files of its spot market, and of futures before 2023.
_UNNAMED: Final = {
    7: ["id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match"],
    8: ["agg_trade_id", "price", "quantity", "first_id", "last_id", "transact_time", "is_buyer_maker", "is_best_match"],
    6: ["id", "price", "qty", "quote_qty", "time", "is_buyer_maker"],
}
_QUOTES_UNNAMED: Final = [
    "update_id", "best_bid_price", "best_bid_qty", "best_ask_price", "best_ask_qty", "transaction_time", "event_time",
]  # fmt: skip
_BARS: Final = 12


class Columns:
    """The columns of a table by their meaning. `kind` is "trades", "quotes", "changes" or "books".

    `symbol` is for a table that names none. Raises `DataError` if the table has none of these.
    """

    def __init__(self, table: Table, symbol: str) -> None:
        named = [one.strip().lower() for one in table.head]
        self.places = {
            meaning: next((named.index(name) for name in names if name in named), -1)
            for meaning, names in _NAMES.items()
        }
        self.head = named
        self.symbol = symbol
        levels = (number for number in range(len(named)) if _NUMBERED[0].format(number) in named)
        self.levels = [[named.index(name.format(number)) for name in _NUMBERED] for number in levels]
        self.kind = self._kind(table.name)
        if self.places["symbol"] < 0 and not symbol:
            raise DataError(f"{table.name}: no column names the instrument; say it with --symbol")
        if self.places["time"] < 0 and self.places["received"] < 0:
            raise DataError(f"{table.name}: no column has a time; there are: {', '.join(named)}")

    def _kind(self, name: str) -> str:
        has = {meaning for meaning, place in self.places.items() if place >= 0}
        if self.levels:
            return "books"
        if {"snapshot", "side", "price", "size"} <= has:
            return "changes"
        if {"bid", "bid_size", "ask", "ask_size"} <= has:
            return "quotes"
        if {"price", "size"} <= has and has & {"id", "buyer_maker"}:
            return "trades"
        raise DataError(
            f"{name}: its columns are neither those of trades (price, size, and an id or is_buyer_maker), of quotes "
            f"(bid and ask with sizes), of changes of a book (is_snapshot, side, price, size) nor of whole books "
            f"(bids[0].price ...); there are: {', '.join(self.head)}"
        )

    def received(self) -> bool:
        """Whether the table says when its rows were received."""
        return self.places["received"] >= 0


def read_table(table: Table, symbol: str) -> tuple[Columns, Iterator[Received]]:
    """The meaning of a table's columns, and its messages in the order of its rows.

    Rows of one book, moment and kind that follow each other make one message. Raises `DataError` for columns that say
    nothing here, and while rows are read for one that can't be read, which it names by its number and column.
    """
    if not table.head:
        table = _named(table)
    columns = Columns(table, symbol or _symbol_in(table.name))
    makers: dict[str, Callable[[], Iterator[Received]]] = {
        "trades": lambda: _each(table, columns, _trade),
        "quotes": lambda: _each(table, columns, _quote),
        "books": lambda: _each(table, columns, _book),
        "changes": lambda: _changes(table, columns),
    }
    return columns, makers[columns.kind]()


def _named(table: Table) -> Table:
    """The table with the columns that its form has at Binance's portal."""
    first = next(table.rows, None)
    if first is None:
        raise DataError(f"{table.name}: it is empty")
    names = _UNNAMED.get(len(first))
    if len(first) == len(_QUOTES_UNNAMED) and first[5].isdigit():
        names = _QUOTES_UNNAMED
    if names is None:
        what = "bars, which don't say in which order prices came" if len(first) == _BARS else f"{len(first)} columns"
        raise DataError(f"{table.name}: the columns have no names, and it is no form that is known: {what}")
    return table._replace(head=names, rows=chain([first], table.rows))


def _symbol_in(name: str) -> str:
    """The instrument in the name of a portal's file, as in "BTCUSDT-trades-2024-08-08.zip"; else empty."""
    start, dash, rest = Path(name.rpartition(": ")[2]).name.partition("-")
    known = rest.startswith(("trades", "aggTrades", "bookTicker"))
    return start if dash and known and start.isupper() else ""


class _Row:
    """A row under its columns. Raises `DataError`, which names row and column, for a value that can't be read."""

    __slots__ = ("columns", "number", "table", "values")

    def __init__(self, table: str, columns: Columns) -> None:
        self.table, self.columns = table, columns
        self.number = 0
        self.values: list[str] = []

    def read(self, place: int, reader: Callable[[str], _Value]) -> _Value:
        try:
            return reader(self.values[place].strip())
        except IndexError:
            raise DataError(f"{self.table}: row {self.number} has only {len(self.values)} values") from None
        except ValueError as error:
            raise DataError(
                f"{self.table}: row {self.number}, {self.columns.head[place]}: {self.values[place][:40]!r} {error}"
            ) from None

    def text(self, meaning: str) -> str:
        return self.read(self.columns.places[meaning], decimal_text)

    def symbol(self) -> str:
        place = self.columns.places["symbol"]
        return self.read(place, str) if place >= 0 else self.columns.symbol

    def times(self) -> tuple[int, int]:
        """When it happened and when it was received; one stands for the other if the table has only that."""
        event, received = self.columns.places["time"], self.columns.places["received"]
        first = self.read(event if event >= 0 else received, time_ns)
        return first, self.read(received, time_ns) if received >= 0 else first


def _each(table: Table, columns: Columns, make: Callable[[_Row, str, int], Message]) -> Iterator[Received]:
    row = _Row(table.name, columns)
    for row.number, row.values in enumerate(table.rows, 1):
        if row.values:
            event_ns, received_ns = row.times()
            yield received_ns, make(row, row.symbol(), event_ns)


def _trade(row: _Row, symbol: str, event_ns: int) -> Message:
    places = row.columns.places
    side = 0
    if places["side"] >= 0:
        side = row.read(places["side"], side_of)
    elif places["buyer_maker"] >= 0:
        # The buyer's order rested, so the seller's took.
        side = -1 if row.read(places["buyer_maker"], flag) else 1
    aggressor = {1: "buy", -1: "sell", 0: ""}[side]
    text = row.read(places["id"], str) if places["id"] >= 0 else ""
    # Ids of other kinds say nothing of the order of trades.
    trade_id = int(text) if text.isdecimal() and text.isascii() else None
    return Trade(symbol, event_ns, row.text("price"), row.text("size"), aggressor, trade_id)


def _quote(row: _Row, symbol: str, event_ns: int) -> Message:
    texts = [_or_zero(row, meaning) for meaning in ("bid", "bid_size", "ask", "ask_size")]
    return Quote(symbol, event_ns, *texts)


def _or_zero(row: _Row, meaning: str) -> str:
    """A side's price or size; zero if the side is empty."""
    place = row.columns.places[meaning]
    return row.text(meaning) if row.read(place, str) else "0"


def _book(row: _Row, symbol: str, event_ns: int) -> Message:
    book = Snapshot(symbol, event_ns, [], [])
    for bid, bid_size, ask, ask_size in row.columns.levels:
        for side, price, size in ((book.bids, bid, bid_size), (book.asks, ask, ask_size)):
            if row.read(price, str):
                side.append((row.read(price, decimal_text), row.read(size, decimal_text)))
    return book


def _changes(table: Table, columns: Columns) -> Iterator[Received]:
    row = _Row(table.name, columns)
    message: Change | Snapshot | None = None
    before = ("", 0, 0, False)
    for row.number, row.values in enumerate(table.rows, 1):
        if not row.values:
            continue
        event_ns, received_ns = row.times()
        now = row.symbol(), event_ns, received_ns, row.read(columns.places["snapshot"], flag)
        if message is None or now != before:
            if message is not None:
                yield before[2], message
            message, before = (Snapshot if now[3] else Change)(now[0], event_ns, [], []), now
        side = row.read(columns.places["side"], side_of)
        if not side:
            raise DataError(f"{table.name}: row {row.number}: a level needs a side")
        (message.bids if side == 1 else message.asks).append((row.text("price"), row.text("size")))
    if message is not None:
        yield before[2], message
