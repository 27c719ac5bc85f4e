"""The TWAP schedule: when slices are due, what it does about what they leave, and what it reports."""

import logging
from decimal import Decimal
from typing import Any

import pytest

from mainspring.errors import ConfigError, GridError
from mainspring.model import Side
from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeSession, check_strategy
from mainspring_plugins.strategies.twap import Twap, TwapOptions


def started(state: dict[str, Any] | None = None, **options: Any) -> FakeSession:
    """A session with a best bid of 99 and offer of 101 ticks, and a TWAP of 10 lots in 4 slices over 8 seconds."""
    settings: dict[str, Any] = {"side": "buy", "size": Decimal("0.010"), "duration_s": 8.0, "slices": 4, **options}
    session = FakeSession()
    session.show(bid_ticks=99, ask_ticks=101)
    session.start(Twap(options=TwapOptions(**settings)), state)
    return session


def fill_all(session: FakeSession) -> None:
    for order in session.markets[0].open_orders:
        session.fill(order)


def test_slices_are_due_at_their_instants_in_silence() -> None:
    """Each slice is requested at its time, without a message; sizes add up to the whole, to the lot."""
    session = started()
    start_ns = session.now_ns
    for _ in range(100):
        session.advance(seconds=0.1)
        fill_all(session)
    found = [(order.created_ns - start_ns, order.size_lots) for order in session.new_orders()]
    # The first is due at the start, which has passed once the timer is set.
    assert found == [(1, 2), (2_000_000_000, 3), (4_000_000_000, 2), (6_000_000_000, 3)]
    assert {(order.side, order.price_ticks, order.time_in_force) for order in session.new_orders()} == {
        (Side.BUY, 101, "ioc")
    }


def test_what_a_slice_left_is_tried_again_and_added_to_the_next() -> None:
    """The rest of a slice is requested when the best prices change, and with the next slice."""
    session = started()
    session.advance(seconds=1)
    (order,) = session.markets[0].open_orders
    session.fill(order, lots=1)
    session.expire(order)
    session.show(ask_ticks=102)
    (again,) = session.markets[0].open_orders
    assert (again.size_lots, again.price_ticks) == (1, 102)
    session.expire(again)
    session.advance(seconds=1)
    assert [order.size_lots for order in session.markets[0].open_orders] == [4]


def test_it_keeps_to_its_limit() -> None:
    """Nothing is taken beyond the limit price."""
    session = started(limit_price=Decimal("1.00"))
    session.advance(seconds=1)
    assert session.requests == []
    session.show(ask_ticks=100)
    assert [order.price_ticks for order in session.new_orders()] == [100]


def test_sales_keep_to_their_limit_too() -> None:
    """A sale isn't priced below its limit, whether it takes or rests."""
    session = started(side="sell", limit_price=Decimal("1.00"))
    session.advance(seconds=1)
    assert session.requests == []
    posted = started(side="sell", limit_price=Decimal("1.02"), style="post")
    posted.advance(seconds=1)
    assert [(order.side, order.price_ticks) for order in posted.new_orders()] == [(Side.SELL, 102)]


def test_a_posted_order_follows_the_best_price_and_grows() -> None:
    """With "post", one post-only order rests at the best bid; it moves with it, and grows with each slice."""
    session = started(style="post")
    session.advance(seconds=1)
    (order,) = session.markets[0].open_orders
    assert (order.price_ticks, session.new_orders()[0].post_only) == (99, True)
    session.show(bid_ticks=98)
    assert session.replaces() == [], "it hasn't been accepted"
    session.accept(order)
    session.show(bid_ticks=97)
    session.replaced(session.replaces()[-1])
    assert (order.price_ticks, order.size_lots) == (97, 2)
    session.fill(order, lots=1)
    session.advance(seconds=1)
    session.replaced(session.replaces()[-1])
    assert (order.size_lots, order.leaves_lots) == (5, 4)
    session.show(live=False)
    assert [request.order_id for request in session.cancels()] == [order.order_id]


