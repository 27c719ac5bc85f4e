"""The robust regression with a prior: what it recovers, what it withstands, and what it refuses."""

import numpy as np
import pytest

from mainspring.calibration import FEWEST, fit_scales

ONE = np.ones(1)
WIDE = 100 * ONE


def generated(seed, count=400, scales=(0.7,), noise=0.2):
    """Rows of causes, and costs with normal errors."""
    draw = np.random.default_rng(seed)
    causes = draw.uniform(0.5, 3.0, (count, len(scales)))
    return causes, causes @ np.array(scales) + noise * draw.standard_normal(count)


def test_it_finds_what_the_costs_were_made_of():
    """Of two causes, each within its interval, which is narrow."""
    causes, costs = generated(1, scales=(0.7, 1.8))
    found = fit_scales(causes, costs, np.ones(2), 100 * np.ones(2))
    for scale, low, high, true in zip(found.scales, found.low, found.high, (0.7, 1.8), strict=True):
        assert low < true < high
        assert high - low < 0.1
        assert low < scale < high
    assert found.spread == pytest.approx(0.2, rel=0.15)


def test_with_normal_errors_it_is_close_to_least_squares():
    """Which is the best there, so that robustness costs little."""
    causes, costs = generated(2)
    (best,) = np.linalg.lstsq(causes, costs, rcond=None)[0]
    assert fit_scales(causes, costs, ONE, WIDE).scales[0] == pytest.approx(best, abs=0.01)


def test_a_few_wild_costs_hardly_move_it():
    """One in twenty is a hundred times too large: least squares is far off."""
    causes, costs = generated(3)
    costs[::20] *= 100
    (astray,) = np.linalg.lstsq(causes, costs, rcond=None)[0]
    assert abs(astray - 0.7) > 1
    assert fit_scales(causes, costs, ONE, WIDE).scales[0] == pytest.approx(0.7, abs=0.05)


def test_few_orders_stay_near_the_prior_and_many_leave_it():
    """A prior that is wrong holds twenty noisy orders back, and not thousands."""
    narrow = 0.1 * ONE
    few, many = (
        fit_scales(causes, costs, ONE, narrow).scales[0]
        for causes, costs in (generated(4, count=count, scales=(2.0,), noise=8.0) for count in (20, 40_000))
    )
    assert 1.0 < few < 1.3
    assert many == pytest.approx(2.0, abs=0.1)


def test_the_interval_holds_where_the_spread_differs_by_order():
    """Errors that grow with the cause: the interval holds the truth about as often as it says."""
    inside = 0
    for seed in range(300):
        draw = np.random.default_rng(seed)
        causes = draw.uniform(0.1, 3.0, (200, 1))
        costs = 1.2 * causes[:, 0] + causes[:, 0] * draw.standard_normal(200)
        found = fit_scales(causes, costs, ONE, WIDE)
        inside += found.low[0] <= 1.2 <= found.high[0]
    assert 0.92 < inside / 300 < 0.99


def test_costs_that_are_explained_to_the_last_digit_are_fitted():
    """No spread at all is no division by zero."""
    causes, _ = generated(5)
    found = fit_scales(causes, causes @ np.array([1.5]), ONE, WIDE)
    assert found.scales[0] == pytest.approx(1.5)
    assert found.low[0] <= 1.5 <= found.high[0]


@pytest.mark.parametrize(
    ("count", "value", "message"),
    [(FEWEST - 1, 1.0, "19 orders are too few to fit: it takes 20"), (30, np.nan, "must be finite")],
)
def test_what_can_not_be_fitted_is_refused(count, value, message):
    """Too few orders, or a cost that is no number."""
    causes, costs = generated(6, count=count)
    costs[0] *= value
    with pytest.raises(ValueError, match=message):
        fit_scales(causes, costs, ONE, WIDE)
