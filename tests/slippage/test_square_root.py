"""The square-root model against figures worked out by hand."""

from types import SimpleNamespace

import pytest

from mainspring.model import Side
from mainspring_plugins.slippage.square_root import SquareRootOptions, SquareRootSlippage


def test_market_order_by_hand(kit: SimpleNamespace) -> None:
    """Mid 100, spread 0.02, 2% a day, 100 of 1,000,000 lots: 0.01 spread and 0.02 * sqrt(0.0001) * 100 = 0.02."""
    market = kit.market()
    estimate = SquareRootSlippage(market.instrument).estimate(kit.take(100), market)
    assert {cause.name: pytest.approx(cause.price) for cause in estimate.causes} == {"spread": 0.01, "impact": 0.02}
    assert estimate.price == pytest.approx(0.03)
    assert estimate.reference_price == pytest.approx(100.0)
    assert estimate.bps == pytest.approx(3.0)


def test_resting_order_by_hand(kit: SimpleNamespace) -> None:
    """At the touch: 347.2 lots come in 60 s, 400 are ahead and 100 ours, so p = 25/61, and the three terms follow."""
    market = kit.market()
    estimate = SquareRootSlippage(market.instrument).estimate(kit.rest(100, 9_999), market)
    assert {cause.name: pytest.approx(cause.price) for cause in estimate.causes} == {
        "spread-capture": -25 / 61 * 0.01,
        "adverse-selection": 25 / 61 * (0.01 + 2 / 3 * 0.02),
        "queue-risk": 36 / 61 * 0.03,
    }
    assert estimate.price == pytest.approx((-0.25 + 25 * 0.07 / 3 + 1.08) / 61)


@pytest.mark.parametrize(("side", "fill"), [(Side.BUY, 3125 / 7625), (Side.SELL, 3125 / 4925)])
def test_the_queue_is_that_of_the_own_side(kit: SimpleNamespace, side: Side, fill: float) -> None:
    """With 400 lots on the bid and 100 on the ask, a buy waits behind the 400 and a sell behind the 100."""
    market = kit.market(ask_lots=100)
    price = kit.passive(market, side, 0)
    causes = SquareRootSlippage(market.instrument).estimate(kit.rest(100, price, side), market).causes
    assert causes[0].price == pytest.approx(-fill * 0.01)


def test_behind_the_touch_by_hand(kit: SimpleNamespace) -> None:
    """Six ticks behind a spread of two, chased after one spread: reached with 2 / (2 + 6), so p = 25/61 / 4."""
    market = kit.market()
    causes = SquareRootSlippage(market.instrument).estimate(kit.rest(100, 9_993), market).causes
    assert causes[0].price == pytest.approx(-25 / 244 * 0.01)
    assert causes[2].price == pytest.approx((1 - 25 / 244) * 0.03)


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, 10_000), (Side.SELL, 10_000)])
def test_inside_the_spread_by_hand(kit: SimpleNamespace, side: Side, price: int) -> None:
    """At the mid nothing is captured and nobody is ahead: p = 3125/4025, and half the spread's selection is paid."""
    market = kit.market()
    causes = SquareRootSlippage(market.instrument).estimate(kit.rest(100, price, side), market).causes
    fill = 3125 / 4025
    assert causes[0].price == pytest.approx(0.0)
    assert causes[1].price == pytest.approx(fill * (0.005 + 2 / 3 * 0.02))
    assert causes[2].price == pytest.approx((1 - fill) * 0.03)


def test_options_scale_their_terms(kit: SimpleNamespace) -> None:
    """Half the coefficient halves the impact; no lasting share leaves the half spread as adverse selection."""
    market = kit.market()
    options = SquareRootOptions(impact_coefficient=0.5, lasting_share=0.0, patience_s=120.0, chase_spreads=2.0)
    model = SquareRootSlippage(market.instrument, options=options)
    assert model.estimate(kit.take(100), market).causes[1].price == pytest.approx(0.01)
    resting = model.estimate(kit.rest(100, 9_993), market).causes
    fill = 6250 / (6250 + 4500) * 4 / (4 + 6)
    assert resting[0].price == pytest.approx(-fill * 0.01)
    assert resting[1].price == pytest.approx(fill * 0.01)


def test_four_times_the_size_doubles_the_impact(kit: SimpleNamespace) -> None:
    """The law's own mark."""
    market = kit.market()
    model = SquareRootSlippage(market.instrument)
    one, four = (model.estimate(kit.take(lots), market).causes[1].price for lots in (250, 1_000))
    assert four == pytest.approx(2 * one)
