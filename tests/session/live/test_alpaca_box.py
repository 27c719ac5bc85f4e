"""An exchange in a box with Alpaca's API, without sockets: what it answers, says and does by mistake on demand."""

from decimal import Decimal

import pytest

from mainspring.host.registry import Registry
from mainspring.model import BookDelta, BookSnapshot, Quote, Side, Trade
from mainspring.seams import FeedContext
from mainspring.session.live.venue.alpaca import alpaca_instruments, build_alpaca
from mainspring.session.live.venue.alpaca.assets import Asset
from mainspring.session.live.venue.alpaca.forms import update_form
from mainspring.session.live.venue.alpaca.rest import Rest
from mainspring.session.live.venue.alpaca.streams import DataSocket, UpdatesSocket, encode
from mainspring.session.live.venue.faults import ExchangeFault, Faults

_REGISTRY = Registry.load()
_START_NS = 1_764_000_000_000_000_000
_LONG_NS = 10_000_000_000
_ORDER_KEYS = """
    id client_order_id created_at updated_at submitted_at filled_at expired_at cancel_requested_at canceled_at failed_at
    replaced_at replaced_by replaces asset_id symbol asset_class notional qty filled_qty filled_avg_price order_class
    order_type type side time_in_force limit_price stop_price status extended_hours legs trail_percent trail_price hwm
    expires_at
"""


class _Box:
    """A box, its clock, and requests to it."""

    def __init__(self, seed=5, start_ns=_START_NS):
        self.now_ns = start_ns
        self.instruments = alpaca_instruments(["BTC/USD", "ETH/USD", "AAPL"])
        self.assets = [Asset(one) for one in self.instruments]
        venue = build_alpaca(self.instruments, _REGISTRY, seed=seed, clock_ns=lambda: self.now_ns)
        self.exchange = venue.exchange
        self.rest = Rest(self.assets, self.exchange, _START_NS)
        self.pass_ns(_LONG_NS)

    def pass_ns(self, length_ns):
        self.now_ns += length_ns
        return self.exchange.advance(self.now_ns)

    def ask(self, method, path, body=None, **query):
        return self.rest.respond(method, path, query, body, self.now_ns)

    def submit(self, side, qty, price=None, symbol="BTC/USD", in_force="gtc", **more):
        kind = {"type": "market"} if price is None else {"type": "limit", "limit_price": price}
        order = {"symbol": symbol, "qty": qty, "side": side, "time_in_force": in_force, **kind, **more}
        return self.ask("POST", "orders", order)

    def said(self):
        updates = self.exchange.take_updates()
        return [update_form(self.assets[one.order.asked.instrument], one)["data"] for one in updates]


@pytest.fixture
def box():
    return _Box()


def test_an_order_is_said_as_alpaca_says_it(box):
    """The forms of an order and of its updates have the keys of a recorded session, in its order."""
    status, order = box.submit("buy", "0.0001", client_order_id="mine")
    assert status == 200
    assert list(order) == _ORDER_KEYS.split()
    assert (order["status"], order["filled_qty"], order["qty"]) == ("pending_new", "0", "0.0001")
    pending, new, fill = box.said()
    assert [one["event"] for one in (pending, new, fill)] == ["pending_new", "new", "fill"]
    assert set(fill) - set(pending) == {"price", "qty", "position_qty", "execution_id"}
    assert (fill["qty"], fill["position_qty"], fill["order"]["filled_avg_price"]) == ("0.0001", "0.0001", fill["price"])
    _, (activity,) = box.ask("GET", "account/activities/FILL")
    assert activity["id"].endswith(fill["execution_id"])
    assert (activity["price"], activity["cum_qty"], activity["leaves_qty"]) == (fill["price"], "0.0001", "0")


def test_money_adds_up(box):
    """What an account paid is what its cash is less by, and a position that was sold again is gone."""
    box.submit("buy", "0.5")
    box.submit("sell", "0.5")
    fills = [one for one in box.said() if one["event"] in ("fill", "partial_fill")]
    signs = {"buy": 1, "sell": -1}
    paid = sum(signs[one["order"]["side"]] * Decimal(one["price"]) * Decimal(one["qty"]) for one in fills)
    _, account = box.ask("GET", "account")
    assert Decimal(account["cash"]) == 1_000_000 - paid
    assert paid > 0
    assert box.ask("GET", "positions") == (200, [])
    assert box.ask("GET", "positions/BTCUSD")[0] == 404


def test_a_replacement_is_an_order_of_its_own(box):
    """It has filled nothing, its size is what was asked for, and the old one says what replaced it."""
    _, old = box.submit("buy", "1", "50000", client_order_id="old")
    status, new = box.ask("PATCH", f"orders/{old['id']}", {"limit_price": "50001", "client_order_id": "new"})
    assert (status, new["replaces"], new["qty"], new["limit_price"]) == (200, old["id"], "1", "50001")
    _, old = box.ask("GET", "orders:by_client_order_id", client_order_id="old")
    assert (old["status"], old["replaced_by"]) == ("replaced", new["id"])
    assert [(one["event"], one["order"]["client_order_id"]) for one in box.said()][2:] == [
        ("replaced", "old"),
        ("pending_new", "new"),
        ("new", "new"),
    ]
    assert [one["id"] for one in box.ask("GET", "orders")[1]] == [new["id"]]


