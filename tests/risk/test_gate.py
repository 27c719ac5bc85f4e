"""The gate: all checks or nothing, and closed where anything is wrong."""

from types import SimpleNamespace

import msgspec
import pytest

from mainspring.errors import PluginError
from mainspring.model import Approved, CancelRequest, Fill, Refusal, ReplaceRequest, Side
from mainspring.risk import CHECK_FAILED, INVALID_ORDER, LIMIT_NOT_SET, NOT_YOURS, ORDER_ENDED, UNKNOWN_ORDER, Gate
from mainspring.testing import FakeRiskSession

BUY, SELL = 1, -1


class Check:
    """Answers as told, and keeps what it was asked."""

    def __init__(self, answer=None):
        self.answer = answer
        self.asked = []

    def check(self, order, market, account):
        self.asked.append((order, account.position_lots, account.open_buy_lots, account.open_sell_lots))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def ask(make_order, make_market, make_account):
    """Asks a gate of these checks about an order to buy 5 lots at 100."""

    def ask(*checks, missing=(), order=None):
        gate = Gate([[(f"check_{i}", check) for i, check in enumerate(checks)]], missing)
        return gate.approve(order or make_order(BUY, 5, 100), make_market(), make_account())

    return ask


def test_an_order_that_every_check_lets_pass_is_approved(ask, make_order, make_market):
    """The approval carries the order and the lane's time."""
    assert ask(Check(), Check()) == Approved(make_order(BUY, 5, 100), make_market().now_ns)


def test_the_first_refusal_wins(ask):
    """Checks are asked in order, and none after the first that refuses."""
    last = Check()
    assert ask(Check(), Check(Refusal("a", "1")), Check(Refusal("b", "2")), last) == Refusal("a", "1")
    assert last.asked == []


def test_a_missing_limit_stops_every_order(ask):
    """Required checks that the config doesn't set are named, and nothing else is asked."""
    check = Check()
    refusal = ask(check, missing=("max_position", "collar_bps"))
    assert refusal == Refusal(LIMIT_NOT_SET, "no limit is set for max_position, collar_bps: set each in [risk]")
    assert check.asked == []


def test_no_check_at_all_stops_every_order(ask):
    """A gate without checks is closed, not open."""
    assert ask().reason == LIMIT_NOT_SET


def test_a_check_that_raises_refuses(ask):
    """It is named with what it raised, and the session goes on."""
    assert ask(Check(), Check(ZeroDivisionError("by zero"))) == Refusal(
        CHECK_FAILED, "check_1 raised ZeroDivisionError: by zero"
    )


def test_a_check_that_would_end_the_process_is_named(make_order, make_market, make_account):
    """`sys.exit` in a check neither passes the order nor ends the session in silence: the error names whose it is."""
    gate = Gate([[("acme_limit", Check(SystemExit(0)))]], owners={"acme_limit": "acme"})
    with pytest.raises(PluginError, match="the risk check 'acme_limit' of acme raised SystemExit: 0") as caught:
        gate.approve(make_order(BUY, 5, 100), make_market(), make_account())
    assert caught.value.distribution == "acme"


