"""The slippage seam's promises, on every model."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.model import Side, SlippageEstimate
from mainspring.testing import check_slippage

GROWS_WITH_SIZE = {"square-root", "almgren-chriss", "volume-share"}
GROWS_WITH_VOLATILITY = {"square-root", "almgren-chriss"}

quick = settings(max_examples=60, deadline=None, derandomize=True)


def estimated(model: Any, order: Any, market: Any) -> SlippageEstimate:
    answer = model.estimate(order, market)
    assert isinstance(answer, SlippageEstimate), answer
    return answer


@pytest.mark.parametrize("seed", [0, 1])
def test_keeps_the_conformance_kit_contract(make: Any, seed: int) -> None:
    """The kit that plugin authors run on their models finds nothing wrong with ours."""
    check_slippage(make, seed=seed)


def test_cost_is_positive_and_the_sum_of_its_causes(make: Any, kit: SimpleNamespace) -> None:
    """Every order with a size costs something, market and resting limit alike, and its causes add up to that."""

    @quick
    @given(kit.symmetric_markets(), kit.sizes, kit.sides, kit.fractions)
    def check(market: Any, size: int, side: Side, fraction: float) -> None:
        model = make(market.instrument)
        for order in (kit.take(size, side), kit.rest(size, kit.resting_price(market, side, fraction), side)):
            estimate = estimated(model, order, market)
            assert 0.0 < estimate.price < math.inf
            assert math.isclose(estimate.price, sum(cause.price for cause in estimate.causes), rel_tol=1e-12)
            assert estimate.reference_price == pytest.approx((market.bid_ticks + market.ask_ticks) / 2 * 0.01)
            assert estimate.bps == pytest.approx(1e4 * estimate.price / estimate.reference_price)

    check()


def test_resting_costs_less_than_taking(make: Any, kit: SimpleNamespace) -> None:
    """A limit order that rests, anywhere from just inside the other side to far behind, beats a market order."""

    @quick
    @given(kit.symmetric_markets(), kit.sizes, kit.sides, kit.fractions)
    def check(market: Any, size: int, side: Side, fraction: float) -> None:
        model = make(market.instrument)
        resting = estimated(model, kit.rest(size, kit.resting_price(market, side, fraction), side), market)
        assert resting.price < estimated(model, kit.take(size, side), market).price

    check()


def test_grows_with_size(make: Any, model_name: str, kit: SimpleNamespace) -> None:
    """A larger order never costs less a unit, and with an impact model a visibly larger one costs more."""

    @quick
    @given(kit.symmetric_markets(min_volatility=1e-3), st.integers(1, 10**6), kit.sides, kit.fractions)
    def check(market: Any, size: int, side: Side, fraction: float) -> None:
        market.statistics.daily_volume_lots = min(market.statistics.daily_volume_lots, size * 1e5)
        model = make(market.instrument)
        price = kit.resting_price(market, side, fraction)
        for order in (lambda lots: kit.take(lots, side), lambda lots: kit.rest(lots, price, side)):
            one, next_one, double = (estimated(model, order(lots), market) for lots in (size, size + 1, 2 * size))
            assert next_one.price >= one.price * (1 - 1e-12)
            assert double.price >= one.price
            if model_name in GROWS_WITH_SIZE:
                assert double.price > one.price

    check()


def test_grows_with_volatility(make: Any, model_name: str, kit: SimpleNamespace) -> None:
    """A wilder market never makes an order cheaper, and with a model that looks at volatility it costs more."""

    @quick
    @given(kit.symmetric_markets(), kit.sizes, kit.sides, kit.fractions, st.floats(1e-3, 1.0))
    def check(market: Any, size: int, side: Side, fraction: float, more: float) -> None:
        model = make(market.instrument)
        calm = market.statistics.volatility_per_day
        for order in (kit.take(size, side), kit.rest(size, kit.resting_price(market, side, fraction), side)):
            market.statistics.volatility_per_day = calm
            before = estimated(model, order, market)
            market.statistics.volatility_per_day = calm + more
            after = estimated(model, order, market)
            assert after.price >= before.price
            if model_name in GROWS_WITH_VOLATILITY:
                assert after.price > before.price

    check()


def test_symmetric_between_sides(make: Any, kit: SimpleNamespace) -> None:
    """In a market that mirrors itself, a buy and a sell cost the same, cause by cause."""

    @quick
    @given(kit.symmetric_markets(), kit.sizes, kit.fractions)
    def check(market: Any, size: int, fraction: float) -> None:
        model = make(market.instrument)
        prices = {side: kit.resting_price(market, side, fraction) for side in Side}
        for order in (lambda side: kit.take(size, side), lambda side: kit.rest(size, prices[side], side)):
            buy, sell = (estimated(model, order(side), market) for side in (Side.BUY, Side.SELL))
            assert buy == sell

    check()


def test_a_quiet_market_still_costs_the_spread(make: Any, kit: SimpleNamespace) -> None:
    """With no volatility at all, one lot on a spread of one tick still costs something, taken or rested."""
    market = kit.market(bid_ticks=10_000, ask_ticks=10_001, statistics=kit.statistics(0.0, 1e12))
    model = make(market.instrument)
    taken = estimated(model, kit.take(1), market)
    rested = estimated(model, kit.rest(1, 10_000), market)
    assert 0.0 < rested.price < taken.price


@pytest.mark.parametrize("behind", [0, 30, -1])
def test_units_do_not_change_the_cost(make: Any, kit: SimpleNamespace, behind: int) -> None:
    """The same market on a ten times finer grid of prices and sizes gives the same estimate in price units."""
    coarse = kit.market(deeper=((1, 1_000), (5, 10**9)))
    fine = kit.market(
        tick_size="0.001",
        lot_size="0.0001",
        bid_ticks=99_990,
        bid_lots=4_000,
        ask_ticks=100_010,
        ask_lots=4_000,
        deeper=((10, 10_000), (50, 10**10)),
        statistics=kit.statistics(0.02, 1e7),
    )
    for taken in (True, False):
        costs = []
        for market, scale in ((coarse, 1), (fine, 10)):
            price = kit.passive(market, Side.BUY, behind * scale)
            order = kit.take(700 * scale) if taken else kit.rest(700 * scale, price)
            costs.append(estimated(make(market.instrument), order, market))
        assert costs[0].price == pytest.approx(costs[1].price)
        assert costs[0].reference_price == pytest.approx(costs[1].reference_price)
        assert [cause.name for cause in costs[0].causes] == [cause.name for cause in costs[1].causes]


def test_basis_points_do_not_depend_on_the_currency(make: Any, kit: SimpleNamespace) -> None:
    """The same book quoted in a currency a hundredth the worth has the same cost in basis points."""
    dear, cheap = kit.market(tick_size="0.01"), kit.market(tick_size="1")
    for order in (kit.take(700), kit.rest(700, dear.bid_ticks)):
        bps = [estimated(make(market.instrument), order, market).bps for market in (dear, cheap)]
        assert bps[0] == pytest.approx(bps[1])


def test_a_limit_order_that_reaches_the_other_side_takes(make: Any, kit: SimpleNamespace) -> None:
    """A marketable limit order is priced as a market order; post-only, it rests one tick short and costs less."""
    market = kit.market()
    model = make(market.instrument)
    taken = estimated(model, kit.take(100), market)
    for side, price in ((Side.BUY, market.ask_ticks), (Side.SELL, market.bid_ticks)):
        assert estimated(model, kit.rest(100, price, side), market) == taken
        beyond = kit.rest(100, price + 3 * side, side, post_only=True)
        short = kit.rest(100, price - side, side)
        assert estimated(model, beyond, market) == estimated(model, short, market)
        assert estimated(model, beyond, market).price < taken.price


def test_an_estimate_leaves_no_trace(make: Any, kit: SimpleNamespace) -> None:
    """Asking twice gives the same answer, whatever was asked between."""
    market = kit.market()
    model = make(market.instrument)
    first = estimated(model, kit.take(100), market)
    estimated(model, kit.take(10**5), market)
    assert estimated(model, kit.take(100), market) == first
