"""Binance's three feeds: messages as the venue writes them, controls, symbols and contracts."""

from decimal import Decimal

import pytest

from mainspring.model import Control, Instrument, MarkPrice, Quote, Trade
from mainspring.seams import FeedContext, ResyncRequest
from mainspring_plugins.feeds.binance_coinm import BINANCE_COINM
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT
from mainspring_plugins.feeds.binance_usdm import BINANCE_USDM

_FEEDS = [(BINANCE_SPOT, "BTC/USDT"), (BINANCE_USDM, "BTC/USDT"), (BINANCE_COINM, "BTCUSD_PERP")]


def _described(declared, symbol) -> Instrument:
    instrument: Instrument | None = declared.describe(symbol)
    assert instrument is not None
    return instrument


def _open(declared, symbol, codec):
    return declared(FeedContext((_described(declared, symbol),), codec))


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (b'{"result":null,"id":1}', "subscription", ""),
        (b'{"error":{"code":2,"msg":"Invalid request"},"id":1}', "error", "2"),
        (b'{"code":3,"msg":"Invalid JSON","id":1}', "error", "3"),
    ],
)
@pytest.mark.parametrize(("declared", "symbol"), _FEEDS)
def test_controls(json_codec, declared, symbol, raw, kind, code):
    """Answers to what was sent are events of their own."""
    (event,) = _open(declared, symbol, json_codec).on_message(raw, 9)
    assert isinstance(event, Control)
    assert (event.receive_time_ns, event.kind, event.code) == (9, kind, code)


def test_spot_quote_and_trade(json_codec):
    """A quote has an id and no time; "m" says that the buyer made, so the seller took."""
    feed = _open(BINANCE_SPOT, "BTC/USDT", json_codec)
    quote = b'{"u":400900217,"s":"BTCUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}'
    assert feed.on_message(quote, 9) == (Quote(0, 9, 9, 400900217, 2535190000, 3121000000, 2536520000, 4066000000),)
    trade = b'{"e":"trade","E":5,"s":"BTCUSDT","t":12,"p":"0.5","q":"2","T":4,"m":true,"M":true}'
    assert feed.on_message(trade, 9) == (Trade(0, 9, 4_000_000, 12, 50_000_000, 200_000_000, -1),)


def test_futures_quote_has_a_time(json_codec):
    """The futures' quotes name themselves and have a time."""
    feed = _open(BINANCE_COINM, "BTCUSD_PERP", json_codec)
    raw = (
        b'{"stream":"btcusd_perp@bookTicker","data":{"u":17,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD",'
        b'"b":"61668.6","B":"1243","a":"61668.7","A":"871","T":1723161601262,"E":1723161601269}}'
    )
    (quote,) = feed.on_message(raw, 9)
    assert (quote.event_time_ns, quote.bid_lots, quote.ask_ticks) == (1723161601269000000, 1243, 6166870000000)


@pytest.mark.parametrize(
    ("declared", "symbol", "path"),
    [
        (BINANCE_SPOT, "BTC/USDT", "/api/v3/depth?symbol=BTCUSDT&limit=1000"),
        (BINANCE_USDM, "BTC/USDT", "/fapi/v1/depth?symbol=BTCUSDT&limit=1000"),
        (BINANCE_COINM, "BTCUSD_PERP", "/dapi/v1/depth?symbol=BTCUSD_PERP&limit=1000"),
    ],
)
def test_resync_request(json_codec, declared, symbol, path):
    """A book without a snapshot asks for it by HTTP, from that market's own address."""
    feed = _open(declared, symbol, json_codec)
    venue_symbol = declared.describe(symbol).venue_symbol.encode()
    feed.on_message(b'{"e":"depthUpdate","E":1,"s":"%b","U":1,"u":2,"pu":0,"b":[],"a":[]}' % venue_symbol, 1)
    assert feed.take_resync_requests() == [ResyncRequest(0, "http-get", path)]


def test_subscriptions(json_codec):
    """One message asks for depth, quotes and trades of every instrument, in lower case."""
    instruments = (_described(BINANCE_SPOT, "BTC/USDT"), _described(BINANCE_SPOT, "ETH/BTC"))
    (sent,) = BINANCE_SPOT(FeedContext(instruments, json_codec)).subscriptions(0)
    streams = [
        f"{name}@{stream}" for name in ("btcusdt", "ethbtc") for stream in ("depth@100ms", "bookTicker", "trade")
    ]
    assert json_codec.decode(sent) == {"method": "SUBSCRIBE", "id": 1, "params": streams}


