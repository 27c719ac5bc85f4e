"""What an account holds, by the venue and by all fills: when it is a difference, and what a person is told."""

from decimal import Decimal
from fractions import Fraction

import pytest

from mainspring.lane import Disputed
from mainspring.model import BalanceReport, Fill, PositionReport, QueryEnded, Side
from mainspring.orders import OpenLots, OrderTracker
from mainspring.portfolio import Marks, Portfolio
from mainspring.recovery import Holdings, Reconciler, ReconcilerOptions
from mainspring.recovery.round import Round
from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeMarket

TRIES = 3
SECOND = 1_000_000_000


class Account:
    """What fills have added to its dollars, and holdings that compare."""

    def __init__(self):
        self.usd = Fraction(0)
        self.holdings = Holdings((1, 0), lambda place: 0, TRIES, lambda: {"USD": self.usd})

    def fill(self, dollars):
        self.usd += Fraction(dollars)
        self.holdings.on_events([Fill(1, 0, 0, 1, Side.BUY, 1, 1, True, 0)])

    def told(self, amount, *, moved=False, currency="USD"):
        """What is a difference once the venue has said that."""
        one = Round(0, (), SECOND)
        one.balances = [] if amount is None else [BalanceReport(1, 0, currency, Decimal(amount))]
        one.moved = {0} if moved else set()
        return [(found.instrument, found.what, found.detail) for found in self.holdings.compare(one)]


@pytest.fixture
def account():
    """One whose venue has said that it has 1,000 dollars."""
    made = Account()
    assert made.told("1000.00") == []
    return made


def test_a_balance_that_fills_explain_is_none(account):
    """Whatever it was at first."""
    account.fill("-12.34")
    assert account.told("987.66") == []
    assert account.holdings.settled


def test_a_balance_that_nothing_explains_is_a_difference_in_every_instrument(account):
    """Once it was said often enough, and once only: then it is what the account has."""
    account.fill("-12.34")
    for _ in range(TRIES - 1):
        assert account.told("900.00") == []
        assert not account.holdings.settled
    detail = "the venue has 900.00 USD, and all fills, fees and funding make it 987.66"
    assert account.told("900.00") == [(0, "balance", detail), (1, "balance", detail)]
    assert account.holdings.settled
    assert [account.told("900.00") for _ in range(TRIES)] == [[]] * TRIES


def test_a_balance_that_lags_is_no_difference(account):
    """A venue may answer before it has booked a fill."""
    account.fill("-12.34")
    assert account.told("1000.00") == account.told("1000.00") == account.told("987.66") == []
    assert account.told("987.67") == account.told("987.67") == account.told("987.66") == []
    assert account.holdings.settled


def test_each_fill_may_be_rounded(account):
    """By half of the last digit, and no more; what was rounded once is behind it."""
    account.fill("-1.005")
    assert account.told("999.00") == []
    for _ in range(TRIES):
        found = account.told("998.99")
    assert len(found) == 2
    account.fill("-1.005")
    for _ in range(TRIES):
        found = account.told("997.99")
    assert found == []


def test_what_came_while_the_venue_was_asked_is_not_compared(account):
    """A fill then may or may not be in the answer. Nor does an answer without any balance say something."""
    for _ in range(TRIES + 1):
        assert account.told("1.00", moved=True) == []
        assert account.told(None) == []
    assert account.holdings.settled


def test_a_balance_that_is_left_out_is_nothing(account):
    """Venues leave out currencies of which there is none."""
    for _ in range(TRIES):
        found = account.told("5", currency="EUR")
    assert found[0][2] == "the venue has 0 USD, and all fills, fees and funding make it 1000"


