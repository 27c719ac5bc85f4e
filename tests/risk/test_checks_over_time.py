"""The checks that count: requests, open orders, fills, exposure and money."""

import msgspec
import pytest

from mainspring.model import (
    Cancelled,
    CancelRequest,
    Fill,
    NewOrder,
    OrderKind,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
)
from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeAccount, FakeMarket, FakeOrder, FakeRiskSession

MS = 1_000_000
DAY = 24 * 3_600 * 10**9
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def session():
    """Two instruments, both at 10,000.00 with a tick of 0.01 and a lot of 0.001: a lot is worth 10."""
    return FakeRiskSession([FakeMarket(), FakeMarket(SECOND_INSTRUMENT, index=1)])


@pytest.fixture
def make(make_check, session):
    """Makes a check that sees the session: one that looks across instruments gets both."""

    def make(name, limit, *, across=True, **more):
        instruments = (INSTRUMENT, SECOND_INSTRUMENT) if across else INSTRUMENT
        return make_check(name, instruments, limit, session, **more)

    return make


def order(side=BUY, lots=1, price=1_000_000, instrument=0, order_id=1, **more):
    kind: OrderKind = "limit" if price else "market"
    return NewOrder(order_id, instrument, side, kind, price, lots, 0, **more)


def ask(check, session, wanted):
    """Returns the reason of the refusal, or None."""
    at = wanted.instrument
    getattr(check, "on_order", lambda _: None)(wanted)
    refusal = check.check(wanted, session.markets[at], session.accounts[at])
    return None if refusal is None else refusal.reason


def fill(side=BUY, order_id=1, instrument=0):
    return Fill(order_id, instrument, 0, 1, side, 1_000_000, 1, True, 0)


def pass_time(session, ns):
    for market in session.markets:
        market.now_ns += ns


def test_a_duplicate_is_the_same_strategy_side_price_and_size(make, session):
    """The same within the window is refused, to the nanosecond; anything else passes, and so does it afterwards."""
    check = make("duplicate_order_ms", 10, across=False)
    assert ask(check, session, order()) is None
    assert ask(check, session, order()) is None, "what was only asked wasn't sent"
    check.on_sent(order())
    pass_time(session, 10 * MS - 1)
    assert ask(check, session, order(order_id=2)) == "duplicate_order_ms"
    for other in (order(SELL), order(lots=2), order(price=999_999), order(strategy="b")):
        assert ask(check, session, other) is None
    pass_time(session, 1)
    assert ask(check, session, order(order_id=3)) is None


def test_a_change_to_what_it_was_changed_to_is_a_duplicate(make, session):
    """A change is known by its order, price and total size, whatever was filled in between."""
    check = make("duplicate_order_ms", 10, across=False)
    session.changed = FakeOrder(order(lots=8), filled_lots=3)
    check.on_sent(ReplaceRequest(1, 0, 1_000_001, 7, 0))
    assert ask(check, session, order(lots=4, price=1_000_001)) == "duplicate_order_ms"
    assert ask(check, session, order(lots=5, price=1_000_001)) is None
    assert ask(check, session, order(lots=4, price=1_000_001, order_id=2)) is None


def test_the_message_rate_counts_requests_by_weight_in_each_window(make, session):
    """New orders, changes and cancels count as the venue counts them; only the first two are refused."""
    check = make("max_message_rate", 4, window_ms=10, rules=[{"limit": 5, "window_ms": 1_000}], replace=2)
    for _ in range(3):
        check.on_sent(order())
    assert ask(check, session, order()) is None
    session.changed = FakeOrder(order())
    assert ask(check, session, order()) == "max_message_rate"
    session.changed = None
    check.on_sent(CancelRequest(1, 0, 0))
    assert ask(check, session, order()) == "max_message_rate"
    assert ask(check, session, order(instrument=1)) is None, "another venue"
    pass_time(session, 10 * MS)
    assert ask(check, session, order()) is None
    check.on_sent(order())
    assert ask(check, session, order()) == "max_message_rate", "the second rule"
    pass_time(session, 990 * MS)
    assert ask(check, session, order()) is None


