"""An exchange in a box with Binance's API, without sockets: what it answers and says, by the venue's own clock."""

import hashlib
import hmac
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

import orjson
import pytest

from mainspring.host.registry import Registry
from mainspring.model import BookDelta, BookSnapshot, Quote, Side, Trade
from mainspring.seams import FeedContext
from mainspring.session.live.venue.binance import binance_instruments, build_binance
from mainspring.session.live.venue.binance.account_stream import SubscribedAccount
from mainspring.session.live.venue.binance.streams import MarketSocket
from mainspring.wire import answer_message

_REGISTRY = Registry.load()
_START_NS = 1_764_000_000_000_000_000
_S = 1_000_000_000
_SECRET = "secret-of-a-test"


class _Connection(list[Any]):
    """What is put on it is kept."""

    def put(self, message, *, counts=True):
        self.append(message)

    def take(self):
        taken = list(self)
        self.clear()
        return taken


class _Box:
    """A box, its clock, and requests to it."""

    def __init__(self, market="spot", symbols=("BTC/USDT",), rate=0.05):
        self.now_ns = _START_NS
        self.market = market
        self.instruments = binance_instruments(list(symbols), market)
        self.venue = build_binance(
            self.instruments, _REGISTRY, market, seed=5, rate=rate, clock_ns=lambda: self.now_ns, secret=_SECRET
        )
        self.base = "/api/v3" if market == "spot" else "/fapi/v1"
        self.trades = "myTrades" if market == "spot" else "userTrades"
        self.said: Any = _Connection()
        if market == "spot":
            account = SubscribedAccount(self.venue._security)
            account.listens = True
            self.venue._accounts[account] = cast("Any", self.said)
        else:
            self.ask("POST", "listenKey", signed=False)
            self.venue._keyed.append(cast("Any", self.said))
        self.pass_s(1)

    def pass_s(self, seconds):
        self.now_ns += int(seconds * _S)
        self.venue.advance()

    def ask(self, method, path, *, key=b"key", secret=_SECRET, signed=True, late_ms=0, **fields):
        query = urlencode(fields)
        if signed:
            query += f"{'&' if query else ''}timestamp={self.now_ns // 1_000_000 - late_ms}"
            query += "&signature=" + hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        path = path if path.startswith("/") else f"{self.base}/{path}"
        headers = [(b"x-mbx-apikey", key)]
        scope = {"method": method, "path": path, "query_string": query.encode(), "headers": headers}
        status, body, self.headers = self.venue.admit(scope) or self.venue.answer(scope, b"")
        return status, body

    def submit(self, side, quantity, price=None, **more):
        kind = {"type": "MARKET"} if price is None else {"type": "LIMIT", "timeInForce": "GTC", "price": price}
        fields = {"symbol": "BTCUSDT", "side": side, "quantity": quantity, **kind, **more}
        return self.ask("POST", "order", **{name: value for name, value in fields.items() if value is not None})

    def events(self):
        """What was said of orders: the fields that both markets have."""
        said = [one["event"] if self.market == "spot" else one["o"] for one in self.said.take()]
        return [(one["x"], one["X"], one.get("C") or one["c"], one["z"]) for one in said]


@pytest.fixture(params=["spot", "usdm"])
def box(request):
    return _Box(request.param)


def test_an_order_is_placed_filled_and_listed(box):
    """Its events, its trades with the same ids, and what it cost."""
    status, order = box.submit("BUY", "0.5", newClientOrderId="mine")
    assert (status, order["status"], order["executedQty"]) == (200, "FILLED", "0.50000000")
    said = [one["event"] if box.market == "spot" else one["o"] for one in box.said]
    assert [one["x"] for one in said] == ["NEW", *["TRADE"] * (len(said) - 1)]
    _, trades = box.ask("GET", box.trades, symbol="BTCUSDT")
    assert [(one["id"], one["price"], one["qty"]) for one in trades] == [
        (one["t"], one["L"], one["l"]) for one in said[1:]
    ]
    assert sum(Decimal(one["qty"]) for one in trades) == Decimal("0.5")
    if box.market == "spot":
        _, account = box.ask("GET", "account")
        held = {one["asset"]: Decimal(one["free"]) for one in account["balances"]}
        assert held["BTC"] == Decimal("0.5")
        assert held["USDT"] == 1_000_000 - sum(Decimal(one["quoteQty"]) for one in trades)
    else:
        _, (position,) = box.ask("GET", "/fapi/v3/positionRisk")
        assert Decimal(position["positionAmt"]) == Decimal("0.5")
        box.submit("SELL", "0.8")
        _, (position,) = box.ask("GET", "/fapi/v3/positionRisk")
        assert Decimal(position["positionAmt"]) == Decimal("-0.3")


