"""Messages of any declared format, made from the declaration alone: what a stranger's feed is measured on.

They are what the declaration says that the venue sends, no more: the mix of kinds, the prices and the sizes are made
up, so that figures of two feeds tell their formats apart and not their markets.
"""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgpack
import msgspec

from mainspring.model import Instrument
from mainspring.seams import RawMessage
from mainspring.testing._declared_book import MadeBook
from mainspring.testing._declared_orders import MadeOrders
from mainspring.testing._declared_values import Cells, Unit
from mainspring.wire import (
    BarMessage,
    Base,
    CancelMessage,
    Chained,
    Choice,
    ControlMessage,
    CorrectionMessage,
    DeltaMessage,
    Integer,
    Joined,
    Levels,
    MarkMessage,
    Micros,
    Millis,
    Nanos,
    Price,
    Print,
    QuoteMessage,
    Range,
    Rfc3339,
    Seconds,
    Size,
    SnapshotMessage,
    StatusMessage,
    Text,
    TradeMessage,
    WireFeed,
)

__all__ = ["declared_messages"]

_START_NS = 1_723_161_600_000_000_000
_STEP_NS = 1_000_000
_MID_TICKS = 600_000
_LEVELS_A_DELTA = 10
_LEVELS_A_SNAPSHOT = 100
_DEPTH = 25
_SEED = 1