@pytest.mark.parametrize(
    ("order", "refusal", "message"),
    [
        ({"symbol": "XYZ"}, (422, 42210000), 'asset "XYZ" not found'),
        ({"qty": "0.000001"}, (422, 42210000), "multiple of 0.00001"),
        ({"price": "50000.001"}, (422, 42210000), "sub-penny"),
        ({"qty": "100", "price": "50000"}, (403, 40310000), "insufficient buying power"),
        ({"side": "sell"}, (403, 40310000), "insufficient balance for BTC"),
        ({"in_force": "day"}, (422, 42210000), "invalid crypto time_in_force"),
        ({"client_order_id": "taken"}, (422, 40010001), "client_order_id must be unique"),
        ({"order_class": "bracket"}, (422, 42210000), "order_class"),
        ({"qty": "nan"}, (422, 40010001), "qty is not a number"),
        ({"side": "sell", "price": "40000"}, (403, 40310000), "wash trade"),
    ],
)
def test_a_refusal_has_alpacas_code(box, order, refusal, message):
    """Nothing of what is refused is said or kept."""
    box.submit("buy", "0.1", "50000", client_order_id="taken")
    box.said()
    status, body = box.submit(**{"side": "buy", "qty": "0.1", **order})
    assert (status, body["code"]) == refusal
    assert message in body["message"]
    assert box.said() == []
    assert len(box.exchange.orders) == 1


def test_stocks_are_sold_short_and_end_with_the_day():
    """An order for the day expires at the end of New York's; a short position is negative."""
    # The box opens for ten seconds first: then it is 15:59:55 in New York.
    box = _Box(start_ns=_START_NS + 17_985_000_000_000)
    box.submit("sell", "10", symbol="AAPL", in_force="day")
    _, position = box.ask("GET", "positions/AAPL")
    assert (position["qty"], position["side"]) == ("-10", "short")
    box.submit("buy", "10", "100", symbol="AAPL", in_force="day")
    box.said()
    box.pass_ns(4_000_000_000)
    assert box.said() == []
    box.pass_ns(1_000_000_000)
    assert [one["event"] for one in box.said()] == ["expired"]


def test_the_same_seed_gives_the_same_session():
    """Market, orders, ids and times."""

    def session(seed):
        box = _Box(seed)
        for n in range(20):
            box.submit("buy", "0.3", str(61_000 + 50 * n))
            box.pass_ns(500_000_000)
        return box.said()

    assert session(3) == session(3)
    assert session(3) != session(4)


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_our_feeds_read_what_it_sends(box, encoding):
    """The books that the feed makes of snapshot and updates are the box's; quotes and trades are read without error."""
    codec = _REGISTRY.best("codec", format="json" if encoding == "json" else "msgpack").factory()
    for name, crypto, symbols in (("alpaca-crypto", True, ["BTC/USD", "ETH/USD"]), ("alpaca-stocks", False, ["AAPL"])):
        wanted = tuple(one for one in box.instruments if one.symbol in symbols)
        feed = _REGISTRY.get("feed", name).factory(FeedContext(wanted, codec, encoding))
        book = _REGISTRY.best("book").factory
        books = [book(one) for one in wanted]
        socket = DataSocket(box.assets, box.exchange, crypto=crypto)
        assert socket.received({"action": "subscribe"}, box.now_ns)[0][0]["code"] == 401
        socket.received({"action": "auth", "key": "k", "secret": "s"}, box.now_ns)
        channels = {"trades": ["*"], "quotes": symbols, "orderbooks": ["*"]}
        sent = [*socket.received({"action": "subscribe", **channels}, box.now_ns)]
        sent += [socket.messages(box.pass_ns(100_000_000)) for _ in range(100)]
        kinds = set()
        for messages in sent:
            for event in feed.on_message(encode(messages, encoding), box.now_ns):
                kinds.add(type(event))
                if isinstance(event, BookSnapshot):
                    books[event.instrument].apply_snapshot(event.bids, event.asks)
                elif isinstance(event, BookDelta):
                    books[event.instrument].apply_delta(event.bids, event.asks)
        assert {Quote, Trade} <= kinds
        if crypto:
            for place, made in enumerate(books):
                for side in (Side.BUY, Side.SELL):
                    assert made.depth(side, 10_000) == box.exchange.market.books[place].depth(side, 10_000)


def test_updates_are_for_whoever_says_who_it_is():
    """Both forms of the login, and the list of streams that is listened to."""
    for login in (
        {"action": "auth", "key": "k", "secret": "s"},
        {"action": "authenticate", "data": {"key_id": "k", "secret_key": "s"}},
    ):
        socket = UpdatesSocket()
        listen = {"action": "listen", "data": {"streams": ["trade_updates"]}}
        assert socket.received(listen)[0]["data"]["status"] == "unauthorized"
        assert socket.received(login)[0]["data"]["status"] == "authorized"
        assert socket.received(listen) == [{"stream": "listening", "data": {"streams": ["trade_updates"]}}]
        assert socket.listens


def test_faults_happen_once_where_they_are_asked_for():
    """They are counted for each place apart; one that a place can't have is refused."""
    faults = Faults((ExchangeFault.parse("updates.drop@1"), ExchangeFault.parse("orders.429@0")))
    assert [faults.next("updates") for _ in range(3)] == [None, "drop", None]
    assert [faults.next("orders") for _ in range(2)] == ["429", None]
    for text in ("updates.429@1", "orders.drop@1", "drop@1", "data.drop@x"):
        with pytest.raises(ValueError, match=r"WHERE\.KIND@N|can "):
            ExchangeFault.parse(text)
