"""What an order and its checks cost, as differences between runs."""

from decimal import Decimal

import pytest

from mainspring_native.checks import described
from mainspring_perf import trading
from mainspring_perf.candidates import candidates, usable
from mainspring_perf.harness import WrongAnswer
from mainspring_perf.parts import BTC_USDT
from mainspring_plugins.risk._limit import LimitOptions
from mainspring_plugins.risk.max_order_size import MaxOrderSize


@pytest.fixture
def short(monkeypatch):
    """Short runs, once each."""
    monkeypatch.setattr(trading, "_MOVES", 200)
    monkeypatch.setattr(trading, "_EVENTS", 200)
    monkeypatch.setattr(trading, "_ROUNDS", 1)


def test_an_order_costs_what_it_adds_to_a_callback(short, monkeypatch):
    """The figure is the difference of two passes, in microseconds of one order."""
    passes = iter([900_000, 500_000])
    monkeypatch.setattr(trading, "_timed_ns", lambda run: run() or next(passes))
    assert trading.order_us("python") == pytest.approx((900_000 - 500_000) / 200 / 1e3)


@pytest.mark.parametrize("probe", [trading.checks_us, trading.all_checks_us])
def test_checks_cost_what_they_add_to_an_order(short, monkeypatch, probe):
    """The figure is the difference that the checks make to a replay in which each event leads to an order."""
    pytest.importorskip("numba")
    if not usable("decoder", "native"):
        pytest.skip("absent: mainspring-native")
    passes = iter([0, 70_000, 30_000])
    monkeypatch.setattr(trading, "_timed_ns", lambda run: run() or next(passes))
    assert probe() == pytest.approx((70_000 - 30_000) / 200 / 1e3)


def test_all_checks_of_a_session_cost_what_they_add_to_the_required_ones(short, monkeypatch):
    """The figure is the difference of two native lanes in microseconds of an order, and what the required ones cost."""
    if not usable("decoder", "native"):
        pytest.skip("absent: mainspring-native")
    monkeypatch.setattr(trading, "checks_us", lambda: 0.5)
    passes = iter([0, 90_000, 30_000])
    monkeypatch.setattr(trading, "_timed_ns", lambda run: run() or next(passes))
    assert trading.session_checks_us() == pytest.approx((90_000 - 30_000) / 200 / 1e3 + 0.5)


@pytest.mark.parametrize(
    ("limit", "what"),
    [("risk.max_open_orders=3", "refused"), ("risk.max_gross_exposure.strategy=1000000000", "decided in Python")],
)
def test_an_order_that_no_twin_lets_pass_gives_no_figure(short, monkeypatch, limit, what):
    """Checks that refuse it are an error, and so is one that Python decides on."""
    if not usable("decoder", "native"):
        pytest.skip("absent: mainspring-native")
    monkeypatch.setattr(trading, "checks_us", lambda: 0.5)
    key = limit.partition("=")[0].removesuffix(".strategy")
    others = tuple(one for one in trading._ALL_LIMITS if one.partition("=")[0] != key)
    further = ("risk.max_gross_exposure.limit=1000000000",) if "gross" in limit else ()
    monkeypatch.setattr(trading, "_ALL_LIMITS", (*others, *further, limit))
    with pytest.raises(WrongAnswer, match=what):
        trading.session_checks_us()


def test_a_refused_order_gives_no_figure(short, monkeypatch):
    """Checks that refuse what the benchmark asks for are an error, not a quick pass."""
    pytest.importorskip("numba")
    if not usable("decoder", "native"):
        pytest.skip("absent: mainspring-native")
    strict = MaxOrderSize(BTC_USDT, options=LimitOptions(limit=Decimal(0)))
    monkeypatch.setattr(trading, "native_checks", lambda: [strict])
    with pytest.raises(WrongAnswer, match="201 orders, 0 approved and 201 refused, of 200 events by 1 checks"):
        trading.all_checks_us()


def test_every_check_of_a_replay_is_measured():
    """What runs in Rust is among the checks, each once, but for those that need to be told something, or costs."""
    if not usable("decoder", "native"):
        pytest.skip("absent: mainspring-native")
    offered = {offer.name for offer in candidates("risk") if offer.capabilities.get("in_runs")}
    found = [one[0] for one in map(described, trading.native_checks()) if one is not None]
    assert len(found) == len(set(found))
    outside = {
        "max_slippage_bps",
        "max_message_rate",
        "max_daily_loss",
        "max_drawdown",
        "max_repeated_executions",
        "duplicate_order_ms",
        "max_cancel_to_fill",
        "self_trade",
    }
    assert offered - set(found) == outside


def test_without_the_native_parts_it_says_so(monkeypatch):
    """The targets show why there is no figure."""
    monkeypatch.setattr(trading, "parts_here", lambda: ["python"])
    monkeypatch.setattr(trading, "usable", lambda *_: None)
    assert trading.order_us() == trading.checks_us() == trading.all_checks_us() == trading.session_checks_us()
    assert trading.order_us() == "not here: mainspring-native"
