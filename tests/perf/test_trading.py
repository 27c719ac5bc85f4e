"""What an order and its checks cost, as differences between runs."""

import pytest

from mainspring_perf import trading
from mainspring_perf.candidates import usable


@pytest.fixture
def short(monkeypatch):
    """Short runs, once each."""
    monkeypatch.setattr(trading, "_MOVES", 200)
    monkeypatch.setattr(trading, "_ROUNDS", 1)


def test_an_order_costs_what_it_adds_to_a_callback(short, monkeypatch):
    """The figure is the difference of two passes, in microseconds of one order."""
    passes = iter([900_000, 500_000])
    monkeypatch.setattr(trading, "_timed_ns", lambda run: run() or next(passes))
    assert trading.order_us("python") == pytest.approx((900_000 - 500_000) / 200 / 1e3)


def test_checks_cost_what_they_add_to_an_order(short, monkeypatch):
    """The figure is the difference that the checks make to a replay in which each event leads to an order."""
    if not usable("decoder", "native"):
        pytest.skip("absent: mainspring-native")
    passes = iter([70_000, 30_000])
    monkeypatch.setattr(trading, "_timed_ns", lambda run: run() or next(passes))
    assert trading.checks_us() == pytest.approx((70_000 - 30_000) / 200 / 1e3)


def test_without_the_native_parts_it_says_so(monkeypatch):
    """The targets show why there is no figure."""
    monkeypatch.setattr(trading, "parts_here", lambda: ["python"])
    monkeypatch.setattr(trading, "usable", lambda *_: None)
    assert trading.order_us() == trading.checks_us() == "not here: mainspring-native"
