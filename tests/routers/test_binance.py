"""The routers of Binance, request by request: what they send, and what they make of each answer and event."""

import json
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from mainspring.host.registry import Registry
from mainspring.model import (
    Accepted,
    Approved,
    Cancelled,
    CancelRequest,
    Fill,
    FillReport,
    Instrument,
    NewOrder,
    OrderConnection,
    OrderReport,
    PositionReport,
    Query,
    QueryEnded,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)
from mainspring.orders import client_order_id, parse_client_order_id
from mainspring.seams import RouterContext
from mainspring.wire import Credentials, HttpAnswer, path_signer
from mainspring_plugins.routers.binance import BinanceOptions

_NOW_NS = 1_764_000_000_000_000_000
_S = 1_000_000_000
_REGISTRY = Registry.load()
_BTC = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))
_SESSION = "a" * 20
_NAME = client_order_id(_SESSION, 0, 1)
_FIRST = f"{_SESSION}-000-1_1"


def _order_id_of(name):
    try:
        return parse_client_order_id(name).order_id
    except ValueError:
        return None


class _Venue:
    """A router, its clock, and the requests that it has handed out."""

    def __init__(self, market, ahead_ms=0, up=True, **options):
        self.spot = market == "spot"
        offer = _REGISTRY.get("router", f"binance-{market}")
        context = RouterContext(
            (_BTC,),
            (),
            0,
            client_order_id=lambda order_id: client_order_id(_SESSION, 0, order_id),
            order_id_of=_order_id_of,
            queried=True,
        )
        self.router = offer.factory(context, options=BinanceOptions(**options))
        self.now_ns = _NOW_NS
        self.order = "/api/v3/order" if self.spot else "/fapi/v1/order"
        (clock,) = self.router.take_requests(self.now_ns)
        assert clock.path == ("/api/v3/time" if self.spot else "/fapi/v1/time")
        self.answer(clock, 200, {"serverTime": self.now_ns // 1_000_000 + ahead_ms})
        if up:
            self.up()

    def up(self):
        self.router.connected(self.now_ns)
        if self.spot:
            self.hear({"id": "subscriptions", "status": 200, "result": [{"subscriptionId": 0}]})
        assert self.poll() == [OrderConnection(self.now_ns, True)]

    def answer(self, request, status, body, **headers):
        raw = json.dumps(body).encode()
        answer = HttpAnswer(status, raw, {name.replace("_", "-"): value for name, value in headers.items()})
        self.router.answered(request, answer, self.now_ns)

    def take(self, seconds=0.0):
        self.now_ns += int(seconds * _S)
        return list(self.router.take_requests(self.now_ns))

    def poll(self):
        return list(self.router.poll(self.now_ns))

    def hear(self, message):
        self.router.received(json.dumps(message).encode(), self.now_ns)

    def submit(self, order_id=1, lots=1_000, ticks=6_000_000, **more):
        new = NewOrder(order_id, 0, Side.BUY, "limit" if ticks else "market", ticks, lots, self.now_ns, **more)
        self.router.submit(Approved(new, self.now_ns), self.now_ns)

    def replace(self, ticks, lots, order_id=1):
        asked = ReplaceRequest(order_id, 0, ticks, lots, self.now_ns)
        self.router.replace(Approved(asked, self.now_ns), self.now_ns)

    def cancel(self, order_id=1):
        self.router.cancel(Approved(CancelRequest(order_id, 0, self.now_ns), self.now_ns), self.now_ns)

    def query(self, subject, **more):
        self.router.query(Query(7, subject, instrument=0, **more), self.now_ns)

    def form(self, name=_NAME, number=11, status="NEW", filled="0", price="60000.00", size="0.01"):
        """An order as the REST interface has it."""
        return {
            "symbol": "BTCUSDT",
            "orderId": number,
            "clientOrderId": name,
            "price": price,
            "origQty": size,
            "executedQty": filled,
            "status": status,
            "timeInForce": "GTC",
            "type": "LIMIT",
            "side": "BUY",
            "transactTime" if self.spot else "updateTime": self.now_ns // 1_000_000,
        }

    def event(self, kind, status, name=_NAME, number=11, filled="0", price="60000.00", size="0.01", **more):
        """Has the stream say something of an order."""
        order = {
            "s": "BTCUSDT",
            "c": name,
            "S": "BUY",
            "o": "LIMIT",
            "f": "GTC",
            "q": size,
            "p": price,
            "x": kind,
            "X": status,
            "i": number,
            "z": filled,
            "T": self.now_ns // 1_000_000,
            "t": -1,
            "m": False,
            "n": "0",
            "N": None,
            "r": "NONE",
            **more,
        }
        if self.spot:
            self.hear({"subscriptionId": 0, "event": {"e": "executionReport", "C": "", **order}})
        else:
            self.hear({"e": "ORDER_TRADE_UPDATE", "o": order})

    def work(self):
        """Has an order standing at the venue."""
        self.submit()
        (request,) = self.take()
        self.answer(request, 200, self.form())
        self.event("NEW", "NEW")
        assert [type(one) for one in self.poll()] == [Accepted]


def _fields(request):
    return dict(parse_qsl(request.path.partition("?")[2]))


@pytest.fixture(params=["spot", "usdm"])
def venue(request):
    return _Venue(request.param)


@pytest.fixture
def spot():
    return _Venue("spot")


@pytest.fixture
def usdm():
    return _Venue("usdm")


def test_a_query_is_signed_as_binance_documents_it(venue):
    """Its own example, with the key, the query and the signature of its documentation."""
    secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
    query = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    venue.submit()
    (request,) = venue.take()
    example = type(request)(number=1, method="POST", path=f"/api/v3/order?{query}", signed=True)
    path = path_signer(venue.router.entry, Credentials("k", secret))(example)
    assert path.endswith("&signature=c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71")


def test_an_order_is_sent_once_with_exact_figures(venue):
    """Its price and size as they were asked for, our id, and the time by the venue's clock."""
    venue.submit()
    (request,) = venue.take()
    assert (request.method, request.path.partition("?")[0], request.signed) == ("POST", venue.order, True)
    assert _fields(request) == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "60000.00",
        "quantity": "0.01000",
        "newClientOrderId": _NAME,
        "newOrderRespType": "RESULT",
        "recvWindow": "5000",
        "timestamp": str(_NOW_NS // 1_000_000),
    }
    assert venue.take() == []


@pytest.mark.parametrize(
    ("market", "more", "expected"),
    [
        ("spot", {"post_only": True}, {"type": "LIMIT_MAKER", "timeInForce": None}),
        ("usdm", {"post_only": True}, {"type": "LIMIT", "timeInForce": "GTX"}),
        ("usdm", {"reduce_only": True}, {"reduceOnly": "true"}),
        ("spot", {"time_in_force": "fok"}, {"timeInForce": "FOK"}),
        ("spot", {"ticks": 0}, {"type": "MARKET", "timeInForce": None, "price": None}),
    ],
)
def test_terms_have_binances_words(market, more, expected):
    """Post-only is a type at spot and a time in force at USD-M."""
    venue = _Venue(market)
    venue.submit(**more)
    fields = _fields(venue.take()[0])
    assert {name: fields.get(name) for name in expected} == expected


def test_an_order_is_filled_in_parts_with_its_fees(venue):
    """Each fill has the id of its trade and the fee in its own currency; the last ends the order."""
    venue.work()
    more = {"n": "0.00000400", "N": "BNB", "L": "60000.00"}
    venue.event("TRADE", "PARTIALLY_FILLED", filled="0.004", t=501, l="0.004", m=True, **more)
    venue.event("TRADE", "FILLED", filled="0.010", t=502, l="0.006", **more)
    first, second = venue.poll()
    assert (first.fill_id, first.size_lots, first.maker, str(first.fee_amount)) == (501, 400, True, "0.000004")
    assert (second.fill_id, second.size_lots, second.fee_currency) == (502, 600, "BNB")
    venue.cancel()
    (late,) = venue.poll()
    assert (late.reason, late.request) == ("too-late", "cancel")


def test_spot_replaces_by_another_order(spot):
    """One request cancels and places what is left; the session sees one order that was replaced."""
    spot.work()
    spot.event("TRADE", "PARTIALLY_FILLED", filled="0.004", t=501, l="0.004", L="60000.00")
    spot.poll()
    spot.replace(6_000_100, 1_000)
    (request,) = spot.take()
    fields = _fields(request)
    assert request.path.startswith("/api/v3/order/cancelReplace?")
    assert (fields["quantity"], fields["price"], fields["cancelOrderId"]) == ("0.00600", "60001.00", "11")
    assert (fields["newClientOrderId"], fields["cancelReplaceMode"]) == (_FIRST, "STOP_ON_FAILURE")
    assert "cancelRestrictions" not in fields
    cancelled = {"name": fields["cancelNewClientOrderId"], "C": _NAME, "filled": "0.004"}
    spot.event("CANCELED", "CANCELED", **cancelled)
    assert spot.poll() == []
    spot.event("NEW", "NEW", name=_FIRST, number=12, size="0.006", price="60001.00")
    (replaced,) = spot.poll()
    assert replaced == Replaced(1, 0, replaced.time_ns, 6_000_100, 1_000)
    body = {"newOrderResponse": spot.form(_FIRST, 12, size="0.006", price="60001.00"), "cancelResponse": {}}
    spot.answer(request, 200, body)
    spot.cancel()
    assert _fields(spot.take()[0])["orderId"] == "12"


def test_spot_replaces_an_unfilled_order_only_while_it_is(spot):
    """So that no more trades than was asked for."""
    spot.work()
    spot.replace(6_000_100, 1_000)
    (request,) = spot.take()
    assert _fields(request)["cancelRestrictions"] == "ONLY_NEW"
    spot.answer(request, 400, {"code": -2022, "data": {"cancelResponse": {"code": -2011}, "newOrderResponse": None}})
    (refused,) = spot.poll()
    assert (refused.request, refused.reason) == ("replace", "refused-2011")


@pytest.mark.parametrize("said_first", [True, False])
def test_spot_cancels_and_cannot_place(spot, said_first):
    """The order ends, whether the answer says it first or the stream."""
    spot.work()
    spot.replace(6_000_100, 1_000)
    (request,) = spot.take()
    refusal = {"code": -2021, "data": {"cancelResponse": {}, "newOrderResponse": {"code": -2010, "msg": "balance"}}}
    steps = [
        lambda: spot.event("CANCELED", "CANCELED", name=_fields(request)["cancelNewClientOrderId"], C=_NAME),
        lambda: spot.answer(request, 409, refusal),
    ]
    for step in steps if said_first else steps[::-1]:
        step()
    rejected, cancelled = spot.poll()
    assert (rejected.request, rejected.reason) == ("replace", "refused-2010")
    assert isinstance(cancelled, Cancelled)
    assert cancelled.remaining_lots == 1_000


def test_usdm_changes_the_order_itself(usdm):
    """Its total size and price, by one request; the event that says so is the session's."""
    usdm.work()
    usdm.replace(6_000_100, 1_500)
    (request,) = usdm.take()
    fields = _fields(request)
    assert (request.method, fields["quantity"], fields["orderId"], fields["side"]) == ("PUT", "0.01500", "11", "BUY")
    usdm.answer(request, 200, usdm.form(size="0.015", price="60001.00"))
    assert usdm.poll() == []
    usdm.event("AMENDMENT", "NEW", size="0.015", price="60001.00")
    (replaced,) = usdm.poll()
    assert (replaced.price_ticks, replaced.size_lots) == (6_000_100, 1_500)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, {"code": -2010, "msg": "Account has insufficient balance for requested action."}, "refused-2010"),
        (400, {"code": -1022, "msg": "Signature for this request is not valid."}, "refused-1022"),
        (401, {"code": -2014, "msg": "API-key format invalid."}, "refused-2014"),
        (403, None, "refused-403"),
        (429, {"code": -1003, "msg": "Too many requests."}, "rate-limited"),
        (418, {"code": -1003, "msg": "Way too much request weight used; IP banned."}, "rate-limited"),
    ],
)
def test_a_refusal_ends_the_order(venue, status, body, reason):
    """By the venue's code; nothing is looked up, for it certainly wasn't done."""
    venue.submit()
    (request,) = venue.take()
    venue.answer(request, status, body)
    assert [(one.reason, one.request) for one in venue.poll()] == [(reason, "new")]
    assert venue.take(1.5) == []


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, "-1007", "lost"])
def test_what_may_have_been_done_is_looked_up_and_never_repeated(venue, status):
    """After a server's error, a time-out or no answer the order is asked for by our id, and no second one is sent."""
    venue.submit()
    (request,) = venue.take()
    if status == "lost":
        venue.router.unanswered(request, venue.now_ns, sent=True)
    elif status == "-1007":
        venue.answer(request, 400, {"code": -1007, "msg": "Timeout waiting for response from backend server."})
    else:
        venue.answer(request, status, None)
    assert venue.poll() == []
    for _ in range(3):
        (look,) = venue.take(1.1)
        assert (look.method, _fields(look)["origClientOrderId"]) == ("GET", _NAME)
        venue.answer(look, 400, {"code": -2013, "msg": "Order does not exist."})
    (look,) = venue.take(1.1)
    venue.cancel()
    venue.answer(look, 200, venue.form())
    (cancel,) = venue.take(1.1)
    assert (cancel.method, _fields(cancel)["orderId"]) == ("DELETE", "11")


