"""Alpaca's captures as whole sessions: binary ones read as JSON ones are, and a market without a book goes live."""

import orjson
import pytest

from mainspring.data import CaptureWriter
from mainspring.errors import DataError
from mainspring.host.config import load_config
from mainspring.host.explain import explain_json
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import alone
from mainspring.host.wiring import wire
from mainspring.model import Side
from mainspring.report import without_timing
from mainspring.session import open_messages, run_session, verify_capture
from mainspring.session.driver import Driver

_T = "2024-03-12T10:38:50.%09dZ"


def _book(at, bids, asks, **more):
    levels = {"b": bids, "a": asks}
    sides = {side: [{"p": price, "s": size} for price, size in rows] for side, rows in levels.items()}
    return orjson.dumps([{"T": "o", "S": "BTC/USD", "t": _T % at, **sides, **more}])


# Of the shape of the venue's stream. The batch of ten, and the sizes, make newlines among the bytes of the msgpack.
_CRYPTO = [
    b'[{"T":"success","msg":"connected"}]',
    _book(10, [(71859.53, 0.27994), (71850, 10)], [(71939.7, 0.83953), (71940, 13)], r=True),
    _book(11, [(71859.53, 0), (71855.5, 1.25)], []),
    orjson.dumps(
        [
            {"T": "t", "S": "BTC/USD", "p": 71900 + i, "s": 0.5, "t": _T % (12 + i), "i": 10 + i, "tks": "B"}
            for i in range(10)
        ]
    ),
    orjson.dumps([{"T": "q", "S": "BTC/USD", "bp": 71855.5, "bs": 1.25, "ap": 71939.7, "as": 10, "t": _T % 30}]),
    _book(31, [(71856, 13)], [(71939.7, 0.5)]),
]


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def capture(tmp_path):
    """Writes messages as a capture and returns its path."""

    def write(name, messages):
        path = tmp_path / name
        with CaptureWriter(path) as writer:
            for at, raw in enumerate(messages):
                writer.write(1_710_239_930_000_000_000 + at, raw)
        return path

    return write


def _plan(registry, path, *, plugin, encoding="json"):
    feed = ", ".join(f'{key}="{value}"' for key, value in {"plugin": plugin, "encoding": encoding}.items())
    overrides = ["mode=replay", "instruments=[]", f'feed={{{feed}, capture="{path}"}}']
    return make_plan(load_config(None, overrides), registry)


def _outcome(registry, plan):
    """The report without its times, and every level of every book."""
    report = without_timing(run_session(alone(plan), registry))
    wired = wire(plan, registry)
    Driver(wired).run(list(open_messages(plan, registry)))
    depths = [[market.book.depth(side, 100) for side in (Side.BUY, Side.SELL)] for market in wired.lane.markets]
    return report, depths


@pytest.fixture(params=["documented", "made"])
def messages(request):
    """The documented session of the venue's crypto stream, and one made of the same shape."""
    if request.param == "made":
        return _CRYPTO
    name = "alpaca/crypto_stream_documented_session.jsonl"
    return request.getfixturevalue("data_file")(name).read_bytes().splitlines()


@pytest.mark.parametrize("plugin", ["alpaca-crypto", "auto"])
@pytest.mark.parametrize("end", ["capture", "gz"])
def test_a_msgpack_capture_gives_the_books_of_the_json_one(registry, capture, as_msgpack, messages, plugin, end):
    """The same session in either encoding: same instruments, events, books; the plan says which codec read it."""
    in_json = _plan(registry, capture("in_json.capture", messages), plugin="alpaca-crypto")
    path = capture(f"packed.{end}", [as_msgpack(raw) for raw in messages])
    packed = _plan(registry, path, plugin=plugin, encoding="msgpack")
    assert packed.feed.plugin == "alpaca-crypto"
    assert packed.instruments == in_json.instruments
    (report, depths), (expected, expected_depths) = _outcome(registry, packed), _outcome(registry, in_json)
    assert report.feed.messages == len(messages)
    assert report.feed.by_kind == expected.feed.by_kind
    assert report.instruments == expected.instruments
    assert depths == expected_depths
    assert any(bids and asks for bids, asks in depths)
    codecs = [one["slot"] for one in explain_json(alone(packed))["slots"] if one["slot"].startswith("codec")]
    assert codecs == ["codec (binary)"]


def test_the_made_session_needs_lines_of_base64(capture, as_msgpack):
    """What the test above reads does hold messages that no plain line could."""
    path = capture("packed.capture", [as_msgpack(raw) for raw in _CRYPTO])
    assert 0 < path.read_bytes().count(b" base64:") < len(_CRYPTO)


def test_a_msgpack_capture_read_as_json_says_what_to_set(registry, capture, as_msgpack):
    """Nothing of it can be read: the error names the encoding."""
    path = capture("packed.capture", [as_msgpack(raw) for raw in _CRYPTO])
    with pytest.raises(DataError, match=r"any json message .*feed\.encoding"):
        _plan(registry, path, plugin="alpaca-crypto")


def test_a_msgpack_capture_can_be_verified(capture, as_msgpack):
    """`verify` takes the encoding by an override, and rebuilds the book."""
    path = capture("packed.capture", [as_msgpack(raw) for raw in _CRYPTO])
    verification = verify_capture([str(path)], feed="alpaca-crypto", overrides=['feed.encoding="msgpack"'])
    (verdict,) = verification.report.instruments
    assert (verification.report.refused, verdict.snapshots, verdict.deltas, verdict.crossed) == (0, 1, 2, 0)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_a_stock_goes_live_by_a_quote(registry, capture, as_msgpack, encoding):
    """There is no book to wait for: a trade leaves the market as it is, the first quote makes it live."""
    trade = b'[{"T":"t","S":"AMD","i":1,"p":91.95,"s":2,"t":"2023-04-06T11:54:21Z"}]'
    quote = b'[{"T":"q","S":"AMD","bp":91.95,"bs":2,"ap":91.98,"as":1,"t":"2023-04-06T11:54:21.670905508Z"}]'
    messages = [raw if encoding == "json" else as_msgpack(raw) for raw in (trade, quote)]
    plan = _plan(registry, capture("stocks.capture", messages), plugin="alpaca-stocks", encoding=encoding)
    wired = wire(plan, registry)
    driver = Driver(wired)
    (market,) = wired.lane.markets
    driver.run([(1, messages[0])])
    assert not market.live
    driver.run([(2, messages[1])])
    assert market.live
    assert (market.bid_lots, market.ask_lots, market.ask_ticks - market.bid_ticks) == (200, 100, 3)
    assert run_session(alone(plan), registry).instruments[0].book.live
