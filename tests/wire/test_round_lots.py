"""Sizes in round lots until a date: units by the time of the event, of every kind of message, by both decoders."""

import json
from decimal import Decimal
from typing import Any

import msgpack
import pytest

from mainspring.errors import WireError
from mainspring.model import MAX_UNITS, Instrument
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring.wire import (
    BarMessage,
    Checksum,
    DeltaMessage,
    Format,
    Levels,
    Nanos,
    Price,
    QuoteMessage,
    RoundLots,
    Size,
    SnapshotMessage,
    Text,
    TradeMessage,
    WireFeed,
)

_LOTS = RoundLots(units=(("ONE", 1), ("TEN", 10), ("", 100)), before="1970-01-01T00:00:01Z")
_SECOND = 10**9


def _format(*, path: str = "", batch: bool = False, checksum: Checksum | None = None) -> Format:
    def sized(key: str) -> dict[str, Any]:
        return {"price": Price(path + key), "size": Size(path + "q")}

    common: dict[str, Any] = {"symbol": Text("s"), "event_time": Nanos("t"), "round_lots": _LOTS}
    sides: dict[str, Any] = {"bids": Levels(path + "b"), "asks": Levels(path + "a")}
    ohlc: dict[str, Any] = {name: Price(path + "p") for name in ("open", "high", "low", "close")}
    quote: dict[str, Any] = {f"{side}_{key}": one for side in ("bid", "ask") for key, one in sized("p").items()}
    return Format(
        messages=(
            QuoteMessage(when={"e": "quote"}, **common, **quote),
            TradeMessage(when={"e": "trade"}, **common, **sized("p")),
            BarMessage(when={"e": "bar"}, **common, **ohlc, volume=Size(path + "q")),
            SnapshotMessage(when={"e": "snapshot"}, **common, **sides, checksum=checksum),
            DeltaMessage(when={"e": "delta"}, **common, **sides, checksum=checksum),
        ),
        batch=batch,
    )


_FORMATS = {
    "flat": _format(),
    "batch": _format(batch=True),
    "paths": _format(path="x."),
    "ledger": _format(checksum=Checksum("c", levels=1, optional=True)),
}


def _feeds(shape: str, encoding: str) -> list[Any]:
    decoders = [None, pytest.importorskip("mainspring_native.decoders").native_decoder]
    instruments = tuple(
        Instrument(symbol=name, venue_symbol=name, tick_size=Decimal(1), lot_size=Decimal(1))
        for name in ("ABC", "ONE", "TEN.A")
    )
    codec = plain_codec(encoding)
    declared = WireFeed(format=_FORMATS[shape])
    return [declared(FeedContext(instruments, codec, encoding, decoder)) for decoder in decoders]


def _raw(shape: str, encoding: str, kind: str, time_ns: int, size: int = 3, symbol: str = "ABC") -> bytes:
    values: dict[str, Any] = {"p": "7", "q": str(size), "b": [["6", str(size)]], "a": [["8", str(size)]]}
    head: dict[str, Any] = {"e": kind, "s": symbol, "t": time_ns}
    body = head | ({"x": values} if shape == "paths" else values)
    whole = [body] if shape == "batch" else body
    packed: bytes = msgpack.packb(whole) if encoding == "msgpack" else json.dumps(whole).encode()
    return packed


def _sizes(event: Any) -> list[int]:
    names = ("bid_lots", "ask_lots", "size_lots", "volume_lots")
    plain = [getattr(event, name) for name in names if hasattr(event, name)]
    return plain + [lots for side in ("bids", "asks") for _, lots in getattr(event, side, ())]


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("shape", _FORMATS)
@pytest.mark.parametrize("kind", ["quote", "trade", "bar", "snapshot", "delta"])
def test_sizes_are_units_from_a_time_on(shape, encoding, kind):
    """Judged by the event's own time, to the nanosecond, and by the instrument; what stands in messages isn't kept."""
    for feed in _feeds(shape, encoding):
        for symbol in ("ABC", "ONE", "TEN.A"):
            feed.on_message(_raw(shape, encoding, "snapshot", 0, symbol=symbol), 5)
        for time_ns, symbol, factor in (
            (_SECOND - 1, "ABC", 100),
            (_SECOND, "ABC", 1),
            (_SECOND - 1, "TEN.A", 10),
            (_SECOND - 1, "ONE", 1),
            (_SECOND - 1, "ABC", 100),
        ):
            (event,) = feed.on_message(_raw(shape, encoding, kind, time_ns, symbol=symbol), 5 * _SECOND)
            sizes = _sizes(event)
            assert sizes
            assert set(sizes) == {3 * factor}


@pytest.mark.parametrize("shape", _FORMATS)
@pytest.mark.parametrize("kind", ["quote", "trade", "bar", "snapshot"])
def test_a_size_beyond_64_bits_is_refused(shape, kind):
    """As a size is that is written so; nothing is counted."""
    for feed in _feeds(shape, "json"):
        with pytest.raises(WireError, match="doesn't fit in 64 bits"):
            feed.on_message(_raw(shape, "json", kind, 0, MAX_UNITS // 100 + 1), 5)
        assert feed.statistics().messages == 0


@pytest.mark.parametrize("units", [(), (("", 0),), (("", -100),)])
def test_a_round_lot_has_units(units):
    """What can't be a round lot is refused where it is declared, and so is a date that is none."""
    with pytest.raises(ValueError, match="at least one unit"):
        RoundLots(units=units, before="2025-11-03T00:00:00-05:00")
    with pytest.raises(ValueError, match="RFC 3339"):
        RoundLots(units=(("", 100),), before="2025-11-03")
