"""Calibrates a slippage model: for all instruments of a venue together, and then for each."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mainspring.calibration.costs import TakenOrder
from mainspring.calibration.regression import FEWEST, fit_scales
from mainspring.report.calibration import Bin, Calibration, OptionFit

__all__ = ["calibrate"]

_BINS: Final = 10
_PRIOR_SHARE: Final = 0.5
# An expected cost below this counts as this: no order is known to that precision.
_LEAST_BPS: Final = 0.01

_Floats = NDArray[np.float64]


def calibrate(
    venue: str,
    orders: Mapping[str, Sequence[TakenOrder]],
    scaled: Mapping[str, str],
    now: Mapping[str, float],
    *,
    prior_sd: float = 0.5,
) -> list[Calibration]:
    """Fits options to the orders of a venue, by instrument.

    `scaled` gives the option to which each cause is proportional, and `now` its present value; other causes of an
    estimate are taken as they are. The prior of an option is that it is right, to within a share `prior_sd` of itself
    (one standard deviation). An instrument's prior is its venue's fit, to within half of that share. The first result
    is the venue's; with one instrument that is also the instrument's.
    """
    pooled = [one for own in orders.values() for one in own]
    names = list(scaled)
    ones = np.ones(len(names))
    whole = _fit(venue, "", pooled, scaled, now, ones, prior_sd * ones)
    if len(orders) <= 1:
        return [whole]
    centre = np.array([one.fitted / one.now for one in whole.options]) if whole.options else ones
    widths = _PRIOR_SHARE * prior_sd * centre
    return [whole, *(_fit(venue, name, own, scaled, now, centre, widths) for name, own in orders.items())]


def _fit(
    venue: str,
    instrument: str,
    orders: Sequence[TakenOrder],
    scaled: Mapping[str, str],
    now: Mapping[str, float],
    prior: _Floats,
    prior_sd: _Floats,
) -> Calibration:
    if len(orders) < FEWEST:
        why = f"{len(orders)} orders took liquidity, and it takes {FEWEST}"
        return Calibration(venue=venue, instrument=instrument, orders=len(orders), why=why)
    causes = np.array([[one.causes_bps.get(cause, 0.0) for cause in scaled] for one in orders])
    others = np.array([sum(bps for cause, bps in one.causes_bps.items() if cause not in scaled) for one in orders])
    costs = np.array([one.cost_bps for one in orders])
    expected = others + causes.sum(axis=1)
    # What an order costs beyond what was expected grows with that: with the spread, and with how far prices move.
    weights = 1 / np.maximum(np.abs(expected), _LEAST_BPS)
    found = fit_scales(causes * weights[:, None], (costs - others) * weights, prior, prior_sd)
    if min(found.scales) <= 0:
        why = "the orders cost no more the larger they were: a model of this form doesn't describe them"
        return Calibration(venue=venue, instrument=instrument, orders=len(orders), spread=found.spread, why=why)
    options = [
        OptionFit(
            option=option,
            cause=cause,
            now=now[option],
            fitted=now[option] * scale,
            low=now[option] * max(low, 0.0),
            high=now[option] * high,
        )
        for (cause, option), scale, low, high in zip(scaled.items(), found.scales, found.low, found.high, strict=True)
    ]
    fitted = others + causes @ np.array(found.scales)
    return Calibration(
        venue=venue,
        instrument=instrument,
        orders=len(orders),
        options=options,
        bins=_bins(expected, fitted, costs),
        spread=found.spread,
    )


def _bins(expected: _Floats, fitted: _Floats, realised: _Floats) -> list[Bin]:
    parts = np.array_split(np.argsort(expected, kind="stable"), min(_BINS, len(expected) // 5))
    return [
        Bin(
            orders=len(part),
            expected_bps=float(expected[part].mean()),
            fitted_bps=float(fitted[part].mean()),
            realised_bps=float(realised[part].mean()),
        )
        for part in parts
    ]
