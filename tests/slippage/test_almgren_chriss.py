"""The Almgren model against the worked example of the paper."""

from types import SimpleNamespace

import pytest

from mainspring_plugins.slippage.almgren_chriss import AlmgrenChrissOptions, AlmgrenChrissSlippage

PAPER = [
    # Stock, volatility, Theta / V in days; T in days; I, K and J in basis points, for 10% of a day's volume.
    ("IBM", 0.0157, 263, 0.1, 20, 22, 32),
    ("IBM", 0.0157, 263, 0.2, 20, 15, 25),
    ("IBM", 0.0157, 263, 0.5, 20, 8, 18),
    ("DRI", 0.0226, 87, 0.1, 22, 32, 43),
    ("DRI", 0.0226, 87, 0.2, 22, 21, 32),
    ("DRI", 0.0226, 87, 0.5, 22, 12, 23),
]


@pytest.mark.parametrize(("stock", "volatility", "outstanding", "days", "permanent", "temporary", "whole"), PAPER)
def test_example_of_the_paper(
    kit: SimpleNamespace,
    stock: str,
    volatility: float,
    outstanding: float,
    days: float,
    permanent: int,
    temporary: int,
    whole: int,
) -> None:
    """The table of example costs for IBM and DRI in Almgren, Thum, Hauptmann & Li (2005), to half a basis point."""
    market = kit.market(statistics=kit.statistics(volatility, 1e6))
    options = AlmgrenChrissOptions(execution_days=days, outstanding_days=outstanding)
    estimate = AlmgrenChrissSlippage(market.instrument, options=options).estimate(kit.take(100_000), market)
    bps = {cause.name: 1e4 * cause.price / estimate.reference_price for cause in estimate.causes}
    assert 2 * bps["permanent-impact"] == pytest.approx(permanent, abs=0.5)
    assert bps["temporary-impact"] == pytest.approx(temporary, abs=0.5)
    assert bps["permanent-impact"] + bps["temporary-impact"] == pytest.approx(whole, abs=0.5)
    assert estimate.bps == pytest.approx(bps["permanent-impact"] + bps["temporary-impact"] + 1.0)


def test_market_order_by_hand(kit: SimpleNamespace) -> None:
    """X/V = 1/32, T = 1, Theta/V = 16: I = 0.314 * 2% * 2/32 and K = 0.142 * 2% * (1/2)^3, of a mid of 100."""
    market = kit.market(statistics=kit.statistics(0.02, 3_200.0))
    options = AlmgrenChrissOptions(execution_days=1.0, outstanding_days=16.0)
    causes = AlmgrenChrissSlippage(market.instrument, options=options).estimate(kit.take(100), market).causes
    assert [cause.price for cause in causes] == pytest.approx([0.01, 0.5 * 0.314 * 2 * 2 / 32, 0.142 * 2 / 8])


def test_slower_execution_costs_less(kit: SimpleNamespace) -> None:
    """The temporary part falls with the time that the order is given; the permanent one doesn't know of it."""
    market = kit.market()
    quick, slow = (
        AlmgrenChrissSlippage(market.instrument, options=AlmgrenChrissOptions(execution_days=days))
        .estimate(kit.take(1_000), market)
        .causes
        for days in (0.01, 0.1)
    )
    assert slow[1] == quick[1]
    assert slow[2].price == pytest.approx(quick[2].price / 10**0.6)


def test_resting_order_pays_the_permanent_half(kit: SimpleNamespace) -> None:
    """At the touch p = 25/61: capture, the half spread and I/2 as selection, and the chase at the market's cost."""
    market = kit.market()
    model = AlmgrenChrissSlippage(market.instrument)
    taken = model.estimate(kit.take(100), market)
    resting = model.estimate(kit.rest(100, 9_999), market).causes
    assert [cause.price for cause in resting] == pytest.approx(
        [-25 / 61 * 0.01, 25 / 61 * (0.01 + taken.causes[1].price), 36 / 61 * taken.price]
    )