@pytest.mark.parametrize("answer", [True, False, "no", 0])
def test_a_check_without_a_proper_answer_refuses(ask, answer):
    """Neither None nor a Refusal is no answer."""
    assert ask(Check(answer)).reason == CHECK_FAILED


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"lots": 0, "price": 100}, "0 lots"),
        ({"lots": -5, "price": 100}, "-5 lots"),
        ({"lots": 1, "price": -1}, "-1 ticks"),
        ({"lots": 1, "kind": "limit"}, "0 ticks"),
        ({"lots": 1, "price": 5, "kind": "market"}, "with a price"),
        ({"lots": 1, "post_only": True}, "post-only"),
        ({"lots": 1, "price": 5, "post_only": True, "time_in_force": "ioc"}, "post-only and ioc"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(ask, make_order, order, problem):
    """Before any check sees it."""
    check = Check()
    refusal = ask(check, order=make_order(BUY, **order))
    assert refusal.reason == INVALID_ORDER
    assert problem in refusal.detail
    assert check.asked == []


@pytest.mark.parametrize("instrument", [-1, 1])
def test_an_instrument_that_the_session_does_not_have_is_refused(ask, make_order, instrument):
    """An index is never taken from the end."""
    order = msgspec.structs.replace(make_order(BUY, 1, 5), instrument=instrument)
    assert ask(Check(), order=order).reason == INVALID_ORDER


@pytest.fixture
def replace(make_order, make_market, make_account):
    """Asks to change an order of 10 lots at 100, 4 of them filled. Gives the answer and what the check was asked."""

    def ask(price, lots, *, side=BUY, answer=None, state="accepted"):
        check = Check(answer)
        gate = Gate([[("check", check)]])
        order = SimpleNamespace(
            order=make_order(side, 10, 100), price_ticks=100, size_lots=10, filled_lots=4, state=state, ended=False
        )
        request = ReplaceRequest(order.order.order_id, 0, price, lots, 0, order.order.strategy)
        return gate.approve_replace(request, order, make_market(), make_account(7, 20, 30)), check.asked

    return ask


@pytest.mark.parametrize(("side", "buys", "sells"), [(BUY, 14, 30), (SELL, 20, 24)])
def test_a_replace_is_checked_as_the_order_it_makes(replace, make_order, side, buys, sells):
    """The checks see what would be left at the new price, and an account without what is left of the old order."""
    answer, asked = replace(101, 15, side=side)
    assert (answer.request.price_ticks, answer.request.size_lots) == (101, 15)
    assert asked == [(make_order(side, 11, 101), 7, buys, sells)]


def test_a_replace_that_a_check_refuses_is_refused(replace):
    """Larger at the same price, or the same size at another price."""
    refusal = Refusal("x")
    assert replace(100, 11, answer=refusal)[0] is refusal
    assert replace(99, 10, answer=refusal)[0] is refusal


def test_a_smaller_size_at_the_same_price_adds_no_risk(replace):
    """It passes without being checked, so that risk can always be taken off."""
    answer, asked = replace(100, 9, answer=Refusal("x"))
    assert isinstance(answer, Approved)
    assert asked == []


@pytest.mark.parametrize("state", ["in-flight", "replace-pending", "cancel-pending", "unknown"])
def test_what_stands_is_not_known_while_a_request_is_on_its_way(replace, state):
    """Then a replace to what the venue last confirmed is checked like any other."""
    refusal = Refusal("x")
    assert replace(100, 9, answer=refusal, state=state)[0] is refusal


@pytest.mark.parametrize(
    "terms", [{"side": 1}, {"kind": "stop"}, {"time_in_force": "day"}, {"size_lots": 1.5}, {"price_ticks": True}]
)
def test_an_order_of_unknown_terms_is_invalid(make_order, make_market, make_account, terms):
    """A side, kind or time in force that isn't one, or a number that isn't whole, never reaches the checks."""
    check = Check(None)
    order = msgspec.structs.replace(make_order(BUY, 10, 100), **terms)
    answer = Gate([[("check", check)]]).approve(order, make_market(), make_account())
    assert answer.reason == INVALID_ORDER
    assert check.asked == []


@pytest.mark.parametrize(("price", "lots"), [(100, 4), (100, 0), (0, 11)])
def test_a_replace_that_makes_no_sense_is_refused(replace, price, lots):
    """To no more than is filled, or to no price."""
    answer, asked = replace(price, lots)
    assert answer.reason == INVALID_ORDER
    assert asked == []


@pytest.mark.parametrize("checks", [[], [("check", Check(Refusal("x")))]])
def test_no_limit_stops_a_cancel(make_order, checks):
    """It is approved at the lane's time although every check refuses, or none is set."""
    order = SimpleNamespace(order=make_order(BUY, 10, 100), state="unknown", ended=False)
    request = CancelRequest(order.order.order_id, 0, 5)
    gate = Gate([checks], missing_required=["max_position"])
    assert gate.approve_cancel(request, order, 7) == Approved(request, 7)


@pytest.mark.parametrize(
    ("instrument", "strategy", "ended", "reason"),
    [(1, "", False, NOT_YOURS), (0, "other", False, NOT_YOURS), (0, "", True, ORDER_ENDED)],
)
def test_only_an_open_order_of_ones_own_is_changed(
    make_order, make_market, make_account, instrument, strategy, ended, reason
):
    """Neither a cancel nor a replace is approved for another's order, an ended one, or one that nobody sent."""
    gate = Gate([[("check", Check())]] * 2)
    order = SimpleNamespace(order=make_order(BUY, 10, 100), state="cancelled", ended=ended)
    cancel = CancelRequest(1, instrument, 5, strategy)
    replace = ReplaceRequest(1, instrument, 100, 5, 5, strategy)
    assert gate.approve_cancel(cancel, order, 7).reason == reason
    assert gate.approve_replace(replace, order, make_market(), make_account()).reason == reason
    assert gate.approve_cancel(cancel, None, 7).reason == UNKNOWN_ORDER
    assert gate.approve_replace(replace, None, make_market(), make_account()).reason == UNKNOWN_ORDER


def test_a_stop_refuses_new_risk_in_its_instrument(make_order, make_market, make_account):
    """New orders and larger replaces are refused with its reason while it stands; cancels and smaller sizes pass."""
    stops = {0: Refusal("discrepancy", "x")}
    gate = Gate([[("check", Check())]] * 2, stops=stops)
    sent = make_order(BUY, 10, 100)
    order = SimpleNamespace(order=sent, price_ticks=100, size_lots=10, filled_lots=0, state="accepted", ended=False)
    market, account = make_market(), make_account()
    assert gate.approve(sent, market, account) == stops[0]
    assert isinstance(gate.approve(msgspec.structs.replace(sent, instrument=1), market, account), Approved)
    assert gate.approve_replace(ReplaceRequest(sent.order_id, 0, 100, 11, 5), order, market, account) == stops[0]
    assert isinstance(
        gate.approve_replace(ReplaceRequest(sent.order_id, 0, 100, 9, 5), order, market, account), Approved
    )
    assert isinstance(gate.approve_cancel(CancelRequest(sent.order_id, 0, 5), order, 7), Approved)
    stops.clear()
    assert isinstance(gate.approve(sent, market, account), Approved)


class Counting(Check):
    """Counts what it hears, and takes over what another one counted."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def bind(self, session):
        self.heard.append(("bind", session))

    def on_sent(self, request):
        self.heard.append(request)

    def on_event(self, event):
        self.heard.append(event)

    def adopt(self, before):
        self.heard += before.heard

    def lift(self):
        return bool(self.heard)


def test_a_check_hears_of_its_instrument_alone_or_of_all(make_order):
    """What is made for one instrument hears of that, what stands in each row of all, and each is bound once."""
    one, every = Counting(), Counting()
    gate = Gate([[("one", one), ("every", every)], [("every", every), ("deaf", Check())]])
    session = FakeRiskSession()
    gate.bind(session)
    first, second = make_order(1, 5, 9), Fill(1, 1, 0, 1, Side.BUY, 9, 5, True, 0)
    gate.on_sent(first)
    gate.on_event(second)
    gate.on_event(Fill(1, 7, 0, 1, Side.BUY, 9, 5, True, 0))
    assert one.heard == [("bind", session), first]
    assert every.heard == [("bind", session), first, second]
    assert gate.listens
    assert not Gate([[("deaf", Check())]]).listens


def test_a_check_is_exchanged_in_every_row(make_order):
    """The new one is bound, takes over what the old one counted, and hears what comes."""
    before, after, session = Counting(), Counting(), FakeRiskSession()
    gate = Gate([[("every", before)], [("every", before)]])
    gate.bind(session)
    gate.on_sent(order := make_order(1, 5, 9))
    gate.exchange(before, after)
    gate.on_sent(order)
    assert gate.rows == ((after,), (after,))
    assert gate.named("every", 1) is after
    assert gate.named("other", 1) is None
    assert after.heard == [("bind", session), ("bind", session), order, order]
    assert before.heard == [("bind", session), order]


def test_lifting_names_the_checks_that_had_stopped_orders():
    """One by its name, or all; a check that never stops isn't asked."""
    first, second = Counting(), Counting()
    first.heard.append("something")
    gate = Gate([[("first", first), ("second", second), ("deaf", Check())]])
    assert gate.lift() == ("first",)
    assert gate.lift("second") == ()
    assert gate.lift("first") == ("first",)


def test_what_a_check_raises_as_it_listens_names_it(make_order):
    """It is the plugin's failure, which stops trading."""

    class Broken(Check):
        def on_sent(self, request):
            raise ZeroDivisionError

    broken = Broken()
    gate = Gate([[("broken", broken)]], owners={"broken": "acme"})
    with pytest.raises(PluginError, match=r"risk check 'broken' of acme raised ZeroDivisionError"):
        gate.on_sent(make_order(1, 5, 9))