def test_spot_replaces_in_one_request():
    """The old order is cancelled under the cancel's id, and the new one stands; what fails says which part."""
    box = _Box()
    _, old = box.submit("BUY", "1", "50000", newClientOrderId="old")
    box.said.clear()
    fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1"}
    fields |= {"cancelReplaceMode": "STOP_ON_FAILURE", "price": "50001"}
    status, both = box.ask(
        "POST",
        "order/cancelReplace",
        cancelOrderId=old["orderId"],
        newClientOrderId="new",
        cancelNewClientOrderId="c",
        **fields,
    )
    assert (status, both["cancelResult"], both["newOrderResult"]) == (200, "SUCCESS", "SUCCESS")
    assert both["cancelResponse"]["origClientOrderId"] == "old"
    said = [one["event"] for one in box.said]
    assert [(one["x"], one["c"], one["C"]) for one in said] == [("CANCELED", "c", "old"), ("NEW", "new", "")]
    status, refused = box.ask("POST", "order/cancelReplace", cancelOrderId=old["orderId"], **fields)
    assert (status, refused["code"], refused["data"]["newOrderResult"]) == (400, -2022, "NOT_ATTEMPTED")
    much = fields | {"quantity": "100", "cancelOrigClientOrderId": "new"}
    status, refused = box.ask("POST", "order/cancelReplace", **much)
    assert (status, refused["code"], refused["data"]["newOrderResponse"]["code"]) == (409, -2021, -2010)
    assert box.ask("GET", "openOrders", symbol="BTCUSDT") == (200, [])


def test_usdm_changes_the_order_itself():
    """Price and total size; what isn't a change, and less than was filled."""
    box = _Box("usdm")
    _, order = box.submit("BUY", "1", "50000", newClientOrderId="mine")
    box.said.clear()
    change = {"symbol": "BTCUSDT", "side": "BUY", "orderId": order["orderId"]}
    status, changed = box.ask("PUT", "order", quantity="2", price="50001", **change)
    assert (status, changed["orderId"], changed["origQty"], changed["price"]) == (
        200,
        order["orderId"],
        "2.00000000",
        "50001.00000000",
    )
    assert box.events() == [("AMENDMENT", "NEW", "mine", "0.00000000")]
    assert box.ask("PUT", "order", quantity="2", price="50001", **change)[1]["code"] == -5027


def test_an_order_is_cancelled_once(box):
    """A second cancel, and one of an order that never was, are unknown."""
    _, order = box.submit("BUY", "1", "50000", newClientOrderId="mine")
    box.events()
    status, cancelled = box.ask("DELETE", "order", symbol="BTCUSDT", origClientOrderId="mine")
    assert (status, cancelled["status"]) == (200, "CANCELED")
    assert [one[:3] for one in box.events()] == [("CANCELED", "CANCELED", "mine")]
    for which in ({"orderId": order["orderId"]}, {"origClientOrderId": "nobody's"}):
        assert box.ask("DELETE", "order", symbol="BTCUSDT", **which)[1]["code"] == -2011
    assert box.ask("GET", "order", symbol="BTCUSDT", origClientOrderId="nobody's")[1]["code"] == -2013
    assert box.ask("GET", "order", symbol="BTCUSDT", origClientOrderId="mine")[1]["status"] == "CANCELED"


