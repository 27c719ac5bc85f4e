"""The feed `simulated` makes its messages, reads them as Binance's, and refuses faults for what they are."""

from collections import Counter
from typing import Any

import pytest

from mainspring.errors import CodecError, GridError
from mainspring.model import BookDelta, BookInvalid, BookSnapshot, Quote, Trade
from mainspring.seams import FeedContext
from mainspring_plugins.codecs.orjson import OrjsonCodec
from mainspring_plugins.feeds.simulated import SimulatedFeed
from mainspring_plugins.simulated_market import SimulatedFaults, SimulatedOptions, recipe_digest

FEED = SimulatedFeed()


def play(instruments, options):
    feed = FEED(FeedContext(instruments=instruments, codec=OrjsonCodec()), options=options)
    kinds: Counter[tuple[type, int]] = Counter()
    refused: Counter[type] = Counter()
    for received_ns, raw in FEED.source(instruments, options):
        try:
            events = feed.on_message(raw, received_ns)
        except (GridError, CodecError) as error:
            refused[type(error)] += 1
            continue
        kinds.update((type(event), event.instrument) for event in events)
    return feed.statistics(), kinds, refused


def test_its_messages_are_read_without_a_gap():
    btc = FEED.describe("BTC/USDT")
    assert (str(btc.tick_size), str(btc.lot_size), btc.venue_symbol) == ("0.01", "0.00001", "BTCUSDT")
    statistics, kinds, refused = play((btc,), SimulatedOptions(messages=3_000))
    assert statistics.messages == 3_000
    assert statistics.gaps == 0
    assert not refused
    assert set(kinds) == {(kind, 0) for kind in (BookDelta, BookSnapshot, Quote, Trade)}
    assert kinds[BookSnapshot, 0] == 1


def test_several_instruments_are_told_apart():
    instruments = (FEED.describe("BTC/USDT"), FEED.describe("ETH/USDT"), FEED.describe("", "SOLUSDT"))
    assert instruments[2].symbol == "SOL/USDT"
    statistics, kinds, _ = play(instruments, SimulatedOptions(seconds=10))
    assert statistics.gaps == 0
    assert set(kinds) == {(kind, i) for kind in (BookDelta, BookSnapshot, Quote, Trade) for i in range(3)}


@pytest.mark.parametrize(("fault", "error"), [("truncate", CodecError), ("off_tick", GridError)])
def test_broken_messages_are_refused(fault, error):
    faults: dict[str, Any] = {fault: 0.1}
    options = SimulatedOptions(seconds=20, faults=SimulatedFaults(**faults))
    statistics, _, refused = play((FEED.describe("BTC/USDT"),), options)
    assert refused[error] > 5
    assert set(refused) == {error}
    assert statistics.gaps > 0


def test_a_lost_depth_message_is_a_gap():
    options = SimulatedOptions(seconds=20, faults=SimulatedFaults(drop=0.05))
    statistics, kinds, refused = play((FEED.describe("BTC/USDT"),), options)
    assert statistics.gaps > 0
    assert kinds[BookInvalid, 0] > 0
    assert not refused


def test_its_recipe_is_the_generators():
    btc, options = FEED.describe("BTC/USDT"), SimulatedOptions(seed=3)
    assert btc is not None
    assert FEED.recipe((btc,), options) == recipe_digest((btc,), options)
