"""Recordings of venues, and faults made in them: messages dropped, doubled, swapped, altered, cut and lying."""

import json
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mainspring.data import read_capture, read_cryptofeed
from mainspring.model import BookDelta, BookSnapshot, Instrument
from mainspring.seams import FeedContext, RawMessage
from mainspring.testing import plain_codec
from mainspring.wire import DeltaMessage, Levels, SnapshotMessage, WireFeed
from mainspring.wire._tree_kinds import Kind, unfold

_DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
_WINDOW = 1_500
_BTC_USD = Instrument(
    symbol="BTC/USD", venue_symbol="BTC/USD", tick_size=Decimal("0.1"), lot_size=Decimal("0.00000001")
)


class Venue(NamedTuple):
    """A feed and its recording: `name` in `module`, and files below ../shared/data."""

    module: str
    name: str
    files: tuple[str, ...]


def _cryptofeed(module: str, *files: str) -> Venue:
    return Venue(module, module.upper(), tuple(f"cryptofeed/{file}" for file in files))


VENUES = {
    "okx": _cryptofeed("okx", "OKX.ws.1.0"),
    "coinbase": _cryptofeed("coinbase", "COINBASE.ws.28.0"),
    "kraken-v1": _cryptofeed("kraken_v1", "KRAKEN.ws.48.0", "KRAKEN.ws.49.0", "KRAKEN.ws.50.0"),
    "kraken": Venue("kraken", "KRAKEN", ("kraken-v2/kraken_v2_book_tickvault.jsonl",)),
    "bitget": _cryptofeed("bitget", "BITGET.ws.1.0"),
    "kucoin": _cryptofeed("kucoin", "KUCOIN.ws.1.0", "KUCOIN.http.0.0"),
    "deribit": _cryptofeed("deribit", "DERIBIT.ws.1.0"),
    "kraken-futures": _cryptofeed("kraken_futures", "KRAKEN_FUTURES.ws.1.0"),
    "gateio": _cryptofeed("gateio", "GATEIO.ws.1.0", "GATEIO.http.0.0"),
    "gateio-futures": _cryptofeed("gateio_futures", "GATEIO_FUTURES.ws.1.0", "GATEIO_FUTURES.http.0.0"),
    "bitmex": _cryptofeed("bitmex", "BITMEX.ws.1.0"),
    "huobi": _cryptofeed("huobi", "HUOBI.ws.44.0"),
    "poloniex": _cryptofeed("poloniex", "POLONIEX.ws.1.0"),
    "ascendex": _cryptofeed("ascendex", "ASCENDEX.ws.1.0"),
    "phemex": _cryptofeed("phemex", "PHEMEX.ws.1.0"),
    "upbit": _cryptofeed("upbit", "UPBIT.ws.62.0"),
    "independent-reserve": _cryptofeed(
        "independent_reserve", "INDEPENDENT_RESERVE.ws.1.0", "INDEPENDENT_RESERVE.http.0.0"
    ),
    "binance-spot": Venue("binance_spot", "BINANCE_SPOT", ("binance/spot/btcusdt_20240808.gz",)),
    "binance-coinm": Venue("binance_coinm", "BINANCE_COINM", ("binance/cm/btcusd_perp_20240808.gz",)),
    "binance-usdm": _cryptofeed("binance_usdm", "BINANCE_FUTURES.ws.1.0", "BINANCE_FUTURES.http.0.0"),
}


class Body(NamedTuple):
    """A message about a book: its number in the recording, its declaration, and where it stands."""

    number: int
    message: Any
    whole: Any
    root: Any
    item: Any

    def raw(self) -> bytes:
        """Its bytes as they are now."""
        return json.dumps(self.whole, separators=(",", ":")).encode()


