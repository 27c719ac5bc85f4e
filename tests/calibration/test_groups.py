"""Calibration by venue and by instrument, and the flag that it ends in."""

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from mainspring.calibration import TakenOrder, calibrate, flag_text
from mainspring.host.config import parse_config
from mainspring.report.calibration import Calibration

SCALED = {"impact": "impact_coefficient"}


def orders(seed, count, coefficient, noise=0.2):
    """Orders whose impact is the coefficient times what was expected."""
    draw = np.random.default_rng(seed)
    impacts = draw.uniform(0.2, 3.0, count)
    costs = 0.5 + coefficient * impacts + noise * draw.standard_normal(count)
    return [
        TakenOrder(order_id=place, cost_bps=cost, causes_bps={"spread": 0.5, "impact": impact}, lots=1)
        for place, (cost, impact) in enumerate(zip(costs.tolist(), impacts.tolist(), strict=True))
    ]


def fitted(found: Calibration) -> float:
    (option,) = found.options
    assert option.option == "impact_coefficient"
    return option.fitted


def test_it_scales_the_option_and_leaves_the_other_causes():
    """An estimate with the coefficient 0.8 whose impact is half of what it should be: 1.6."""
    (found,) = calibrate("venue", {"one": orders(1, 500, 2.0)}, SCALED, {"impact_coefficient": 0.8})
    assert fitted(found) == pytest.approx(1.6, abs=0.05)
    assert found.options[0].changed
    assert (found.instrument, found.orders) == ("", 500)


def test_the_tenths_show_expected_and_realised_cost():
    """Each has as many orders, the cheapest first, and what was fitted lies closer than what was expected."""
    (found,) = calibrate("venue", {"one": orders(2, 500, 2.0)}, SCALED, {"impact_coefficient": 1.0})
    assert [one.orders for one in found.bins] == [50] * 10
    assert [one.expected_bps for one in found.bins] == sorted(one.expected_bps for one in found.bins)
    for one in found.bins:
        assert abs(one.fitted_bps - one.realised_bps) < 0.2 < abs(one.expected_bps - one.realised_bps)


def test_an_instrument_with_few_orders_is_drawn_to_its_venue():
    """Of two markets of a venue, the thin one's noisy orders count less than what the venue shows."""
    both = {"much": orders(3, 2_000, 2.0), "thin": orders(4, 25, 1.0, noise=5.0)}
    whole, much, thin = calibrate("venue", both, SCALED, {"impact_coefficient": 1.0})
    alone = calibrate("venue", {"thin": both["thin"]}, SCALED, {"impact_coefficient": 1.0})[0]
    assert [one.instrument for one in (whole, much, thin)] == ["", "much", "thin"]
    assert fitted(much) == pytest.approx(2.0, abs=0.05)
    assert abs(fitted(thin) - fitted(whole)) < abs(fitted(alone) - fitted(whole))


def test_too_few_orders_are_said():
    """Nothing is fitted to them."""
    (found,) = calibrate("venue", {"one": orders(5, 19, 1.0)}, SCALED, {"impact_coefficient": 1.0})
    assert found.options == []
    assert found.why == "19 orders took liquidity, and it takes 20"


def test_costs_that_fall_with_size_are_no_model_of_this_form():
    """A coefficient below zero isn't offered."""
    (found,) = calibrate("venue", {"one": orders(6, 500, -1.0)}, SCALED, {"impact_coefficient": 1.0}, prior_sd=5.0)
    assert found.options == []
    assert "doesn't describe them" in found.why


def test_the_flag_is_a_config():
    """Its options are those that were fitted, in shadow, and nobody's yet."""
    (found,) = calibrate("venue", {"one": orders(7, 500, 2.0)}, SCALED, {"impact_coefficient": 1.0})
    text = flag_text(found, "square-root", owner="ann", today=date(2026, 12, 1))
    flag = tomllib.loads(text)["flags"]["slippage-calibrated"]
    assert flag["options"]["impact_coefficient"] == pytest.approx(fitted(found), rel=1e-3)
    assert (flag["share"], flag["shadow"], flag["reason"]) == (0, True, "fitted to 500 orders of venue on 2026-12-01")
    assert "slippage-calibrated" in parse_config(text, "flag.toml", Path()).config.flags
