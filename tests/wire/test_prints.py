"""Prints between two ticks: read exactly in every shape and encoding, by both decoders, and no grid of orders."""

import json
from decimal import Decimal
from typing import Any

import msgpack
import pytest

from mainspring.errors import GridError
from mainspring.model import PRINT_ALL, Bar, DecimalGrid, Instrument, Trade
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring.wire import BarMessage, Format, Price, QuoteMessage, Size, Text, TradeMessage, WireFeed


def _format(*, number: bool, batch: bool = False, path: str = "") -> Format:
    def price(key: str) -> Price:
        return Price(path + key, number=number)

    def size(key: str) -> Size:
        return Size(path + key, number=number)

    symbol = Text("s")
    ohlc: dict[str, Any] = {name: price(name[0]) for name in ("open", "high", "low", "close")}
    return Format(
        messages=(
            TradeMessage(when={"e": "t"}, symbol=symbol, price=price("p"), size=size("q")),
            BarMessage(when={"e": "b"}, symbol=symbol, **ohlc, volume=size("q")),
            QuoteMessage(
                when={"e": "q"},
                symbol=symbol,
                bid_price=price("b"),
                bid_size=size("q"),
                ask_price=price("a"),
                ask_size=size("q"),
            ),
        ),
        batch=batch,
    )


_SHAPES = {
    "text": _format(number=False),
    "numbers": _format(number=True),
    "batch": _format(number=True, batch=True),
    "paths": _format(number=False, path="x."),
}


def _feeds(shape: str, encoding: str, tick: str) -> list[Any]:
    decoders = [None, pytest.importorskip("mainspring_native.decoders").native_decoder]
    instrument = Instrument(symbol="A", venue_symbol="A", tick_size=Decimal(tick), lot_size=Decimal(1))
    codec = plain_codec(encoding)
    declared = WireFeed(format=_SHAPES[shape])
    return [declared(FeedContext((instrument,), codec, encoding, decoder)) for decoder in decoders]


def _raw(shape: str, encoding: str, kind: str, **values: str) -> bytes:
    numbers = shape in ("numbers", "batch")
    written: dict[str, Any] = {key: float(text) if numbers else text for key, text in values.items()}
    body: dict[str, Any] = {"e": kind, "s": "A", **({"x": written} if shape == "paths" else written)}
    whole = [body] if shape == "batch" else body
    packed: bytes = msgpack.packb(whole) if encoding == "msgpack" else json.dumps(whole).encode()
    return packed


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("shape", _SHAPES)
@pytest.mark.parametrize(
    ("tick", "price", "ticks", "fraction"),
    [
        ("0.01", "100.02", 10_002, 0),
        ("0.01", "100.0251", 10_002, 510_000_000),
        ("0.01", "0.0001", 0, 10_000_000),
        ("0.25", "1.6", 6, 400_000_000),
        ("5", "12", 2, 400_000_000),
        ("0.01", "0.00000000001", 0, 1),
    ],
)
def test_a_print_keeps_its_price(shape, encoding, tick, price, ticks, fraction):
    """In whole ticks and billionths of one, over and over; the exact price comes back from both."""
    for feed in _feeds(shape, encoding, tick):
        for _ in range(3):
            (trade,) = feed.on_message(_raw(shape, encoding, "t", p=price, q="7"), 5)
            assert trade == Trade(0, 5, 5, -1, ticks, 7, 0, PRINT_ALL, fraction)
        assert DecimalGrid(Decimal(tick)).fine_decimal(ticks, fraction) == Decimal(price)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("shape", _SHAPES)
def test_a_bar_keeps_its_prices(shape, encoding):
    """Bars are made of prints, so their prices may lie between two ticks as well."""
    for feed in _feeds(shape, encoding, "0.01"):
        (bar,) = feed.on_message(_raw(shape, encoding, "b", o="1.005", h="1.02", l="0.999", c="1.0101", q="7"), 5)
        assert isinstance(bar, Bar)
        assert (bar.open_ticks, bar.high_ticks, bar.low_ticks, bar.close_ticks) == (100, 102, 99, 101)
        assert bar.fractions_nanoticks == (500_000_000, 0, 900_000_000, 10_000_000)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("shape", _SHAPES)
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("q", {"b": "1.005", "a": "2", "q": "1"}),
        ("t", {"p": "0.000000000001", "q": "1"}),
        ("t", {"p": "-1.005", "q": "1"}),
        ("t", {"p": "100000000.005", "q": "1"}),
    ],
)
def test_what_no_order_and_no_print_may_have_is_refused(shape, encoding, kind, values):
    """A quote off the grid, a print finer than a billionth of a tick, a negative one, one beyond 64 bits."""
    for feed in _feeds(shape, encoding, "0.01"):
        with pytest.raises(GridError, match=r"is off the grid of 0\.01|is negative"):
            feed.on_message(_raw(shape, encoding, kind, **values), 5)
        assert feed.statistics().messages == 0


@pytest.mark.parametrize("shape", ["text", "paths"])
def test_orders_stand_where_quotes_do(shape):
    """Prints make the grid only where there is neither quote nor level: an empty side of a quote is neither."""
    declared, codec = WireFeed(format=_SHAPES[shape]), plain_codec("json")
    trade = _raw(shape, "json", "t", p="100.0251", q="7")
    quote = _raw(shape, "json", "q", b="99.98", a="100.0", q="7")
    empty = _raw(shape, "json", "q", b="0.0000", a="0.0000", q="0")

    def tick(*messages: bytes) -> Decimal:
        (found,) = declared.find_instruments(enumerate(messages), codec)
        return found.tick_size

    assert tick(trade, quote, trade) == Decimal("0.01")
    assert tick(quote) == Decimal("0.01")
    assert tick(trade, empty) == Decimal("0.0001")
