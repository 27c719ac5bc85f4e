"""The checks of single orders that look further than the order: lists, hours, costs, connections and clocks."""

from datetime import UTC, datetime

import msgspec
import pytest

from mainspring.errors import ConfigError
from mainspring.model import NewOrder, Side, SlippageEstimate
from mainspring.seams import ClockReading
from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeAccount, FakeMarket, FakeRiskSession

MS = 1_000_000
ORDER = NewOrder(1, 0, Side.BUY, "limit", 100, 1, 0)


@pytest.fixture
def session():
    return FakeRiskSession()


def ask(check, session, order=ORDER, account=None):
    """Returns the reason of the refusal, or None."""
    refusal = check.check(order, session.markets[0], account or session.accounts[0])
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize(
    ("name", "listed", "passes"),
    [
        ("restricted_instruments", ["ACME/USD"], False),
        ("restricted_instruments", ["BETA/USD"], True),
        ("restricted_instruments", [], True),
        ("allowed_instruments", ["ACME/USD"], True),
        ("allowed_instruments", ["BETA/USD"], False),
        ("allowed_instruments", [], False),
    ],
)
def test_lists_of_instruments(name, listed, passes, make_check, session):
    """A restricted instrument is refused, and so is one that isn't allowed."""
    assert ask(make_check(name, INSTRUMENT, listed), session) == (None if passes else name)


@pytest.mark.parametrize(
    ("position", "buys", "sells", "side", "lots", "passes"),
    [
        (-10, 0, 0, 1, 10, True),
        (-10, 0, 0, 1, 11, False),
        (-10, 4, 0, 1, 6, True),
        (-10, 4, 0, 1, 7, False),
        (10, 0, 0, 1, 1, False),
        (10, 0, 3, -1, 7, True),
        (10, 0, 3, -1, 8, False),
        (10, 50, 0, -1, 10, True),
        (0, 0, 0, -1, 1, False),
    ],
)
def test_reduce_only(position, buys, sells, side, lots, passes, make_check, session):
    """An order passes if, after all open ones of its side, it can't reverse the position."""
    account = FakeAccount(position_lots=position, open_buy_lots=buys, open_sell_lots=sells)
    order = msgspec.structs.replace(ORDER, side=Side(side), size_lots=lots)
    assert ask(make_check("reduce_only", INSTRUMENT, True), session, order, account) == (
        None if passes else "reduce_only"
    )
    assert ask(make_check("reduce_only", INSTRUMENT, False), session, order, account) is None


@pytest.mark.parametrize(("cost", "passes"), [(5.0, True), (5.01, False), (-3.0, True), (float("nan"), False)])
def test_max_slippage_bps(cost, passes, make_check, session):
    """An estimate of up to the limit passes; one that is no number, or none at all, doesn't."""
    check = make_check("max_slippage_bps", INSTRUMENT, 5, session)
    session.estimate = SlippageEstimate(cost, 10_000.0, ())
    assert ask(check, session) == (None if passes else "max_slippage_bps")
    session.estimate = None
    assert ask(check, session) == "max_slippage_bps"


def test_venue_connected(make_check, session):
    """Nothing goes to a venue whose connection is down."""
    check = make_check("venue_connected", INSTRUMENT, True, session)
    assert ask(check, session) is None
    session.down.add(0)
    assert ask(check, session) == "venue_connected"


@pytest.mark.parametrize("name", ["max_feed_lag_ms", "max_clock_skew_ms"])
def test_clocks(name, make_check, session):
    """A lag or skew of up to the limit passes; without a reading that is still valid, nothing does."""
    check, now_ns = make_check(name, INSTRUMENT, 5, session), session.now_ns
    for reading, passes in (
        (ClockReading(now_ns, 5 * MS, -5 * MS, now_ns), True),
        (ClockReading(now_ns, 5 * MS + 1, -5 * MS - 1, now_ns), False),
        (ClockReading(now_ns - 2, 0, 0, now_ns - 1), False),
        (None, False),
    ):
        session.clock = reading
        assert ask(check, session) == (None if passes else name)
    session.clock = ClockReading(now_ns, 0, None, now_ns)
    assert (ask(check, session) is None) is (name == "max_feed_lag_ms")