class Recording:
    """A venue's messages, with those that change books."""

    def __init__(self, venue: Venue) -> None:
        self.declared: WireFeed = getattr(import_module(f"mainspring_plugins.feeds.{venue.module}"), venue.name)
        paths = [_DATA / file for file in venue.files]
        for path in paths:
            if not path.is_file():
                pytest.skip(f"captures absent: {path.relative_to(_DATA)}")
        self.messages = _read(paths)[:_WINDOW]
        self.codec = plain_codec("json")
        found = self.declared.find_instruments(self.messages, self.codec)
        self.instruments = (_BTC_USD,) if venue.module == "kraken" else found
        format_ = self.declared.format
        kinds: list[Any] = [one for one in format_.messages if isinstance(one, DeltaMessage)]
        kinds = kinds or [one for one in format_.messages if isinstance(one, SnapshotMessage)]
        self._kinds = [Kind(one) for one in kinds]
        self.changes = self._changes()

    def _changes(self) -> list[int]:
        """The numbers of messages that change a live book, by the feed itself."""
        feed = self.feed(native=True)
        wanted = BookDelta if any(isinstance(kind.message, DeltaMessage) for kind in self._kinds) else BookSnapshot
        found = []
        for number, (now_ns, raw) in enumerate(self.messages):
            events = list(feed.on_message(raw, now_ns))
            if any(isinstance(event, wanted) and (event.bids or event.asks) for event in events) and self.bodies(
                number
            ):
                found.append(number)
        return found

    def feed(self, *, native: bool) -> Any:
        from mainspring_native.decoders import native_decoder

        return self.declared(FeedContext(self.instruments, self.codec, decoder=native_decoder if native else None))

    def bodies(self, number: int) -> list[Body]:
        """What a message says of books, in its declarations' kinds."""
        whole = json.loads(self.messages[number][1])
        format_ = self.declared.format
        roots = whole if format_.batch else [whole.get(format_.unwrap, whole) if format_.unwrap else whole]
        return [
            Body(number, kind.message, whole, root, item)
            for root in roots
            for kind in self._kinds
            for fitting, item in unfold([kind], root, mixed=False)
            if fitting is kind
        ]

    def symbol(self, body: Body) -> str:
        """The instrument that a body is about; empty if it doesn't say."""
        symbol = body.message.symbol
        found = None if symbol is None else _find(body, symbol.key) if hasattr(symbol, "key") else str(symbol)
        return str(found)


def _read(paths: list[Path]) -> list[RawMessage]:
    if paths[0].suffix == ".gz":
        return [message for message, _ in zip(read_capture(paths[0]), range(_WINDOW), strict=False)]
    if paths[0].suffix == ".jsonl":
        return list(enumerate(paths[0].read_bytes().splitlines()))
    return list(read_cryptofeed(*paths))


def _holder(body: Body, path: str) -> tuple[Any, Any] | None:
    """The object or array in which the value at a path stands, and its key or place there; None if there is none."""
    holder, path = (body.root, path[1:]) if path.startswith("/") else (body.item, path)
    *steps, last = [int(step) if re.fullmatch(r"-?\d+", step) else step for step in path.split(".")]
    try:
        for step in steps:
            holder = holder[step]
        holder[last]
    except (KeyError, IndexError, TypeError):
        return None
    return holder, last


def _find(body: Body, path: str) -> Any:
    found = _holder(body, path)
    return None if found is None else found[0][found[1]]


def _other(value: Any) -> Any:
    """The same, one more in the last digit that counts; None for a zero and for what is no number."""
    text = value if type(value) is str else repr(value)
    if not re.fullmatch(r"-?\d+(\.\d+)?", text) or not float(text):
        return None
    if type(value) is int:
        return value + 1
    number = Decimal(text)
    digits, places = number.as_tuple().digits, number.as_tuple().exponent
    zeros = next(at for at, digit in enumerate(reversed(digits)) if digit)
    other = number + Decimal((0, (1,), places + zeros))  # type: ignore[operator]
    return f"{other:f}" if type(value) is str else float(other)


def _alter(body: Body, place: str) -> bool:
    """Alters one price or size of a message; returns whether there is one."""
    for side in (body.message.bids, body.message.asks, body.message.rows):
        for row in _rows(body, side):
            for holder, at in _cells(row, getattr(side, place)):
                other = _other(holder[at])
                if other is not None:
                    holder[at] = other
                    return True
    return False


