from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mainspring.errors import ConfigError, DataError
from mainspring.host.config import load_config, parse_config
from mainspring.host.instruments import resolve_instruments
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.model import Instrument
from mainspring.seams import RawMessage
from mainspring.session import run_session

BTC = Instrument(
    symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"), origin="capture"
)
ETH = Instrument(
    symbol="ETH/USDT", venue_symbol="ETHUSDT", tick_size=Decimal("0.1"), lot_size=Decimal("0.01"), origin="capture"
)
PERP = Instrument(
    symbol="BTC/USD",
    venue_symbol="BTCUSD_PERP",
    tick_size=Decimal("0.1"),
    lot_size=Decimal(1),
    contract="inverse",
    contract_size=Decimal(100),
    origin="feed",
)


class Feed:
    """A feed's factory that finds instruments in any capture, or describes any symbol as the perpetual."""

    def __init__(self, found: Iterable[Instrument] = (), described: Instrument | None = None) -> None:
        self._found = tuple(found)
        self._described = described
        self.looked = 0

    def find_instruments(self, messages: Iterable[RawMessage], codec: Any) -> tuple[Instrument, ...]:
        self.looked += 1
        return self._found

    def describe(self, symbol: str, venue_symbol: str | None) -> Instrument | None:
        return self._described


def resolve(text: str, feed: Any, *, captured: bool = True, codec: Any = None) -> tuple[Instrument, ...]:
    loaded = parse_config(text, "s.toml", Path())
    messages: Callable[[], Iterable[RawMessage]] | None = (lambda: ()) if captured else None
    return resolve_instruments(loaded.config, loaded.diagnostic, feed, codec, messages)[0]


def diagnostic(text: str, feed: Any, *, captured: bool = True) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(text, feed, captured=captured)
    return str(caught.value)


def test_a_capture_without_a_word_in_the_config_brings_its_own() -> None:
    """What the feed finds is the session, in the order in which it was found."""
    assert resolve("", Feed([ETH, BTC])) == (ETH, BTC)


def test_the_config_chooses_and_orders() -> None:
    """The config names instruments by their own symbol or the venue's."""
    assert resolve('instruments = ["BTC/USDT"]', Feed([ETH, BTC])) == (BTC,)
    assert [one.symbol for one in resolve('instruments = ["BTC/USDT", "ETH/USDT"]', Feed([ETH, BTC]))] == [
        "BTC/USDT",
        "ETH/USDT",
    ]
    (named_by_venue,) = resolve('instruments = ["BTCUSDT"]', Feed([BTC]))
    assert (named_by_venue.symbol, named_by_venue.venue_symbol, named_by_venue.tick_size) == (
        "BTCUSDT",
        "BTCUSDT",
        BTC.tick_size,
    )


def test_what_the_config_says_of_a_grid_goes_first() -> None:
    """A tick from the config replaces the one found, exactly, and the rest stays; a whole grid is the config's."""
    (one,) = resolve('instruments = ["BTC/USDT"]\n[instrument."BTC/USDT"]\ntick_size = 0.1', Feed([BTC]))
    assert (one.tick_size, one.lot_size, one.origin) == (Decimal("0.1"), BTC.lot_size, "capture")
    text = 'instruments = ["BTC/USDT"]\n[instrument."BTC/USDT"]\ntick_size = 0.1\nlot_size = 2'
    (one,) = resolve(text, Feed([BTC]))
    assert (one.tick_size, one.lot_size, one.origin) == (Decimal("0.1"), Decimal(2), "config")


def test_a_grid_that_the_config_gives_whole_needs_nobody() -> None:
    """With venue symbol, tick and lot in the config the capture isn't searched."""
    text = (
        'instruments = ["X"]\n[instrument.X]\nvenue_symbol = "XX"\ntick_size = 1\nlot_size = "0.5"\ncontract = "linear"'
    )
    feed = Feed([BTC])
    (one,) = resolve(text, feed)
    assert (one.venue_symbol, one.lot_size, one.contract, one.origin) == ("XX", Decimal("0.5"), "linear", "config")
    assert feed.looked == 0