def declared_messages(declared: WireFeed, instrument: Instrument, count: int, *, encoding: str) -> list[RawMessage]:
    """So many messages for one instrument, seeded: a snapshot first where the format has one, then its kinds in turn.

    `encoding` is "json" or "msgpack". Deltas continue the book, and checksums are right, so that a feed has to apply
    every one.
    """
    maker = _Maker(declared, instrument)
    pack = msgpack.packb if encoding == "msgpack" else _json
    bodies = itertools.islice(maker.bodies(), count)
    return [(_START_NS + number * _STEP_NS, pack(maker.wrap(body))) for number, body in enumerate(bodies)]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class _Maker:
    def __init__(self, declared: WireFeed, instrument: Instrument) -> None:
        self._format = declared.format
        self._instrument = instrument
        self._random = Random(_SEED)  # noqa: S311  a benchmark's input, no secret
        self._book = MadeBook(instrument, self._random)
        self._orders = MadeOrders(instrument, self._random)
        self._last_id = 1_000
        self._sent = 0

    def wrap(self, body: Any) -> Any:
        """A body in the format's envelope or batch."""
        format_, stream = self._format, self._format.stream
        if format_.batch:
            return [body]
        if format_.unwrap is None:
            return body
        symbol = self._instrument.venue_symbol.lower()
        named = {} if stream is None else {stream.key: f"{stream.after}{symbol}{stream.until}data"}
        return {**named, format_.unwrap: body}

    def bodies(self) -> Iterator[Any]:
        """Bodies without end, in the order of the declaration; whole books again only where there are no deltas."""
        kinds = [one for one in self._format.messages if not isinstance(one, ControlMessage)]
        snapshots = [one for one in kinds if isinstance(one, SnapshotMessage) and not one.view]
        deltas = [one for one in kinds if isinstance(one, DeltaMessage)]
        resets = [one for one in deltas if one.reset is not None]
        for first in (snapshots or resets)[:1]:
            yield self._body(first, reset=True)
        others = [one for one in kinds if not isinstance(one, SnapshotMessage)]
        for kind in itertools.cycle(others if deltas else kinds):
            yield self._body(kind, reset=False)

    def _body(self, kind: Any, *, reset: bool) -> Any:
        self._sent += 1
        cells = Cells(kind.each)
        for path, value in kind.when.items():
            cells.require(path, value)
        if kind.symbol is not None:
            self._put_symbol(cells, kind.symbol)
        fill: Any = _FILLS[type(kind)]
        fill(self, kind, cells)
        if isinstance(kind, DeltaMessage | SnapshotMessage):
            self._change(kind, cells, whole=reset or isinstance(kind, SnapshotMessage))
        numbers = self._format.numbers
        if numbers is not None:
            number = numbers.first + self._sent - 1
            cells.put("/" + numbers.key.removeprefix("/"), str(number) if numbers.text else number)
        # It comes last, as a venue may use it as a number too.
        if kind.event_time is not None:
            cells.put(kind.event_time.key, self._time(kind.event_time))
        return cells.whole(kind.has)

    def _put_symbol(self, cells: Cells, symbol: Text | Joined | Base) -> None:
        venue_symbol = self._instrument.venue_symbol
        if isinstance(symbol, Text):
            cells.put_text(symbol, venue_symbol)
        elif isinstance(symbol, Base):
            field = Text(symbol.key, after=symbol.after, until=symbol.until)
            cells.put_text(field, venue_symbol.partition(symbol.separator)[0])
        else:
            for key, part in zip(symbol.keys, venue_symbol.split(symbol.separator), strict=True):
                cells.put_text(Text(key), part)

    def _for_quote(self, kind: Any, field: Levels) -> Levels:
        """The field with the instrument's quote in its paths, if messages are about all instruments of a base."""
        if not isinstance(kind.symbol, Base):
            return field
        quote = self._instrument.venue_symbol.partition(kind.symbol.separator)[2]
        price, size = (str(place).replace("{quote}", quote) for place in (field.price, field.size))
        return msgspec.structs.replace(field, price=price, size=size)

    def _time(self, field: Any) -> object:
        now_ns = _START_NS + self._sent * _STEP_NS
        match field:
            case Rfc3339():
                moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_ns // 1000)
                return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
            case Seconds():
                return f"{now_ns / 1e9:.3f}"
            case Micros():
                return now_ns // 1_000
            case Millis() | Nanos():
                time = now_ns // 1_000_000 if isinstance(field, Millis) else now_ns
                return str(time) if field.text else time
        raise TypeError(f"no time: {field!r}")

    def _put_unit(self, cells: Cells, field: Price | Size, units: int, sign: int = 1) -> None:
        step = self._instrument.tick_size if isinstance(field, Price) else self._instrument.lot_size
        unit = Unit.of(step, number=field.number, scale=field.scale, venue_symbol=self._instrument.venue_symbol)
        cells.put(field.key, unit.write(unit.whole(units), sign))

    def _put_id(self, cells: Cells, field: Integer | None, number: int) -> None:
        if field is not None:
            cells.put(field.key, str(number) if field.text else number)

    def _put_choice(self, cells: Cells, field: Choice | None) -> None:
        if field is not None and cells.get(field.key) is None:
            cells.put(field.key, self._random.choice([value for value, _ in field.values]))

    def _change(self, kind: DeltaMessage | SnapshotMessage, cells: Cells, *, whole: bool) -> None:
        """Changes the book, and writes what came of it."""
        count = _LEVELS_A_SNAPSHOT if whole else _LEVELS_A_DELTA
        if whole:
            self._book.clear()
            self._orders.clear()
        for field, sides in ((kind.rows, (1, -1)), (kind.bids, (1,)), (kind.asks, (-1,))):
            if field is not None:
                book = self._book if field.order is None else self._orders
                book.put_rows(cells, self._for_quote(kind, field), count, sides=sides, whole=whole)
        depth = kind.depth
        if depth is not None:
            for made in (self._book, self._orders):
                made.cut(depth if isinstance(depth, int) else _DEPTH)
        if isinstance(depth, Text):
            cells.put_text(depth, str(_DEPTH))
        elif isinstance(depth, Integer):
            self._put_id(cells, depth, _DEPTH)
        if kind.checksum is not None:
            proved = self._orders if kind.checksum.orders else self._book
            cells.put(kind.checksum.key, proved.checksum(kind.checksum))
        if isinstance(kind, DeltaMessage) and kind.reset is not None:
            cells.put(kind.reset.key, whole)

    def delta(self, kind: DeltaMessage, cells: Cells) -> None:
        previous = self._last_id
        self._last_id += 1
        if kind.sequence is None:
            return
        chained = isinstance(self._format.sequencing, Chained)
        field: Range = kind.sequence
        numbers = ((field.first, previous if chained else self._last_id), (field.last, self._last_id))
        for path, number in (*numbers, (field.previous, previous)):
            if path is not None:
                self._put_id(cells, Integer(path, text=field.text), number)

    def snapshot(self, kind: SnapshotMessage, cells: Cells) -> None:
        self._last_id += 1
        self._put_id(cells, kind.last_id, self._last_id)

    def quote(self, kind: QuoteMessage, cells: Cells) -> None:
        away = self._random.randint(1, 5)
        for sign, price, size in ((-1, kind.bid_price, kind.bid_size), (1, kind.ask_price, kind.ask_size)):
            self._put_unit(cells, price, _MID_TICKS + sign * away)
            self._put_unit(cells, size, self._random.randint(1, 50_000))
        self._put_id(cells, kind.update_id, self._last_id)

    def trade(self, kind: TradeMessage, cells: Cells) -> None:
        self._put_unit(cells, kind.price, _MID_TICKS + self._random.randint(-5, 5))
        side = self._random.choice((1, -1)) if kind.signed else 1
        self._put_unit(cells, kind.size, self._random.randint(1, 50_000), side)
        self._put_id(cells, kind.trade_id, self._sent)
        self._put_choice(cells, kind.aggressor)
        if kind.conditions is not None:
            cells.put(kind.conditions.key, [self._random.choice(kind.conditions.counts)[0], "@"])

    def correction(self, kind: CorrectionMessage | CancelMessage, cells: Cells) -> None:
        prints: tuple[Print, ...] = (kind.was, kind.now) if isinstance(kind, CorrectionMessage) else (kind.was,)
        for number, field in enumerate(prints):
            self._put_unit(cells, field.price, _MID_TICKS + number)
            self._put_unit(cells, field.size, self._random.randint(1, 50_000))
            self._put_id(cells, field.trade_id, self._sent + number)
            if field.conditions is not None:
                cells.put(field.conditions.key, ["@"])

    def bar(self, kind: BarMessage, cells: Cells) -> None:
        for field, away in ((kind.open, 0), (kind.high, 9), (kind.low, -9), (kind.close, 3)):
            self._put_unit(cells, field, _MID_TICKS + away)
        self._put_unit(cells, kind.volume, 40_000)
        self._put_id(cells, kind.trades, self._random.randint(1, 500))
        if kind.vwap is not None:
            cells.put(kind.vwap.key, float(_MID_TICKS * self._instrument.tick_size))

    def status(self, kind: StatusMessage, cells: Cells) -> None:
        self._put_choice(cells, kind.trading)
        if cells.get(kind.code.key) is None:
            cells.put_text(kind.code, "T")
        if kind.text is not None:
            cells.put_text(kind.text, "Trading")

    def mark(self, kind: MarkMessage, cells: Cells) -> None:
        cells.put_text(kind.mark_price, f"{_MID_TICKS * self._instrument.tick_size:f}1")
        if kind.funding_rate is not None and kind.funding_time is not None:
            cells.put_text(kind.funding_rate, "0.00010000")
            cells.put(kind.funding_time.key, self._time(kind.funding_time))


_FILLS: dict[type, Any] = {
    DeltaMessage: _Maker.delta,
    SnapshotMessage: _Maker.snapshot,
    QuoteMessage: _Maker.quote,
    TradeMessage: _Maker.trade,
    CorrectionMessage: _Maker.correction,
    CancelMessage: _Maker.correction,
    BarMessage: _Maker.bar,
    StatusMessage: _Maker.status,
    MarkMessage: _Maker.mark,
}
