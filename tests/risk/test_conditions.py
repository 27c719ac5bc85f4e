"""Conditions: expressions that stand for calls of checks, read by the gate."""

from types import SimpleNamespace

import pytest

from mainspring.errors import PluginError
from mainspring.model import Approved, Refusal, ReplaceRequest
from mainspring.risk import CHECK_FAILED, Gate
from mainspring.seams import CONDITION_READS, make_condition
from mainspring.testing import FakeRiskSession

BUY, SELL = 1, -1
NO = Refusal("check", "no")


class Check:
    """Refuses whatever it is asked, and counts how often. `conditions` are its attributes."""

    def __init__(self, **conditions):
        self.asked = 0
        self.limit = 5
        vars(self).update(conditions)

    def check(self, order, market, account):
        self.asked += 1
        return NO


class Listening(Check):
    """Counts the orders that it hears of, too."""

    def __init__(self, **conditions):
        super().__init__(passes_if="True", **conditions)
        self.heard = 0

    def on_order(self, order):
        self.heard += 1


class Bound(Check):
    """Asks for a session."""

    def bind(self, session):
        pass


class Counting(FakeRiskSession):
    """Keeps whose profit was asked for."""

    def __init__(self):
        super().__init__()
        self.reads = []

    def net_profit_ppb(self, instrument):
        self.reads.append(instrument)
        return 7


@pytest.fixture
def ask(make_order, make_market, make_account):
    """Asks a gate of these checks about an order, bound to a session unless it is told not to."""

    def ask(*checks, order=None, market=None, account=None, session=None, bound=True):
        gate = Gate([[("check", check) for check in checks]], owners={"check": "acme"})
        if bound:
            gate.bind(session or FakeRiskSession())
        return gate.approve(order or make_order(BUY, 5, 100), market or make_market(), account or make_account())

    return ask


def test_a_check_whose_condition_holds_is_not_called(ask, make_order):
    """The order passes it; where the condition doesn't hold, the check decides and words the refusal."""
    check = Check(passes_if="size_lots <= self.limit")
    assert isinstance(ask(check), Approved)
    assert check.asked == 0
    assert ask(check, order=make_order(BUY, 6, 100)) is NO
    assert check.asked == 1


def test_a_check_that_asks_for_a_session_is_called_until_it_has_one(ask):
    """Without a session it refuses, whatever its condition says."""
    check = Bound(passes_if="True")
    assert ask(check, bound=False) is NO
    assert isinstance(ask(check), Approved)


def test_an_order_is_heard_of_unless_nothing_would_move(ask, make_order):
    """The condition spares the call of `on_order` alone, and before any stop."""
    check = Listening(unmoved_if="size_lots == self.limit")
    ask(check)
    assert check.heard == 0
    ask(check, order=make_order(BUY, 6, 100))
    assert check.heard == 1


def test_what_several_conditions_read_is_read_once(ask, make_account):
    """Reads that cost a call, such as that of the profit, are shared by all checks of an order."""
    session = Counting()
    checks = [
        Check(passes_if="profit_ppb == 7"),
        Listening(unmoved_if="profit_ppb == 7"),
        Check(passes_if="profit_ppb > 0"),
    ]
    assert isinstance(ask(*checks, session=session), Approved)
    assert session.reads == [0]


def test_a_condition_that_raises_refuses(ask):
    """As a check that raises does, in its name."""
    assert ask(Check(passes_if="1 // 0")) == Refusal(
        CHECK_FAILED, "check raised ZeroDivisionError: integer division or modulo by zero"
    )


def test_a_condition_for_hearing_that_raises_is_named(ask):
    """As `on_order` is: the error names the check and whose it is."""
    with pytest.raises(PluginError, match="the risk check 'check' of acme raised ZeroDivisionError"):
        ask(Listening(unmoved_if="1 // 0"))


@pytest.mark.parametrize(
    ("text", "problem"), [("size_lot <= 5", "names 'size_lot': use self, account"), ("if x", "isn't an expression")]
)
def test_what_is_no_condition_is_refused_at_wiring(text, problem):
    """The error names the check, the text and what may be named."""
    with pytest.raises(PluginError, match=f"the risk check 'check' of acme raised ValueError: .*{problem}"):
        Gate([[("check", Check(passes_if=text))]], owners={"check": "acme"})


def test_a_change_is_seen_as_the_order_that_remains(make_order, make_market, make_account):
    """And the account without what it gives up."""
    check = Check(passes_if="size_lots == 11 and after_lots == 7 + 14 + 11 and open_sell_lots == 30")
    gate = Gate([[("check", check)]])
    order = SimpleNamespace(
        order=make_order(BUY, 10, 100), price_ticks=100, size_lots=10, filled_lots=4, state="accepted", ended=False
    )
    request = ReplaceRequest(1, 0, 101, 15, 0, "")
    assert isinstance(gate.approve_replace(request, order, make_market(), make_account(7, 20, 30)), Approved)


@pytest.mark.parametrize(
    ("side", "lots", "price", "expected"),
    [
        (BUY, 5, 100, {"buy": True, "limit": True, "trade_ticks": 100, "worth_ticks": 100}),
        (BUY, 5, 100, {"after_lots": 32, "other_lots": 23}),
        (SELL, 5, 100, {"buy": False, "trade_ticks": 100, "worth_ticks": 9999}),
        (SELL, 5, 100, {"after_lots": 28, "other_lots": 27}),
        (SELL, 5, 10_000, {"worth_ticks": 10_000}),
        (BUY, 10, 0, {"limit": False, "far_ticks": 10_001, "far_lots": 10}),
        (BUY, 10, 0, {"trade_ticks": 10_001, "worth_ticks": 10_001}),
        (SELL, 10, 0, {"far_ticks": 9_999, "trade_ticks": 9_999, "worth_ticks": 9_999}),
        (BUY, 11, 0, {"trade_ticks": None, "worth_ticks": None}),
    ],
)
def test_what_a_condition_reads(make_order, make_market, make_account, side, lots, price, expected):
    """Prices, worst positions and the rest, for each side and kind of order."""
    order, market, account = make_order(side, lots, price), make_market(), make_account(7, 20, 30)
    for name, value in {**expected, "mid_half_ticks": 20_000, "age_ns": 0, "position_lots": 7}.items():
        holds = make_condition(f"{name} == self", value, FakeRiskSession())
        assert holds(order, market, account), name


@pytest.mark.parametrize("broken", [{"live": False}, {"bid_lots": 0}, {"ask_lots": 0}, {"bid_ticks": 10_001}])
def test_a_broken_market_has_no_mid(make_order, make_market, make_account, broken):
    """Nor has a market order a price where the book isn't live."""
    order, market = make_order(BUY, 5), make_market(**broken)
    assert make_condition("mid_half_ticks is None", None, None)(order, market, make_account())
    if "live" in broken:
        assert make_condition("trade_ticks is None", None, None)(order, market, make_account())


def test_each_read_works(make_order, make_market, make_account):
    """None names what isn't there."""
    for name in CONDITION_READS:
        make_condition(f"{name} == 0", None, FakeRiskSession())(make_order(BUY, 5, 100), make_market(), make_account())
