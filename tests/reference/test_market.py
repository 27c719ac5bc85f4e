"""What a session's messages say is true, in sequence, and the engine's own book; and it stays so for long."""

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import orjson
import pytest

from mainspring.errors import ConfigError
from mainspring.model import Side, units_from_text
from mainspring_plugins.simulated_market import SimulatedOptions, market_messages
from mainspring_plugins.simulated_market.flow import OrderFlow

SEEDS = (1, 2, 3)
SLICE_NS = 100_000_000


@pytest.mark.parametrize("seed", SEEDS)
def test_the_book_rebuilt_from_the_messages_is_the_engines(btc, reader, seed):
    options = SimulatedOptions(seed=seed)
    flow, read = OrderFlow(btc, 0, 1, options, 6_183_764), reader()
    until_ns = options.start_ns
    for _ in range(300):
        until_ns += SLICE_NS
        for _, raw in flow.advance(until_ns + 1):
            read.read(raw)
    assert read.snapshots == 1
    assert read.gaps == 0
    assert read.last_id == flow.venue.update_id
    engine = flow.venue.engine
    for side, rows in ((Side.BUY, read.bids), (Side.SELL, read.asks)):
        engines = dict(engine.levels(side))
        rebuilt = {
            units_from_text(price, btc.tick_size, instrument="BTC", field="p"): units_from_text(
                size, btc.lot_size, instrument="BTC", field="q"
            )
            for price, size in rows.items()
        }
        # What lay beyond the snapshot's thousand levels, and never changed, nobody was told.
        assert rebuilt.items() <= engines.items()
        assert len(rebuilt) >= 1_000
        assert list(engine.levels(side))[:100] == sorted(rebuilt.items(), key=lambda level: -level[0] * side)[:100]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_quote_agrees_with_the_book_and_nothing_ever_crosses(btc, reader, seed):
    read = reader()
    received = []
    for received_ns, raw in market_messages((btc,), SimulatedOptions(seed=seed, seconds=60)):
        received.append(received_ns)
        read.read(raw)
    assert read.truths > 100
    assert read.lies == 0
    assert read.untold == 0
    assert read.crossed == 0
    assert read.gaps == 0
    assert all(earlier < later for earlier, later in pairwise(received))
    assert read.trades == list(range(read.trades[0], read.trades[0] + len(read.trades)))
    assert read.quote_ids == sorted(set(read.quote_ids))


def test_the_messages_are_as_binance_writes_them(btc):
    seen: dict[str, Any] = {}
    for _, raw in market_messages((btc,), SimulatedOptions(seconds=5)):
        message = orjson.loads(raw)
        assert orjson.dumps(message) == raw
        seen.setdefault(message.get("stream", "snapshot"), message)
    assert list(seen["btcusdt@depth@100ms"]["data"]) == ["e", "E", "s", "U", "u", "b", "a"]
    assert list(seen["btcusdt@bookTicker"]["data"]) == ["u", "s", "b", "B", "a", "A"]
    assert list(seen["btcusdt@trade"]["data"]) == ["e", "E", "s", "t", "p", "q", "T", "m", "M"]
    assert list(seen["snapshot"]) == ["lastUpdateId", "bids", "asks"]
    assert len(seen["snapshot"]["bids"]) == len(seen["snapshot"]["asks"]) == 1_000
    price, size = seen["snapshot"]["bids"][0]
    assert len(price.split(".")[1]) == len(size.split(".")[1]) == 8
    prices = [Decimal(price) for price, _ in seen["snapshot"]["bids"]]
    assert prices == sorted(prices, reverse=True)


def test_depth_before_and_across_the_snapshot_bridges_it(btc):
    messages = [orjson.loads(raw) for _, raw in market_messages((btc,), SimulatedOptions(seconds=2))]
    place = next(place for place, message in enumerate(messages) if "lastUpdateId" in message)
    last_id = messages[place]["lastUpdateId"]
    depths = [message["data"] for message in messages if message.get("stream", "").endswith("depth@100ms")]
    assert messages[place - 1] is not messages[0]
    assert any(depth["u"] < last_id for depth in depths)
    assert any(depth["U"] <= last_id < depth["u"] for depth in depths)