def _cells(row: Any, at: int | str) -> list[tuple[Any, Any]]:
    """Where a row's price or size stands, in each currency if it has several."""
    if isinstance(at, str) and at.endswith(".{quote}"):
        inside = row.get(at.removesuffix(".{quote}"))
        return [(inside, key) for key in inside] if type(inside) is dict else []
    there = at in row if type(row) is dict else isinstance(at, int) and at < len(row)
    return [(row, at)] if there else []


def _rows(body: Body, side: Levels | None) -> list[Any]:
    if side is None:
        return []
    if side.single:
        return [body.item if not side.key else _find(body, side.key)]
    rows = _find(body, side.key)
    return rows if type(rows) is list else []


def _numbers(message: Any) -> Iterable[str]:
    """The paths of the numbers of an update."""
    if isinstance(message, DeltaMessage) and message.sequence is not None:
        ids = message.sequence
        yield from dict.fromkeys(path for path in (ids.first, ids.last, ids.previous) if path is not None)


_Fault = Callable[[Recording, int], list[RawMessage] | None]


def _dropped(recording: Recording, at: int) -> list[RawMessage]:
    return recording.messages[:at] + recording.messages[at + 1 :]


def _doubled(recording: Recording, at: int) -> list[RawMessage]:
    return recording.messages[: at + 1] + recording.messages[at:]


def _swapped(recording: Recording, at: int) -> list[RawMessage] | None:
    """With the next message about the same book."""
    mine = {recording.symbol(body) for body in recording.bodies(at)}
    for later in recording.changes:
        if later > at and mine & {recording.symbol(body) for body in recording.bodies(later)}:
            messages = list(recording.messages)
            (first_ns, first), (second_ns, second) = messages[at], messages[later]
            messages[at], messages[later] = (first_ns, second), (second_ns, first)
            return messages if first != second else None
    return None


def _replaced(recording: Recording, at: int, raw: bytes) -> list[RawMessage]:
    messages = list(recording.messages)
    messages[at] = messages[at][0], raw
    return messages


def _altered(place: str) -> _Fault:
    def alter(recording: Recording, at: int) -> list[RawMessage] | None:
        for body in recording.bodies(at):
            if _alter(body, place):
                return _replaced(recording, at, body.raw())
        return None

    return alter


def _cut(recording: Recording, at: int) -> list[RawMessage]:
    raw = recording.messages[at][1]
    return _replaced(recording, at, raw[: len(raw) * 2 // 3])


def _lying(recording: Recording, at: int) -> list[RawMessage] | None:
    for body in recording.bodies(at):
        field = body.message.checksum
        found = None if field is None else _holder(body, field.key)
        if found is not None:
            holder, key = found
            value = holder[key]
            holder[key] = _other(value) if type(value) is str else value + (-1 if value > 0 else 1)
            return _replaced(recording, at, body.raw())
    return None


def _restarted(recording: Recording, at: int) -> list[RawMessage] | None:
    """All updates of a book have numbers from one on, from there on; none where nothing is numbered."""
    (mine, *_) = recording.bodies(at)
    named = recording.symbol(mine)
    paths = list(_numbers(mine.message))
    before = [int(_find(mine, path)) for path in paths if _find(mine, path) is not None]
    if not before:
        return None
    messages, base = list(recording.messages), min(before) - 1
    for number in recording.changes:
        if number < at:
            continue
        changed = False
        for body in recording.bodies(number):
            if recording.symbol(body) != named:
                continue
            for path in _numbers(body.message):
                found = _holder(body, path)
                if found is not None:
                    holder, key = found
                    value = max(0, int(holder[key]) - base)
                    holder[key] = str(value) if type(holder[key]) is str else value
                    changed = True
            if changed:
                messages[number] = messages[number][0], body.raw()
    return messages


FAULTS: dict[str, _Fault] = {
    "dropped": _dropped,
    "doubled": _doubled,
    "swapped": _swapped,
    "price altered": _altered("price"),
    "size altered": _altered("size"),
    "cut": _cut,
    "lying checksum": _lying,
    "numbers restart": _restarted,
}
