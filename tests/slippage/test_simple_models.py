"""Volume share and fixed basis points against figures worked out by hand."""

from types import SimpleNamespace

import pytest

from mainspring_plugins.slippage.fixed_bps import FixedBpsOptions, FixedBpsSlippage
from mainspring_plugins.slippage.volume_share import VolumeShareOptions, VolumeShareSlippage


def test_volume_share_by_hand(kit: SimpleNamespace) -> None:
    """1,440,000 lots a day are 1,000 a minute; 25 of them are 2.5%, and 0.1 * 0.025^2 * 100 = 0.00625 of impact."""
    market = kit.market(statistics=kit.statistics(None, 1_440_000.0))
    estimate = VolumeShareSlippage(market.instrument).estimate(kit.take(25), market)
    assert [(cause.name, cause.price) for cause in estimate.causes] == [
        ("spread", pytest.approx(0.01)),
        ("impact", pytest.approx(0.00625)),
    ]


def test_volume_share_of_a_longer_bar(kit: SimpleNamespace) -> None:
    """In a bar twice as long the share is half, and the impact a quarter; the coefficient scales it."""
    market = kit.market(statistics=kit.statistics(None, 1_440_000.0))
    options = VolumeShareOptions(bar_s=120.0, price_impact=0.4)
    estimate = VolumeShareSlippage(market.instrument, options=options).estimate(kit.take(25), market)
    assert estimate.causes[1].price == pytest.approx(0.00625)


def test_volume_share_resting(kit: SimpleNamespace) -> None:
    """At the touch p = 500 / (500 + 400 + 25): capture and selection cancel, and the chase is left."""
    market = kit.market(statistics=kit.statistics(None, 1_440_000.0))
    estimate = VolumeShareSlippage(market.instrument).estimate(kit.rest(25, 9_999), market)
    assert estimate.causes[0].price == pytest.approx(-500 / 925 * 0.01)
    assert estimate.price == pytest.approx(425 / 925 * 0.01625)


def test_fixed_bps_by_hand(kit: SimpleNamespace) -> None:
    """Five basis points of 100 to take and one to rest, or what the options say."""
    market = kit.market()
    model = FixedBpsSlippage(market.instrument)
    assert model.estimate(kit.take(1), market).price == pytest.approx(0.05)
    assert model.estimate(kit.rest(1, 9_999), market).price == pytest.approx(0.01)
    dearer = FixedBpsSlippage(market.instrument, options=FixedBpsOptions(market_bps=8.0, limit_bps=2.5))
    assert dearer.estimate(kit.take(10**9), market).bps == pytest.approx(8.0)
    assert dearer.estimate(kit.rest(10**9, 9_999), market).bps == pytest.approx(2.5)