def test_a_refusal_keeps_it_quiet() -> None:
    """After a refused order it requests nothing until the time is up."""
    session = started(retry_ms=500)
    session.advance(seconds=0.1)
    session.reject(session.markets[0].open_orders[0])
    session.advance(seconds=0.4)
    session.show()
    assert len(session.requests) == 1
    session.advance(seconds=0.1)
    session.show()
    assert len(session.requests) == 2


def test_the_end_cancels_and_the_report_says_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """At its end the schedule cancels, again if that was rejected; a remainder is a warning."""
    caplog.set_level(logging.INFO)
    session = started(style="post")
    session.advance(seconds=1)
    (order,) = session.markets[0].open_orders
    session.accept(order)
    session.fill(order, lots=1)
    session.advance(seconds=7)
    assert len(session.cancels()) == 1
    session.reject(order, "cancel")
    session.show()
    assert len(session.cancels()) == 2
    session.cancelled(order)
    session.stop()
    assert len(session.new_orders()) == 1
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().endswith("test: bought 0.001 of ACME/USD at 0.99 on average; 0.009 of 0.010 is left")


def test_a_complete_execution_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    """With everything filled the report is for information, with the average price."""
    caplog.set_level(logging.INFO)
    session = started(slices=1)
    session.advance(seconds=1)
    fill_all(session)
    session.stop()
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert record.getMessage().endswith("bought 0.010 of ACME/USD at 1.01 on average")


def test_a_restart_goes_on_where_it_was() -> None:
    """The start and what was filled are saved; slices that were due meanwhile are made up for at once."""
    first = started()
    first.advance(seconds=1)
    fill_all(first)
    state = first.save()
    assert state == {"start_ns": first.now_ns - 1_000_000_000, "filled_lots": 2, "traded": "202"}
    second = FakeSession(now_ns=first.now_ns + 3_500_000_000)
    second.show(bid_ticks=99, ask_ticks=101)
    options = TwapOptions(side="buy", size=Decimal("0.010"), duration_s=8.0, slices=4)
    second.start(Twap(options=options), state)
    second.advance(seconds=0.1)
    assert [order.size_lots for order in second.new_orders()] == [5]
    fill_all(second)
    second.advance(seconds=2)
    assert [order.size_lots for order in second.new_orders()] == [5, 3]


def test_a_restart_after_the_end_requests_nothing() -> None:
    """A schedule whose time has passed is over."""
    session = started({"start_ns": 1, "filled_lots": 2, "traded": "202"})
    session.advance(seconds=20)
    assert session.requests == []


def test_it_trades_the_named_market() -> None:
    """Another market's prices are nothing to it; a name that the session doesn't have is an error."""
    session = FakeSession((INSTRUMENT, SECOND_INSTRUMENT))
    options: dict[str, Any] = {"side": "buy", "size": Decimal("0.01"), "slices": 1}
    session.start(Twap(options=TwapOptions(market="BETA/USD", **options)))
    session.advance(seconds=1)
    session.show(0)
    assert [order.instrument for order in session.new_orders()] == [1]
    with pytest.raises(ConfigError, match="the markets are: ACME/USD, BETA/USD"):
        FakeSession((INSTRUMENT, SECOND_INSTRUMENT)).start(Twap(options=TwapOptions(market="GAMMA", **options)))


@pytest.mark.parametrize("name", ["size", "limit_price"])
def test_what_is_off_the_grid_is_an_error(name: str) -> None:
    """A size or a limit off the grid is refused at the start, and named."""
    with pytest.raises(GridError, match=name):
        started(**dict[str, Any]({name: Decimal("0.00001")}))


@pytest.mark.parametrize(
    "options", [{"slices": 0}, {"duration_s": 0.0}, {"duration_s": float("nan")}, {"start_s": -1.0}, {"retry_ms": -1}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    """The error names the option."""
    with pytest.raises(ValueError, match=next(iter(options))):
        TwapOptions(side="buy", size=Decimal(1), **options)


@pytest.mark.parametrize("style", ["take", "post"])
@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_the_contract(seed: int, style: Any) -> None:
    """The conformance kit finds nothing to say."""
    options = TwapOptions(side="sell", size=Decimal("0.1"), duration_s=10, slices=7, style=style)
    check_strategy(lambda: Twap(options=options), seed=seed)