def test_a_round_asks_for_balances_and_stops_instruments():
    """Together with positions; without a comparison of balances nobody asks for them."""
    asked = []
    for gained in (None, lambda: {"USD": Fraction(0)}):
        options = ReconcilerOptions(poll_ns=SECOND, tries=2)
        holdings = Holdings((0, 1), lambda place: 0, 2, gained)
        reconciler = Reconciler(0, (0, 1), OrderTracker((INSTRUMENT, SECOND_INSTRUMENT)), holdings, str, int, options)
        events, subjects = [], []
        for amount in ("10", "20", "20"):
            now_ns = reconciler.due_ns
            events += reconciler.on_time(now_ns)
            while queries := reconciler.take_queries():
                for query in queries:
                    subjects.append(query.subject)
                    if query.subject == "balances":
                        events += reconciler.on_report(BalanceReport(query.query_id, 0, "USD", Decimal(amount)), now_ns)
                    if query.subject == "positions":
                        for place in (0, 1):
                            events += reconciler.on_report(PositionReport(query.query_id, place, 0, 0), now_ns)
                    events += reconciler.on_report(QueryEnded(query.query_id, 0), now_ns)
        asked.append("balances" in subjects)
    assert asked == [False, True]
    assert [type(one) for one in events] == [Disputed, Disputed]
    assert [(one.market, one.what) for one in events] == [(0, "balance"), (1, "balance")]
    assert len(reconciler.differences) == 2


def test_what_balances_gain_is_what_the_fills_come_to():
    """What was paid and received, less fees in each currency, but for what the instruments trade themselves."""
    markets = (FakeMarket(INSTRUMENT), FakeMarket(SECOND_INSTRUMENT))
    portfolio = Portfolio((INSTRUMENT, SECOND_INSTRUMENT), (OpenLots(), OpenLots()), Marks(markets))
    bought = Fill(1, 0, 0, 1, Side.BUY, 10_000, 1_000, True, 0, Decimal("0.5"), "FEE")
    portfolio.on_fill(bought)
    sold = Fill(2, 1, 0, 2, Side.SELL, 20_000, 1_000, True, 0, Decimal("0.25"), "ACME")
    portfolio.on_fill(sold)
    assert portfolio.gained((0,)) == {"USD": -100, "FEE": Fraction(-1, 2)}
    assert portfolio.gained((0, 1)) == {"USD": 100, "FEE": Fraction(-1, 2)}
    assert portfolio.gained((1,)) == {"USD": 200, "ACME": Fraction(-1, 4)}


def _asked_about(held, *reported):
    """What is a difference once the venue has said each of these positions, in lots."""
    holdings = Holdings((0,), lambda place: held, 1)
    found = []
    for lots in reported:
        one = Round(0, (), SECOND)
        one.positions = {0: PositionReport(1, 0, 0, lots)}
        found.append([mismatch.detail for mismatch in holdings.compare(one)])
    return found


def test_fees_in_what_was_bought_are_no_difference():
    """The venue says whole lots of what is left, with or without crumbs that the account had before."""
    held = Fraction("999.25")
    assert _asked_about(held, 999) == _asked_about(held, 1_000) == [[]]
    wrong = "the venue has 998 lots, and all fills, less fees, to 999.25"
    assert _asked_about(held, 998, 998) == [[wrong], []]
    assert _asked_about(held, 1_001)[0]
    assert _asked_about(1_000, 999) == [["the venue has 999 lots, and all fills add up to 1000"]]


def test_what_is_held_is_less_by_fees_in_it():
    """Whichever instrument they were paid for; contracts hold nothing of what they are about."""
    markets = (FakeMarket(INSTRUMENT), FakeMarket(SECOND_INSTRUMENT))
    portfolio = Portfolio((INSTRUMENT, SECOND_INSTRUMENT), (OpenLots(), OpenLots()), Marks(markets))
    base, lot = INSTRUMENT.symbol.partition("/")[0], INSTRUMENT.lot_size
    portfolio.on_fill(Fill(1, 0, 0, 1, Side.BUY, 10_000, 1_000, True, 0, lot / 4, base))
    portfolio.on_fill(Fill(2, 1, 0, 2, Side.SELL, 20_000, 1_000, True, 0, lot / 2, base))
    assert (portfolio.held_lots(0), portfolio.held_lots(1)) == (Fraction("999.25"), -1_000)
