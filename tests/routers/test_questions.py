"""Questions that take several requests, on Alpaca's router: one that fails is sent again by itself, a few times."""

import json
from decimal import Decimal

import pytest

from mainspring.host.registry import Registry
from mainspring.model import Instrument, Query, QueryEnded
from mainspring.orders import client_order_id, parse_client_order_id
from mainspring.seams import RouterContext
from mainspring.wire import HttpAnswer
from mainspring_plugins.routers.alpaca import AlpacaOptions

_S = 1_000_000_000
_NOW_NS = 1_764_000_000 * _S
_BTC = Instrument(symbol="BTC/USD", venue_symbol="BTC/USD", tick_size=Decimal("0.01"), lot_size=Decimal("0.0001"))
_SESSION = "a" * 20
_ORDER = {
    "id": "one",
    "client_order_id": client_order_id(_SESSION, 0, 1),
    "symbol": "BTC/USD",
    "side": "buy",
    "type": "limit",
    "limit_price": "60000",
    "qty": "1",
    "filled_qty": "1",
    "status": "filled",
    "updated_at": "2025-11-24T16:00:00Z",
}
_FILL = {
    "id": "20251124::1",
    "order_id": "one",
    "symbol": "BTC/USD",
    "side": "buy",
    "price": "60000",
    "qty": "1",
    "cum_qty": "1",
    "transaction_time": "2025-11-24T16:00:00Z",
}


class _Asking:
    """A router that has been asked for its fills, and the time."""

    def __init__(self):
        context = RouterContext(
            (_BTC,),
            (),
            0,
            client_order_id=lambda order_id: client_order_id(_SESSION, 0, order_id),
            order_id_of=lambda name: parse_client_order_id(name).order_id,
            queried=True,
        )
        offer = Registry.load().get("router", "alpaca")
        self.router = offer.factory(context, options=AlpacaOptions())
        self.now_ns = _NOW_NS
        self.router.query(Query(7, "fills", since_ns=0), self.now_ns)

    def take(self, seconds=0.0):
        self.now_ns += int(seconds * _S)
        return list(self.router.take_requests(self.now_ns))

    def answer(self, request, body, status=200):
        self.router.answered(request, HttpAnswer(status, json.dumps(body).encode()), self.now_ns)

    def poll(self):
        return list(self.router.poll(self.now_ns))


@pytest.fixture
def asking():
    """A router that has its list of executions, and asks whose order the first one was."""
    made = _Asking()
    (listing,) = made.take()
    assert listing.path.startswith("/v2/account/activities/FILL")
    made.answer(listing, [_FILL])
    return made


def _fail(asking, request, how):
    if isinstance(how, int):
        asking.answer(request, {}, how)
    else:
        asking.router.unanswered(request, asking.now_ns, sent=how == "lost")


@pytest.mark.parametrize("how", [408, 429, 500, 503, "lost", "never sent"])
def test_only_the_request_that_failed_is_sent_again(asking, how):
    """A second later, and the question goes on from there."""
    (lookup,) = asking.take()
    _fail(asking, lookup, how)
    assert asking.take(0.9) == []
    (again,) = asking.take(0.2)
    assert again.path == lookup.path == "/v2/orders/one"
    asking.answer(again, _ORDER)
    fill, ended = asking.poll()
    assert fill.fill.order_id == 1
    assert (fill.fill.size_lots, fill.fill.price_ticks) == (10_000, 6_000_000)
    assert ended == QueryEnded(7, _NOW_NS)


def test_a_request_that_goes_on_failing_ends_the_question(asking):
    """After four in a row, with what the venue said."""
    for _ in range(4):
        (lookup,) = asking.take(1.1)
        assert asking.poll() == []
        asking.answer(lookup, {}, 503)
    assert asking.poll() == [QueryEnded(7, asking.now_ns, "status 503")]
    assert asking.take(60) == []


def test_a_refusal_isn_t_asked_about_again(asking):
    """What the venue has decided it won't decide otherwise."""
    (lookup,) = asking.take()
    asking.answer(lookup, {}, 403)
    assert asking.poll() == [QueryEnded(7, asking.now_ns, "status 403")]