@pytest.mark.parametrize(
    ("market", "order", "code"),
    [
        ("spot", {"quantity": "100"}, -2010),
        ("usdm", {"quantity": "1000"}, -2019),
        ("spot", {"side": "SELL"}, -2010),
        ("usdm", {"reduceOnly": "true"}, -2022),
        ("spot", {"quantity": "0.000001"}, -1013),
        ("usdm", {"quantity": "0.000001"}, -1111),
        ("spot", {"price": "50000.001"}, -1013),
        ("usdm", {"price": "50000.001"}, -4014),
        ("spot", {"quantity": "nan"}, -1013),
        ("spot", {"quantity": "x"}, -1100),
        ("spot", {"symbol": "XYZ"}, -1121),
        ("spot", {"side": "HOLD"}, -1117),
        ("spot", {"type": "STOP_LOSS"}, -1116),
        ("spot", {"timeInForce": "GTX"}, -1115),
        ("spot", {"timeInForce": None}, -1102),
        ("spot", {"newClientOrderId": "a" * 37}, -1100),
        ("spot", {"newClientOrderId": "taken"}, -2010),
        ("usdm", {"newClientOrderId": "taken"}, -4116),
        ("spot", {"type": "LIMIT_MAKER", "timeInForce": None, "price": "90000"}, -2010),
        ("usdm", {"timeInForce": "GTX", "price": "90000"}, -5022),
    ],
)
def test_a_refusal_has_binances_code(market, order, code):
    """Nothing is said of what is refused."""
    box = _Box(market)
    box.submit("BUY", "0.1", "50000", newClientOrderId="taken")
    box.events()
    status, body = box.submit(**{"side": "BUY", "quantity": "0.1", "price": "50000", **order})
    assert (status, body["code"]) == (400, code)
    assert box.events() == []
    assert len(box.ask("GET", "openOrders", symbol="BTCUSDT")[1]) == 1


@pytest.mark.parametrize(
    ("request_fields", "status", "code"),
    [
        ({"secret": "wrong"}, 400, -1022),
        ({"key": b""}, 401, -2014),
        ({"late_ms": 5_001}, 400, -1021),
        ({"late_ms": 10_000, "recvWindow": 9_000}, 400, -1021),
        ({"late_ms": -1_000}, 400, -1021),
        ({"recvWindow": 60_001}, 400, -1131),
        ({"signed": False}, 400, -1102),
        ({"late_ms": 5_000}, 200, None),
        ({"late_ms": 50_000, "recvWindow": 60_000}, 200, None),
    ],
)
def test_a_request_says_who_it_is_from_and_when(box, request_fields, status, code):
    """The signature is checked over the whole query, and the time by Binance's rule."""
    found, body = box.ask("GET", "openOrders", **request_fields)
    assert found == status
    assert code is None or body["code"] == code


