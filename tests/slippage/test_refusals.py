"""What the models refuse, by reason; never a guess and never a zero."""

import inspect
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mainspring.model import Refusal, SlippageEstimate
from mainspring_plugins.slippage import _common

NEEDS_VOLATILITY = {"square-root", "almgren-chriss"}
NEEDS_VOLUME = {"square-root", "almgren-chriss", "volume-share"}


def refused(make: Any, market: Any, order: Any) -> str:
    answer = make(market.instrument).estimate(order, market)
    assert isinstance(answer, Refusal), answer
    assert answer.detail
    return answer.reason


@pytest.fixture(params=["market", "limit"])
def order(request: pytest.FixtureRequest, kit: SimpleNamespace) -> Any:
    return kit.take(100) if request.param == "market" else kit.rest(100, 9_999)


def test_a_book_that_is_not_live(make: Any, kit: SimpleNamespace, order: Any) -> None:
    """While the book can't be trusted there is no estimate."""
    assert refused(make, kit.market(live=False), order) == "book-not-live"


@pytest.mark.parametrize("side", ["bid_lots", "ask_lots"])
def test_an_empty_side(make: Any, kit: SimpleNamespace, order: Any, side: str) -> None:
    """With one side empty there is no mid to measure from."""
    assert refused(make, kit.market(**{side: 0}), order) == "no-mid-price"


@pytest.mark.parametrize("ask_ticks", [9_998, 9_999])
def test_a_crossed_or_locked_market(make: Any, kit: SimpleNamespace, order: Any, ask_ticks: int) -> None:
    """A bid above the ask, or at it, is no market to price an order in."""
    assert refused(make, kit.market(ask_ticks=ask_ticks), order) == "book-crossed"


@pytest.mark.parametrize("volatility", [None, math.nan, -0.1, math.inf])
def test_an_unknown_volatility(
    make: Any, model_name: str, kit: SimpleNamespace, order: Any, volatility: float | None
) -> None:
    """Models that need the volatility refuse by name where it isn't a known number; the others don't ask for it."""
    market = kit.market(statistics=kit.statistics(volatility_per_day=volatility))
    if model_name in NEEDS_VOLATILITY:
        assert refused(make, market, order) == "volatility-unknown"
    else:
        assert isinstance(make(market.instrument).estimate(order, market), SlippageEstimate)


@pytest.mark.parametrize("volume", [None, math.nan, 0.0, -5.0, math.inf])
def test_an_unknown_daily_volume(
    make: Any, model_name: str, kit: SimpleNamespace, order: Any, volume: float | None
) -> None:
    """Models that need the daily volume refuse by name where it isn't known; a volume of zero isn't one."""
    market = kit.market(statistics=kit.statistics(daily_volume_lots=volume))
    if model_name in NEEDS_VOLUME:
        assert refused(make, market, order) == "daily-volume-unknown"
    else:
        assert isinstance(make(market.instrument).estimate(order, market), SlippageEstimate)


def test_an_order_without_size(make: Any, kit: SimpleNamespace) -> None:
    """An order of no lots has no cost that could be told."""
    assert refused(make, kit.market(), kit.take(0)) == "empty-order"


def test_the_reasons_are_documented() -> None:
    """Every reason code, and no other, is declared in one place, listed there, and explained in the docs."""
    page = (Path(__file__).resolve().parents[2] / "docs/slippage.md").read_text(encoding="utf-8")
    declared = {
        value
        for name, value in inspect.getmembers(_common)
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }
    assert declared == set(_common.REASONS)
    for reason in _common.REASONS:
        assert f"`{reason}`" in page