def test_the_venues_rules_are_asked_where_there_is_no_capture() -> None:
    """A feed that knows its venue describes the instrument, contract and all."""
    (one,) = resolve('instruments = ["BTC/USD"]', Feed(described=PERP), captured=False)
    assert one == PERP


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("seed = 1\ninstruments = []", 's.toml:2: instruments: names none; write instruments = ["BTC/USDT"]'),
        ('instruments = ["A", "A"]', "s.toml:1: instruments: names 'A' twice"),
        ('instruments = ["A"]', "s.toml:1: instruments: the grid of 'A' is unknown; add [instrument.\"A\"] with"),
        (
            'instruments = ["A"]\n[instrument.A]\nvenue_symbol = "B"',
            "s.toml:1: instruments: the grid of 'A' is unknown",
        ),
    ],
)
def test_instruments_that_cannot_be_known_are_told_with_the_remedy(text: str, error: str) -> None:
    """Without a capture and without rules of the venue, the config has to say what the grid is."""
    assert diagnostic(text, object(), captured=False).startswith(error)


def test_an_instrument_that_the_capture_lacks_brings_those_it_has() -> None:
    """A symbol that nobody knows is answered with those in the capture."""
    said = diagnostic('instruments = ["BTC-USD"]', Feed([BTC, ETH]))
    assert said == "s.toml:1: instruments: 'BTC-USD' isn't in the capture, which holds: BTC/USDT, ETH/USDT"


def test_a_grid_for_no_instrument_of_the_session_is_an_error() -> None:
    """A table for an instrument that isn't traded is a slip, and points at its line."""
    text = 'instruments = ["BTC/USDT"]\n[instrument."BTC/USD"]\ntick_size = 1'
    expected = "s.toml:2: instrument.\"BTC/USD\": isn't among the session's instruments: BTC/USDT"
    assert diagnostic(text, Feed([BTC])) == expected


@pytest.mark.parametrize("size", ["0", "-1", "nan", "inf", '"0.0"'])
@pytest.mark.parametrize("name", ["tick_size", "lot_size", "contract_size"])
def test_a_size_that_is_no_positive_number_is_an_error(name: str, size: str) -> None:
    """A grid of zero, below zero, or of no number is refused at its line."""
    text = f'instruments = ["BTC/USDT"]\n[instrument."BTC/USDT"]\n{name} = {size}'
    valid = "of at most 1e+36" if size in ("nan", "inf") else "above 0"
    expected = f's.toml:3: instrument."BTC/USDT".{name}: expected a number {valid}; found the number '
    assert diagnostic(text, Feed([BTC])).startswith(expected)


def test_two_instruments_of_one_venue_symbol_are_an_error() -> None:
    """Both would claim the same messages."""
    text = 'instruments = ["BTC/USDT", "X"]\n[instrument.X]\nvenue_symbol = "BTCUSDT"'
    expected = "s.toml:1: instruments: 'BTC/USDT' and 'X' are both 'BTCUSDT' at the venue; remove one"
    assert diagnostic(text, Feed([BTC])) == expected


def test_a_capture_that_the_feed_cannot_read_is_an_error() -> None:
    """A feed that finds nothing in a capture is the wrong feed for it."""
    with pytest.raises(DataError, match="name the feed that it was recorded from"):
        resolve("", Feed())


@pytest.mark.parametrize("decoder", ["python", "native"])
def test_a_snapshot_without_a_name_may_be_of_another_instrument_of_the_capture(decoder: str, tmp_path: Path) -> None:
    """A session of one instrument doesn't take it for its own: which it is of, nobody can know."""
    registry = Registry.load()
    if decoder not in registry.offers("decoder"):
        pytest.skip("mainspring-native absent")

    def change(symbol: str) -> str:
        levels = f'"s":"{symbol}","U":2,"u":2,"b":[["10","1"]],"a":[["11","1"]]'
        return f'{{"e":"depthUpdate","E":1760000000000,{levels}}}'

    snapshot = '{"lastUpdateId":1,"bids":[["10","1"]],"asks":[["11","1"]]}'
    for others, refused in (("ETHUSDT", True), ("BTCUSDT", False)):
        path = tmp_path / f"{others}.cap"
        lines = (change("BTCUSDT"), snapshot, change(others))
        path.write_text("".join(f"{1_760_000_000_000_000_000 + at} {line}\n" for at, line in enumerate(lines)))
        overrides = [f"decoder.plugin={decoder}", "mode=replay", 'instruments=["BTC/USDT"]']
        loaded = load_config(None, [*overrides, f"feed.capture={path}", "feed.plugin=binance-spot"])
        session = make_session(loaded, registry)
        if refused:
            with pytest.raises(DataError, match="names no instrument"):
                run_session(session, registry)
        else:
            assert run_session(session, registry).feed.by_kind["snapshot"] == 1