@pytest.mark.parametrize(
    ("limit", "more", "at", "passes"),
    [
        ("09:30-16:00", {"timezone": "America/New_York"}, "2024-03-08T14:30:00", True),
        ("09:30-16:00", {"timezone": "America/New_York"}, "2024-03-08T14:29:59.999999", False),
        ("09:30-16:00", {"timezone": "America/New_York"}, "2024-03-08T21:00:00", False),
        # Clocks went forward on 10 March.
        ("09:30-16:00", {"timezone": "America/New_York"}, "2024-03-11T13:30:00", True),
        ("22:00-04:00", {}, "2024-03-08T03:59:59", True),
        ("22:00-04:00", {}, "2024-03-08T04:00:00", False),
        ("22:00-04:00", {"days": ["thu"]}, "2024-03-08T03:59:59", True),
        ("22:00-04:00", {"days": ["fri"]}, "2024-03-08T03:59:59", False),
        ("00:00-00:00", {}, "2024-03-08T12:00:00", True),
        ("XNYS", {}, "2024-07-03T16:59:59", True),
        # The day before the holiday ends early.
        ("XNYS", {}, "2024-07-03T17:00:00", False),
        ("XNYS", {}, "2024-07-04T15:00:00", False),
        # Tokyo has a break.
        ("XTKS", {}, "2024-07-03T02:45:00", False),
        ("XTKS", {}, "2024-07-03T03:30:00", True),
        ("XNYS", {}, "1950-07-03T15:00:00", False),
    ],
)
def test_trading_hours(limit, more, at, passes, make_check, session):
    """Hours hold over midnight and changes of the clock; calendars know holidays and breaks."""
    if "-" not in limit:
        pytest.importorskip("exchange_calendars", reason="calendars need the extra of that name")
    check = make_check("trading_hours", INSTRUMENT, limit, session, **more)
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    session.markets[0].now_ns = int(moment.timestamp()) * 10**9 + moment.microsecond * 1_000
    for _ in range(2):
        assert ask(check, session) == (None if passes else "trading_hours")


@pytest.mark.parametrize("limit", ["09:30", "9-25", "09:30-16:61", ""])
def test_hours_that_are_none(limit, make_check):
    """What is neither a span nor a calendar is refused when the config is read."""
    with pytest.raises((msgspec.ValidationError, ConfigError)):
        make_check("trading_hours", INSTRUMENT, limit)


def test_unknown_zones_and_calendars(make_check):
    """A time zone or a calendar that nobody knows is refused by name."""
    with pytest.raises(msgspec.ValidationError, match="Atlantis"):
        make_check("trading_hours", INSTRUMENT, "09:00-10:00", timezone="Atlantis")
    pytest.importorskip("exchange_calendars", reason="calendars need the extra of that name")
    with pytest.raises(ConfigError, match="ATLANTIS"):
        make_check("trading_hours", INSTRUMENT, "ATLANTIS")


def test_all_say_what_they_need(make_check):
    """A check that sees no session refuses: it can't decide."""
    market, account = FakeMarket(), FakeAccount(open_buy_lots=1, open_sell_lots=1)
    per_lane = {"max_open_orders", "max_message_rate", "max_gross_exposure", "max_net_exposure", "buying_power"}
    alone = {"self_trade": "refuse", "duplicate_order_ms": 1, "max_slippage_bps": 1, "venue_connected": True}
    alone |= {"max_feed_lag_ms": 1, "max_clock_skew_ms": 1, "trading_hours": "00:00-00:00"}
    alone |= {"max_cancel_to_fill": 1, "max_repeated_executions": 1}
    losses = {"max_daily_loss", "max_drawdown"}
    for name, limit in (*alone.items(), *((name, 1) for name in per_lane | losses)):
        instruments = (INSTRUMENT, SECOND_INSTRUMENT) if name in per_lane | losses else INSTRUMENT
        refusal = make_check(name, instruments, limit).check(ORDER, market, account)
        assert refusal is not None, name
        assert refusal.reason == name
