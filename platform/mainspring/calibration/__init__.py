"""Fits slippage models to what a session's own orders have cost."""

from mainspring.calibration.candidate import flag_text
from mainspring.calibration.costs import TakenOrder, taken_orders
from mainspring.calibration.groups import calibrate
from mainspring.calibration.regression import FEWEST, Regression, fit_scales

__all__ = [
    "FEWEST",
    "Regression",
    "TakenOrder",
    "calibrate",
    "fit_scales",
    "flag_text",
    "taken_orders",
]