def test_a_tighter_rate_knows_what_was_sent(make, session):
    """A rate that is changed while running has counted what was sent before."""
    before, after = make("max_message_rate", 5), make("max_message_rate", 2)
    for _ in range(2):
        before.on_sent(order())
    after.adopt(before)
    assert ask(after, session, order()) == "max_message_rate"


def test_open_orders_are_counted_by_instrument_strategy_and_account(make, session):
    """Each limit refuses the next order; a change of an open one passes."""
    check = make("max_open_orders", 3, strategy=3, account=5)
    session.orders = [FakeOrder(order(order_id=at, strategy="ab"[at % 2], instrument=at % 2)) for at in range(4)]
    assert ask(check, session, order(strategy="a")) is None
    session.orders.append(FakeOrder(order(order_id=9, strategy="a")))
    assert ask(check, session, order(strategy="b")) == "max_open_orders", "the instrument's"
    assert ask(check, session, order(strategy="a", instrument=1)) == "max_open_orders", "the strategy's"
    assert ask(check, session, order(strategy="c", instrument=1)) == "max_open_orders", "the account's"
    session.changed = session.orders[0]
    assert ask(check, session, order(strategy="a")) is None


@pytest.mark.parametrize(
    ("wanted", "resting", "state", "meets"),
    [
        (order(BUY, price=100), order(SELL, price=100), "accepted", True),
        (order(BUY, price=99), order(SELL, price=100), "accepted", False),
        (order(SELL, price=100), order(BUY, price=100), "partially-filled", True),
        (order(SELL, price=101), order(BUY, price=100), "accepted", False),
        (order(BUY, price=0), order(SELL, price=10**9), "accepted", True),
        (order(BUY, price=100), order(BUY, price=100), "accepted", False),
        (order(BUY, price=1), order(SELL, price=100), "replace-pending", False),
        (order(BUY, price=1), order(SELL, price=100), "unknown", True),
        (order(BUY, price=100), order(SELL, price=0, time_in_force="ioc"), "in-flight", False),
        (order(BUY, price=100), order(SELL, price=99, time_in_force="ioc"), "in-flight", False),
    ],
)
def test_self_trade(wanted, resting, state, meets, make, session):
    """An order is refused if it could trade with an open one of the other side, wherever that may stand."""
    check = make("self_trade", "refuse", across=False)
    session.orders = [FakeOrder(msgspec.structs.replace(resting, order_id=7), state=state)]
    session.accounts[0] = FakeAccount(open_buy_lots=1, open_sell_lots=1)
    assert ask(check, session, wanted) == ("self_trade" if meets else None)
    assert session.cancels == []


def test_an_order_is_met_at_each_price_of_its_changes(make, session):
    """From the moment at which a change is sent until it is answered, whichever way, or the order has ended."""
    check = make("self_trade", "refuse", across=False)
    resting = FakeOrder(order(SELL, lots=5, price=100, order_id=7), state="in-flight")
    session.orders = [resting]
    session.accounts[0] = FakeAccount(open_sell_lots=1)
    check.on_sent(ReplaceRequest(7, 0, 90, 5, 0))
    check.on_sent(ReplaceRequest(7, 0, 80, 5, 0))
    assert ask(check, session, order(price=80)) == "self_trade"
    after = make("self_trade", "cancel-incoming", across=False)
    after.adopt(check)
    check.on_event(Rejected(7, 0, 0, "no", "replace"))
    assert ask(after, session, order(price=80)) == "self_trade"
    resting.price_ticks = 80
    check.on_event(Replaced(7, 0, 0, 80, 5))
    assert ask(check, session, order(price=79)) is None
    assert check.changes.state() == {}
    check.on_sent(ReplaceRequest(7, 0, 70, 5, 0))
    resting.filled_lots = 5
    check.on_event(fill(SELL, order_id=7))
    assert check.changes.state() == {}