@pytest.mark.parametrize(("declared", "symbol"), [(BINANCE_USDM, "BTC/USDT"), (BINANCE_COINM, "BTCUSD_PERP")])
def test_mark_prices(json_codec, declared, symbol):
    """Futures send their mark price with the next funding; a contract that is delivered has none."""
    feed = _open(declared, symbol, json_codec)
    name = declared.describe(symbol).venue_symbol.encode()
    raw = b'{"e":"markPriceUpdate","E":1562305380000,"s":"%b","p":"11794.15000001","i":"11784.6","r":"%b","T":%d}'
    funded, unfunded = (
        feed.on_message(raw % (name, rate, time), 7) for rate, time in ((b"0.00038167", 1562306400000), (b"", 0))
    )
    price, sent_ns = Decimal("11794.15000001"), 1562305380 * 10**9
    assert funded == (MarkPrice(0, 7, sent_ns, price, Decimal("0.00038167"), 1562306400 * 10**9),)
    assert unfunded == (MarkPrice(0, 7, sent_ns, price),)
    asked_for = [stream for sent in feed.subscriptions(0) for stream in json_codec.decode(sent)["params"]]
    assert asked_for.count(f"{name.decode().lower()}@markPrice@1s") == 1


def test_contracts():
    """COIN-M contracts are inverse, of 100 USD for Bitcoin and 10 for others; USD-M's are linear."""
    bitcoin, ether = BINANCE_COINM.describe("", "BTCUSD_PERP"), BINANCE_COINM.describe("", "ETHUSD_240927")
    assert [(one.contract, one.contract_size, one.lot_size) for one in (bitcoin, ether)] == [
        ("inverse", Decimal(100), Decimal(1)),
        ("inverse", Decimal(10), Decimal(1)),
    ]
    assert BINANCE_COINM.describe("", "BTCDOMUSD_PERP").contract_size == 10
    linear = BINANCE_USDM.describe("", "ETHUSDT")
    assert (linear.symbol, linear.contract, linear.contract_size) == ("ETH/USDT", "linear", 1)
    assert BINANCE_SPOT.describe("", "NKNUSDT").symbol == "NKN/USDT"
    assert BINANCE_SPOT.describe("", "LRCBTC").symbol == "LRC/BTC"


def test_registers():
    """Each module offers its feed by name."""
    from mainspring_plugins.feeds import alpaca_crypto, alpaca_stocks, binance_coinm, binance_spot, binance_usdm

    class Catalogue:
        def __init__(self):
            self.names = []

        def add(self, name, factory, *, summary, capabilities=None, **_):
            assert callable(factory)
            assert summary
            self.names.append((name, (capabilities or {}).get("encodings", "json")))

    catalogue = Catalogue()
    for module in (alpaca_crypto, alpaca_stocks, binance_coinm, binance_spot, binance_usdm):
        module.register_feeds(catalogue)
    assert catalogue.names == [
        ("alpaca-crypto", "json,msgpack"),
        ("alpaca-stocks", "json,msgpack"),
        ("binance-coinm", "json"),
        ("binance-spot", "json"),
        ("binance-usdm", "json"),
    ]


@pytest.mark.parametrize(("declared", "symbol"), _FEEDS)
def test_a_trade_counts_once(json_codec, declared, symbol):
    """A trade that comes again, or late, is counted and not emitted; so is one of no price or size."""
    feed = _open(declared, symbol, json_codec)
    name = declared.describe(symbol).venue_symbol

    def trade(number, price="5", size="2"):
        raw = f'{{"e":"trade","E":5,"s":"{name}","t":{number},"p":"{price}","q":"{size}","T":4,"m":true}}'
        return len(feed.on_message(raw.encode(), 9))

    assert [trade(7), trade(7), trade(6), trade(8), trade(9, "0", "0"), trade(10)] == [1, 0, 0, 1, 0, 1]
    assert dict(feed.statistics().by_cause) == {"duplicate": 1, "out-of-order": 1, "no-trade": 1}