def test_several_instruments_share_a_line_and_each_is_whole(btc, eth, reader):
    readers = {"btcusdt": reader(), "ethusdt": reader()}
    received = []
    options = SimulatedOptions(seconds=20, open_prices={"ETH/USDT": "2500.05"})
    for received_ns, raw in market_messages((btc, eth), options):
        received.append(received_ns)
        readers[orjson.loads(raw)["stream"].split("@")[0]].read(raw)
    assert received == sorted(received)
    for read in readers.values():
        assert (read.snapshots, read.gaps, read.lies, read.untold, read.crossed) == (1, 0, 0, 0, 0)
        assert read.trades
    assert 2_400 < float(max(readers["ethusdt"].bids, key=float)) < 2_600
    assert all(Decimal(price) % Decimal("0.05") == 0 for price in readers["ethusdt"].bids)


def test_a_long_session_stays_like_its_start(btc):
    options = SimulatedOptions(seed=5, rate=10.0)
    flow = OrderFlow(btc, 0, 1, options, 6_183_764)
    until_ns, counts, orders, bids = options.start_ns, [], [], []
    for _ in range(300):
        until_ns += SLICE_NS
        counts.append(len(flow.advance(until_ns)))
        orders.append(len(flow.venue.engine))
        bids.append(flow.venue.bid_ticks)
    assert max(orders) < 1.2 * min(orders)
    assert max(bids) < 1.1 * min(bids)
    assert 0.6 < sum(counts[150:]) / sum(counts[:150]) < 1.7
    assert min(flow.venue.engine.level_count(side) for side in Side) > 1_000


def test_the_price_is_held_back_far_from_where_it_opened(btc):
    flow = OrderFlow(btc, 0, 1, SimulatedOptions(), 6_183_764)
    flow.advance(SimulatedOptions().start_ns + SLICE_NS)
    flow.venue.bid_ticks = int(6_183_764 * 1.1)
    assert flow._leaning() > 50_000
    flow.venue.bid_ticks = int(6_183_764 * 0.9)
    assert flow._leaning() < 15_000


def test_the_rate_multiplies_the_flow(btc):
    counts = {
        rate: Counter(
            orjson.loads(raw).get("stream")
            for _, raw in market_messages((btc,), SimulatedOptions(seconds=40, rate=rate))
        )
        for rate in (1.0, 4.0)
    }
    quotes = [count["btcusdt@bookTicker"] for count in counts.values()]
    assert 2.5 < quotes[1] / quotes[0] < 6
    assert counts[4.0]["btcusdt@depth@100ms"] == pytest.approx(400, abs=3)


def test_a_session_ends_where_it_is_told_to(btc):
    assert len(list(market_messages((btc,), SimulatedOptions(messages=123)))) == 123
    options = SimulatedOptions(seconds=3)
    last_ns = max(received_ns for received_ns, _ in market_messages((btc,), options))
    assert 2.9e9 < last_ns - options.start_ns < 3.1e9


def test_a_cheap_instrument_works_and_one_too_coarse_is_refused(btc, reader):
    read = reader()
    for _, raw in market_messages((btc,), SimulatedOptions(seconds=20, open_prices={"BTC/USDT": "100.00"})):
        read.read(raw)
    assert (read.gaps, read.lies, read.untold, read.crossed) == (0, 0, 0, 0)
    assert read.trades
    with pytest.raises(ConfigError, match=r"BTC/USDT.*99\.99.*finer tick"):
        market_messages((btc,), SimulatedOptions(open_prices={"BTC/USDT": "99.99"}))
    with pytest.raises(ConfigError, match="DOGE/USDT"):
        market_messages((btc,), SimulatedOptions(open_prices={"DOGE/USDT": "1"}))
    fine = msgspec.structs.replace(btc, lot_size=Decimal("1E-9"))
    with pytest.raises(ConfigError, match="eight decimals"):
        market_messages((fine,), SimulatedOptions())