def test_self_trade_cancels_what_it_is_to_cancel(make, session):
    """The resting orders, or the order whose change is refused; the order itself is refused in any case."""
    session.accounts[0] = FakeAccount(open_buy_lots=1, open_sell_lots=1)
    session.orders = [FakeOrder(order(SELL, price=price, order_id=price)) for price in (99, 100, 101)]
    assert ask(make("self_trade", "cancel-resting", across=False), session, order(price=100)) == "self_trade"
    assert session.cancels == [99, 100]
    session.cancels.clear()
    check = make("self_trade", "cancel-incoming", across=False)
    assert ask(check, session, order(price=100)) == "self_trade"
    assert session.cancels == []
    session.changed = FakeOrder(order(price=90, order_id=5))
    assert ask(check, session, order(price=100, order_id=5)) == "self_trade"
    assert session.cancels == [5]


def test_gross_exposure_adds_up_the_worst_of_each_instrument(make, session):
    """Long and short count alike, open orders as filled; an order that adds nothing passes beyond the limit too."""
    check = make("max_gross_exposure", 300)
    session.accounts = [FakeAccount(position_lots=-10, open_buy_lots=5), FakeAccount(position_lots=10)]
    assert ask(check, session, order(SELL, 10)) is None
    assert ask(check, session, order(SELL, 11)) == "max_gross_exposure"
    session.accounts[1].open_buy_lots = 15
    assert ask(check, session, order(SELL, 1)) == "max_gross_exposure"
    assert ask(check, session, order(BUY, 15)) is None, "it can lead to no larger position than there is"
    session.markets[1].live = False
    assert ask(check, session, order(SELL, 1)) == "max_gross_exposure", "no price"


def test_net_exposure_offsets_long_with_short(make, session):
    """A short position makes room for a long one, and open orders of the order's side count as filled."""
    check = make("max_net_exposure", 100)
    session.accounts = [FakeAccount(position_lots=10), FakeAccount(position_lots=-5)]
    assert ask(check, session, order(BUY, 5)) is None
    assert ask(check, session, order(BUY, 6)) == "max_net_exposure"
    session.accounts[1].open_buy_lots = 5
    assert ask(check, session, order(BUY, 1)) == "max_net_exposure"
    assert ask(check, session, order(SELL, 15)) is None
    assert ask(check, session, order(SELL, 16)) == "max_net_exposure"


@pytest.mark.parametrize("scope", ["instrument", "strategy"])
def test_exposure_of_an_instrument_or_strategy(scope, make, session):
    """Its own limit is compared with what it holds alone."""
    check = make("max_gross_exposure", 10_000, **{scope: 100})
    assert ask(check, session, order(BUY, 10)) is None
    assert ask(check, session, order(BUY, 11)) == "max_gross_exposure"


def test_exposure_in_a_base_currency(make, session):
    """It is in units of that currency, and says so."""
    check = make("max_net_exposure", 10_000, currency={"ACME": 0.01})
    assert ask(check, session, order(BUY, 10)) is None
    assert ask(check, session, order(BUY, 11)) == "max_net_exposure"
    assert ask(check, session, order(BUY, 11, instrument=1)) is None


def test_buying_power(make, session):
    """Capital and profit cover the margin of the largest positions that open orders could lead to."""
    check = make("buying_power", 100, initial_margin=0.5)
    session.accounts[1] = FakeAccount(position_lots=-5)
    assert ask(check, session, order(BUY, 15)) is None
    assert ask(check, session, order(BUY, 15, price=1_000_001)) == "buying_power", "valued at its own price"
    assert ask(check, session, order(SELL, 16)) == "buying_power"
    # A value unit is a lot at a tick: 0.00001. So this is a profit of 5.
    session.profits_ppb = [500_000 * 10**9, 0]
    assert ask(check, session, order(SELL, 16)) is None
    assert ask(check, session, order(SELL, 17)) == "buying_power"
    session.profits_ppb = [None, 0]
    assert ask(check, session, order(SELL, 1)) == "buying_power", "no mark"
    assert ask(check, session, order(BUY, 5, instrument=1)) is None, "it closes a position"


