"""Corrections and cancels of prints: read by both decoders, and what a market makes of them."""

import json
from decimal import Decimal
from typing import Any

import msgpack
import pytest

from mainspring.lane import StatisticsOptions, StreamStatistics
from mainspring.lane.book_slot import BookSlot
from mainspring.lane.market import Market
from mainspring.model import NO_ID, PRINT_ALL, PRINT_LAST, PRINT_VOLUME, Instrument, Trade, TradeCorrection
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring.wire import (
    CancelMessage,
    Conditions,
    CorrectionMessage,
    Format,
    Integer,
    Nanos,
    Price,
    Print,
    Size,
    Text,
    WireFeed,
)
from mainspring_plugins.books.sorted_dict import SortedDictBook

_INSTRUMENT = Instrument(symbol="A", venue_symbol="A", tick_size=Decimal("0.01"), lot_size=Decimal(1))


def _format(path: str = "", *, batch: bool = False) -> Format:
    def side(name: str) -> Print:
        codes = Conditions(f"{path}{name}c", (("L", PRINT_VOLUME),))
        return Print(
            trade_id=Integer(f"{path}{name}i"),
            price=Price(f"{path}{name}p"),
            size=Size(f"{path}{name}q"),
            conditions=codes,
        )

    common: dict[str, Any] = {"symbol": Text("s"), "event_time": Nanos("t")}
    return Format(
        messages=(
            CorrectionMessage(when={"e": "c"}, **common, was=side("o"), now=side("n")),
            CancelMessage(when={"e": "x"}, **common, was=Print(price=Price(path + "op"), size=Size(path + "oq"))),
        ),
        batch=batch,
    )


_FORMATS = {"flat": _format(), "batch": _format(batch=True), "paths": _format("x.")}


def _raw(shape: str, encoding: str, kind: str) -> bytes:
    values: dict[str, Any] = {"oi": 7, "op": "1.25", "oq": "30", "ni": 8, "np": "1.2551", "nq": "40", "nc": ["L"]}
    body: dict[str, Any] = {"e": kind, "s": "A", "t": 9} | ({"x": values} if shape == "paths" else values)
    whole = [body] if shape == "batch" else body
    packed: bytes = msgpack.packb(whole) if encoding == "msgpack" else json.dumps(whole).encode()
    return packed


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
@pytest.mark.parametrize("shape", _FORMATS)
def test_both_prints_are_read(shape, encoding):
    """What was reported and what is right; a cancel has only the one. Each is counted as its own kind."""
    decoders = [None, pytest.importorskip("mainspring_native.decoders").native_decoder]
    for decoder in decoders:
        context = FeedContext((_INSTRUMENT,), plain_codec(encoding), encoding, decoder)
        feed = WireFeed(format=_FORMATS[shape])(context)
        was = Trade(0, 5, 9, 7, 125, 30, 0, PRINT_ALL)
        now = Trade(0, 5, 9, 8, 125, 40, 0, PRINT_VOLUME, 510_000_000)
        assert list(feed.on_message(_raw(shape, encoding, "c"), 5)) == [TradeCorrection(0, 5, 9, was, now)]
        nameless = Trade(0, 5, 9, NO_ID, 125, 30, 0, PRINT_ALL)
        assert list(feed.on_message(_raw(shape, encoding, "x"), 5)) == [TradeCorrection(0, 5, 9, nameless, None)]
        assert feed.statistics().by_kind == {"correction": 1, "cancel": 1}


def _trade(trade_id: int, price: int, lots: int, counts: int = PRINT_ALL, fraction: int = 0) -> Trade:
    return Trade(0, 1, 1, trade_id, price, lots, 0, counts, fraction)


@pytest.mark.parametrize(
    ("was", "now", "last", "lots"),
    [
        # The last trade: its price becomes the right one.
        (_trade(2, 20, 5), _trade(3, 21, 7, fraction=5), (21, 5), 10 + 7),
        # One before it: only the volume changes.
        (_trade(1, 10, 10), _trade(3, 11, 1), (20, 0), 1 + 5),
        # The last one never took place: there is no last price until the next.
        (_trade(2, 20, 5), None, (0, 0), 10),
        (_trade(2, 20, 5), _trade(3, 21, 7, PRINT_VOLUME), (0, 0), 10 + 7),
        # It didn't count in the volume, and now it does.
        (_trade(1, 10, 10, PRINT_LAST), _trade(1, 10, 4), (20, 0), 15 + 4),
        # Trades from before the session, and ones without an id, change no price.
        (_trade(9, 20, 100), None, (20, 0), 0),
        (_trade(NO_ID, 20, 1), None, (20, 0), 14),
    ],
)
def test_a_market_takes_what_is_right(was, now, last, lots):
    """The volume changes by the difference, the last price if it was the corrected trade's."""
    statistics = StreamStatistics(_INSTRUMENT, StatisticsOptions(warm_up_s=1))
    market = Market(
        0, _INSTRUMENT, BookSlot(SortedDictBook(), "sorted-dict", "the test"), statistics, top_of_book=False
    )
    for trade in (_trade(1, 10, 10), _trade(2, 20, 5)):
        market.on_trade(trade)
    market.on_correction(TradeCorrection(0, 2, 2, was, now))
    assert (market.last_ticks, market.last_fraction_nanoticks) == last
    # After an hour its volume is worked in: the figure is scaled to a day.
    statistics.on_trade(1 + 3_600 * 10**9, 30, 0)
    assert (statistics.daily_volume_lots or 0) == lots * 24
