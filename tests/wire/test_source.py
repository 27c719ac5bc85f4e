"""The readers that are generated from declarations: what they say of themselves, and what they must not mistake."""

import traceback
from decimal import Decimal

import pytest

from mainspring.errors import WireError
from mainspring.model import Instrument
from mainspring.seams import FeedContext
from mainspring.testing import plain_codec
from mainspring.wire import (
    DeltaMessage,
    Format,
    Levels,
    Price,
    QuoteMessage,
    Range,
    Size,
    Text,
    WireFeed,
    reader_source,
)
from mainspring.wire._tree_units import TreeUnits

_ONE = Instrument(symbol="ONE", venue_symbol="ONE", tick_size=Decimal("0.5"), lot_size=Decimal(1))
_DELTA = DeltaMessage(
    when={"kind": "delta"},
    symbol=Text("of.symbol"),
    sequence=Range(first="of.first", last="of.last"),
    bids=Levels("of.bids"),
    asks=Levels("of.asks"),
)
_FORMAT = Format(messages=(_DELTA,))


def _read(message: dict[str, object]) -> object:
    feed = WireFeed(format=_FORMAT)(FeedContext((_ONE,), plain_codec("json")))
    return feed.on_message(plain_codec("json").encode(message), 1)


def _message(first: int = 1, last: int = 2, **sides: object) -> dict[str, object]:
    return {"kind": "delta", "of": {"symbol": "ONE", "first": first, "last": last, "bids": [], "asks": [], **sides}}


def test_source_is_for_people_to_read():
    """The source of a kind names its paths once, whatever is read below them."""
    source = reader_source(_FORMAT)
    compile(source, "reader", "exec")
    assert source.count("item.get('of', ABSENT)") == 1
    assert "for row in at_of_bids" in source


def test_formats_without_paths_have_no_source():
    """What isn't generated isn't shown."""
    flat = QuoteMessage(bid_price=Price("b"), bid_size=Size("B"), ask_price=Price("a"), ask_size=Size("A"), has=("b",))
    with pytest.raises(ValueError, match="needs no paths"):
        reader_source(Format(messages=(flat,)))


def test_tracebacks_show_the_generated_line():
    """A debugger and a traceback find the lines of a reader, as they find those of a file."""
    with pytest.raises(WireError, match="beyond") as caught:
        _read(_message(first=3, last=2))
    assert "raise beyond('of.first', 'of.last', integer, integer_2)" in "".join(
        traceback.format_exception(caught.value)
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("12", r"'of.bids\[1\]' must be an array or an object"),
        ([True, "1"], r"'of.bids\[0\]' must be a number, or the text of one, not True"),
        (["1", False], r"'of.bids\[1\]' must be a number, or the text of one, not False"),
        (["1", [1]], r"'of.bids\[1\]' must be a number"),
        (["1"], r"'of.bids\[1\]' is missing"),
        (["0.7", "1"], r"ONE: of.bids\[0\] '0.7' is off the grid of 0.5"),
    ],
)
def test_no_row_passes_for_a_level_that_is_none(row, words):
    """What resembles a row that was read before, and is none, is refused with its place."""
    feed = WireFeed(format=_FORMAT)(FeedContext((_ONE,), plain_codec("json")))
    encode = plain_codec("json").encode
    feed.on_message(encode(_message(bids=[["1", "1"], [1, 1], [1.0, 0], ["1", 0.0]])), 1)
    with pytest.raises(WireError, match=words):
        feed.on_message(encode(_message(first=3, last=3, bids=[["1", "1"], row])), 2)


@pytest.mark.parametrize("scale", [None, 0])
def test_what_is_remembered_is_found_by_nothing_else(scale):
    """1, 1.0 and True are equal keys, and so are a scaled 5 and 5.0: only what may stand for another finds it."""
    table = TreeUnits(Decimal(1), scale, "ONE")
    for value in (0, 1, 5, "5", "1"):
        table.of(value)
    assert table.find(True) is None
    assert table.find(False) is None
    assert table.find("5") == 5
    assert table.find(5.0) == (5 if scale is None else None)
    assert table.convert(1) == 1
    with pytest.raises(WireError):
        table.convert(True)