def test_who_asks_too_much_is_sent_away_and_then_banned(box):
    """429 with the seconds to wait, and 418 for a client that goes on; a ban lasts two minutes."""
    weight, most = (50, 6_000) if box.market == "spot" else (20, 2_400)
    box.pass_s(60)
    for number in range(1, most // weight + 1):
        assert box.ask("GET", "depth", signed=False, symbol="BTCUSDT")[0] == 200
        assert box.headers["x-mbx-used-weight-1m"] == str(number * weight)
    for _ in range(11):
        status, body = box.ask("GET", "depth", signed=False, symbol="BTCUSDT")
        assert (status, body["code"]) == (429, -1003)
        assert 1 <= int(box.headers["retry-after"]) <= 60
    assert box.ask("GET", "ping", signed=False)[0] == 418
    assert box.headers["retry-after"] == "120"
    box.pass_s(119)
    assert box.ask("GET", "ping", signed=False)[0] == 418
    box.pass_s(1)
    assert box.ask("GET", "ping", signed=False)[0] == 200


def test_too_many_orders_in_ten_seconds(box):
    """Binance's other limit, which has no time to wait for."""
    box.pass_s(10)
    most = 100 if box.market == "spot" else 300
    codes = [box.submit("BUY", "0.001", "50000")[1].get("code") for _ in range(most + 1)]
    assert codes == [None] * most + [-1015]
    assert "retry-after" not in box.headers


def test_trades_are_listed_by_time_and_by_id(box):
    """At most a window's, at most a page's, oldest first."""
    for _ in range(3):
        box.submit("BUY", "0.00001")
        box.pass_s(1)
    _, trades = box.ask("GET", box.trades, symbol="BTCUSDT")
    second = trades[1]
    listed = [
        box.ask("GET", box.trades, symbol="BTCUSDT", fromId=second["id"])[1],
        box.ask("GET", box.trades, symbol="BTCUSDT", startTime=second["time"])[1],
        box.ask("GET", box.trades, symbol="BTCUSDT", endTime=second["time"], startTime=trades[0]["time"])[1],
        box.ask("GET", box.trades, symbol="BTCUSDT", orderId=second["orderId"])[1],
        box.ask("GET", box.trades, symbol="BTCUSDT", limit=1)[1],
    ]
    assert listed == [trades[1:], trades[1:], trades[:2], [second], trades[-1:]]
    wide = {"startTime": 0, "endTime": 8 * 86_400_000}
    assert box.ask("GET", box.trades, symbol="BTCUSDT", **wide)[1]["code"] == -1127


def test_our_feeds_read_what_it_sends(box):
    """With the snapshot by REST, the book that the feed makes is the box's; quotes and trades are read, too."""
    box = _Box(box.market, rate=1.0)
    codec = _REGISTRY.best("codec", format="json").factory()
    feed = _REGISTRY.get("feed", f"binance-{box.market}").factory(FeedContext(box.instruments, codec, "json"))
    (made,) = [_REGISTRY.best("book").factory(one) for one in box.instruments]
    heard: Any = _Connection()
    socket = MarketSocket(box.instruments, [], combined=True)
    names = [f"btcusdt@{kind}" for kind in ("depth@100ms", "bookTicker", "trade")]
    assert socket.received({"method": "SUBSCRIBE", "params": names, "id": 1}) == {"result": None, "id": 1}
    assert socket.received({"method": "NOTHING", "id": 2})["error"]["code"] == 2
    box.venue._sockets[socket] = heard
    kinds = set()
    for number in range(100):
        box.pass_s(0.1)
        messages = [orjson.dumps(one) for one in heard.take()]
        if number == 5:
            _, snapshot = box.ask("GET", "depth", signed=False, symbol="BTCUSDT", limit=5_000)
            path = f"{box.base}/depth?symbol=BTCUSDT&limit=1000"
            messages.append(answer_message(path, orjson.dumps(snapshot)))
        for raw in messages:
            for event in feed.on_message(raw, box.now_ns):
                kinds.add(type(event))
                if isinstance(event, BookSnapshot):
                    made.apply_snapshot(event.bids, event.asks)
                elif isinstance(event, BookDelta):
                    made.apply_delta(event.bids, event.asks)
    assert {Quote, Trade, BookSnapshot, BookDelta} <= kinds
    for side in (Side.BUY, Side.SELL):
        theirs = box.venue.exchange.market.books[0].depth(side, 10_000)
        # Levels behind the end of the snapshot aren't known.
        assert made.depth(side, 500) == theirs[:500]


def test_the_accounts_events_are_for_who_signs():
    """At spot the WebSocket API: signature, time, and which subscriptions there are."""
    box = _Box()
    account = SubscribedAccount(box.venue._security)
    payload = f"apiKey=key&timestamp={box.now_ns // 1_000_000}"
    right = hmac.new(_SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    params = dict(one.split("=") for one in payload.split("&"))
    method = "userDataStream.subscribe.signature"
    assert account.received({"id": 0, "method": "session.subscriptions"}, box.now_ns)["result"] == []
    for changed, code in (({"signature": "0" * 64}, -1022), ({"apiKey": ""}, -2014), ({"timestamp": "1"}, -1022)):
        message = {"id": 1, "method": method, "params": {**params, "signature": right, **changed}}
        assert account.received(message, box.now_ns)["error"]["code"] == code
    late = {"id": 1, "method": method, "params": {**params, "signature": right}}
    assert account.received(late, box.now_ns + 6 * _S)["error"]["code"] == -1021
    assert not account.listens
    assert account.received(late, box.now_ns)["status"] == 200
    assert account.received({"id": 2, "method": "session.subscriptions"}, box.now_ns)["result"] == [
        {"subscriptionId": 0}
    ]


def test_a_listen_key_ends_after_an_hour():
    """Unless it is kept alive; its end is said, and nothing after it."""
    box = _Box("usdm")
    box.pass_s(3_000)
    assert box.ask("PUT", "listenKey", signed=False)[0] == 200
    box.pass_s(3_000)
    box.said.clear()
    assert box.submit("BUY", "0.001")[0] == 200
    assert len(box.said.take()) >= 2
    box.pass_s(601)
    assert [one["e"] for one in box.said.take()] == ["listenKeyExpired"]
    assert box.submit("BUY", "0.001")[0] == 200
    assert box.said == []
    assert box.ask("PUT", "listenKey", signed=False)[1]["code"] == -1125