def test_a_drawdown_stops_until_a_person_lifts_it(make, session):
    """It is measured from the best profit seen, and stays when profit returns; what reduces a position passes."""
    check = make("max_drawdown", 5)
    for profit, reason in ((3, None), (-2, None), (-2.01, "max_drawdown"), (3, "max_drawdown")):
        session.profits_ppb = [int(profit * 100_000) * 10**9, 0]
        check.on_event(fill())
        assert ask(check, session, order()) == reason
    session.accounts[0] = FakeAccount(position_lots=-1)
    assert ask(check, session, order()) is None
    session.accounts[0] = FakeAccount()
    assert check.lift()
    assert not check.lift()
    assert ask(check, session, order()) is None
    session.profits_ppb = [None, 0]
    assert ask(check, session, order()) == "max_drawdown", "no mark"


def test_a_days_loss_stops_until_the_next(make, session):
    """The first day's loss is measured from nothing, a later one's from its beginning."""
    check = make("max_daily_loss", 5, day_starts=6)
    for market in session.markets:
        market.now_ns = 100 * DAY
    session.profits_ppb = [-500_000 * 10**9, 0]
    assert ask(check, session, order()) is None
    session.profits_ppb = [-500_000 * 10**9 - 1, 0]
    assert ask(check, session, order()) == "max_daily_loss"
    pass_time(session, DAY // 4 - 1)
    assert ask(check, session, order(instrument=1)) == "max_daily_loss", "both are in one currency"
    pass_time(session, 1)
    assert ask(check, session, order()) is None
    session.profits_ppb = [-1_000_000 * 10**9 - 2, 0]
    assert ask(check, session, order()) == "max_daily_loss"


def test_a_loss_has_a_limit_for_each_currency(make, session):
    """A currency that is named has its own."""
    check = make("max_drawdown", 5, currencies={"USD": 1})
    session.profits_ppb = [-200_000 * 10**9, 0]
    assert ask(check, session, order()) == "max_drawdown"


def test_repeated_executions_stop_a_strategy_until_a_person_lifts_it(make, session):
    """One fill too many on a side in the window stops its strategy; others go on."""
    check = make("max_repeated_executions", 2, across=False, window_ms=10)
    session.orders = [FakeOrder(order(strategy="a"))]
    for _ in range(2):
        check.on_event(fill())
        check.on_event(fill(SELL))
    assert ask(check, session, order(strategy="a")) is None
    pass_time(session, 10 * MS)
    check.on_event(fill())
    assert ask(check, session, order(strategy="a")) is None
    for _ in range(2):
        check.on_event(fill())
    pass_time(session, DAY)
    assert ask(check, session, order(strategy="a")) == "max_repeated_executions"
    assert ask(check, session, order(strategy="b")) is None
    assert check.lift()
    assert ask(check, session, order(strategy="a")) is None


def test_cancels_to_fills_of_a_day(make, session):
    """Above the ratio, and what always passes, no new order goes out, only changes; the next day starts again."""
    check = make("max_cancel_to_fill", 2, across=False, after=4)
    for count in range(5):
        assert ask(check, session, order()) is None, count
        check.on_sent(CancelRequest(1, 0, 0))
        check.on_event(Cancelled(1, 0, 0, 1, "requested"))
    assert ask(check, session, order()) == "max_cancel_to_fill"
    for _ in range(2):
        check.on_event(fill())
    assert ask(check, session, order()) == "max_cancel_to_fill"
    session.changed = FakeOrder(order())
    assert ask(check, session, order()) is None
    session.changed = None
    check.on_event(fill())
    assert ask(check, session, order()) is None
    check.on_sent(CancelRequest(1, 0, 0))
    check.on_sent(CancelRequest(1, 0, 0))
    assert ask(check, session, order()) == "max_cancel_to_fill"
    pass_time(session, DAY)
    assert ask(check, session, order()) is None