def test_what_never_left_was_refused(venue):
    """It may be decided again at once."""
    venue.submit()
    (request,) = venue.take()
    venue.router.unanswered(request, venue.now_ns, sent=False)
    assert [one.reason for one in venue.poll()] == ["not-sent"]


def test_a_clock_that_is_off_is_asked_for(venue):
    """The first request asks for the time; -1021 has it asked for again, and refuses the order."""
    off = _Venue("spot" if venue.spot else "usdm", ahead_ms=90_000)
    off.submit()
    (request,) = off.take()
    assert int(_fields(request)["timestamp"]) == _NOW_NS // 1_000_000 + 90_000
    assert off.router.ahead_ns == 90 * _S
    off.answer(request, 400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."})
    assert [one.reason for one in off.poll()] == ["refused-1021"]
    (clock,) = off.take()
    assert clock.path.endswith("/time")
    off.answer(clock, 200, {"serverTime": off.now_ns // 1_000_000})
    off.submit(2)
    assert int(_fields(off.take()[0])["timestamp"]) == off.now_ns // 1_000_000


@pytest.mark.parametrize("status", [429, 418])
def test_nothing_is_sent_until_the_venue_wants_us_again(venue, status):
    """Retry-After counts: orders are refused meanwhile, cancels wait, and so does the question that it answered."""
    venue.work()
    venue.query("balances")
    (question,) = venue.take()
    venue.answer(question, status, {"code": -1003, "msg": "Too many requests."}, retry_after="30")
    venue.submit(2)
    venue.cancel()
    assert [one.reason for one in venue.poll()] == ["rate-limited"]
    assert venue.take(29) == []
    cancel, again = venue.take(1.1)
    assert (cancel.method, again.method) == ("DELETE", "GET")
    for _ in range(3):
        venue.answer(again, status, {"code": -1003, "msg": "Too many requests."})
        again = next(iter(venue.take(1.1)), None)
    (ended,) = venue.poll()
    assert isinstance(ended, QueryEnded)
    assert "1003" in ended.problem


def test_the_venues_count_of_weight_is_ours(venue):
    """Another program of the account used most of the minute: no new order, but cancels still go."""
    venue.work()
    venue.query("open-orders")
    (question,) = venue.take()
    used = {"x_mbx_used_weight_1m": "5000" if venue.spot else "2000"}
    venue.answer(question, 200, [], **used)
    venue.poll()
    venue.submit(2)
    assert [one.reason for one in venue.poll()] == ["rate-limited"]
    venue.cancel()
    assert [one.method for one in venue.take()] == ["DELETE"]
    venue.take(61)
    venue.submit(3)
    assert venue.poll() == []


def test_too_many_orders_in_ten_seconds_are_refused_not_delayed():
    """The limit of orders is apart from that of weight."""
    venue = _Venue("usdm", orders_per_10s=2)
    for number in range(1, 4):
        venue.submit(number)
    assert [(one.order_id, one.reason) for one in venue.poll()] == [(3, "rate-limited")]
    assert len(venue.take()) == 2


def test_no_order_is_sent_while_the_events_are_down(venue):
    """A cancel is; and when the stream is up the session hears of it."""
    venue.work()
    venue.router.disconnected(venue.now_ns)
    venue.submit(2)
    venue.cancel()
    down, refused = venue.poll()
    assert (down.up, refused.reason) == (False, "executions-down")
    assert [one.method for one in venue.take()] == ["DELETE"]
    venue.up()


@pytest.mark.parametrize("message", [b"{", b"[]", None])
def test_after_an_event_that_cannot_be_read_the_venue_is_asked(venue, message):
    """The stream counts as down and up again, which has the session ask for what it missed."""
    if message is None:
        venue.event("TRADE", "FILLED", filled="0.01", t=None, l="0.01", L="60000.00")
    else:
        venue.router.received(message, venue.now_ns)
    assert [one.up for one in venue.poll()] == [False, True]


def test_the_key_of_the_events_is_kept_alive(usdm):
    """Every half an hour; what fails is tried again a minute later."""
    requests = usdm.take(1_801)
    assert ("PUT", "/fapi/v1/listenKey", False) in [(one.method, one.path, one.signed) for one in requests]
    (kept,) = [one for one in requests if one.method == "PUT"]
    usdm.answer(kept, 503, None)
    assert [one.method for one in usdm.take(61)] == ["PUT"]


def test_executions_are_asked_for_window_by_window_and_page_by_page(venue):
    """All since a time; whose order it was is looked up once. A fill has the figures that the stream gives it."""
    since_ns = _NOW_NS - (_S * 3_600 * 30 if venue.spot else _S * 86_400 * 8)
    maker, buyer = ("isMaker", "isBuyer") if venue.spot else ("maker", "buyer")

    def trade(number, time_ms):
        figures = {"price": "60000.00", "qty": "0.004", "commission": "0.00000400", "commissionAsset": "BNB"}
        return {"id": number, "orderId": 11, "time": time_ms, maker: True, buyer: True, **figures}

    venue.query("fills", since_ns=since_ns)
    (first,) = venue.take()
    span_ms = int(_fields(first)["endTime"]) - int(_fields(first)["startTime"])
    assert span_ms == (86_400_000 if venue.spot else 604_800_000) - 1
    venue.answer(first, 200, [])
    (second,) = venue.take()
    assert int(_fields(second)["startTime"]) == int(_fields(first)["endTime"]) + 1
    venue.answer(second, 200, [trade(number, _NOW_NS // 1_000_000 - 5) for number in range(1_000)])
    (third,) = venue.take()
    assert _fields(third)["fromId"] == "1000"
    venue.answer(third, 200, [trade(1_000, _NOW_NS // 1_000_000)])
    (look,) = venue.take()
    assert _fields(look)["orderId"] == "11"
    venue.answer(look, 200, venue.form())
    *reports, ended = venue.poll()
    assert (len(reports), ended.problem) == (1_001, "")
    assert isinstance(reports[0], FillReport)
    venue.event(
        "TRADE", "PARTIALLY_FILLED", filled="0.004", t=1_000, l="0.004", L="60000", m=True, n="0.000004", N="BNB"
    )
    (heard,) = [one for one in venue.poll() if isinstance(one, Fill)]
    assert reports[-1].fill == heard


def test_a_replaced_order_is_found_by_its_ids(spot):
    """After a crash: what replaced it is the next id, and its size is what all of them together have."""
    spot.query("order", client_order_id=_NAME)
    found = {
        _NAME: spot.form(status="CANCELED", filled="0.004"),
        _FIRST: spot.form(_FIRST, 12, size="0.006", filled="0.001", price="60001.00"),
    }
    asked = []
    while requests := spot.take():
        (request,) = requests
        asked.append(_fields(request)["origClientOrderId"])
        spot.answer(request, 200, found[asked[-1]])
    report, _ = spot.poll()
    assert asked == [_NAME, _FIRST]
    assert isinstance(report, OrderReport)
    figures = (report.client_order_id, report.size_lots, report.filled_lots, report.price_ticks, report.status)
    assert figures == (_NAME, 1_000, 500, 6_000_100, "open")


def test_positions_are_what_the_account_holds(venue):
    """At spot of the currency that is traded, in whole lots; at USD-M the contract's, short ones too."""
    venue.query("positions")
    (request,) = venue.take()
    if venue.spot:
        held = [
            {"asset": "BTC", "free": "0.00999", "locked": "0.010009"},
            {"asset": "USDT", "free": "5", "locked": "0"},
        ]
        venue.answer(request, 200, {"balances": held})
    else:
        venue.answer(request, 200, [{"symbol": "BTCUSDT", "positionAmt": "-0.019"}])
    position, _ = venue.poll()
    assert isinstance(position, PositionReport)
    assert position.position_lots == (1_999 if venue.spot else -1_900)


def test_an_order_of_somebody_else_is_reported_and_not_ours(venue):
    """Its events are nobody's."""
    venue.event("NEW", "NEW", name="web_abc", number=77)
    assert venue.poll() == []
    venue.query("open-orders")
    venue.answer(venue.take()[0], 200, [venue.form("web_abc", 77)])
    report, _ = venue.poll()
    assert (report.order_id, report.client_order_id) == (None, "web_abc")


def test_an_order_that_was_refused_late_is_over(venue):
    """An order that the venue ends by its own terms, and a cancel that comes too late for it."""
    venue.work()
    venue.event("EXPIRED", "EXPIRED", filled="0")
    (expired,) = venue.poll()
    assert (type(expired).__name__, expired.remaining_lots, expired.reason) == ("Expired", 1_000, "expired")
    venue.cancel()
    (late,) = venue.poll()
    assert isinstance(late, Rejected)
