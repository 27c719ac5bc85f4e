"""Cheap stage timing: buffers for the hot lane, histograms, budgets and drift detection."""

from mainspring.telemetry.budget import STAGES, Budget, Microseconds
from mainspring.telemetry.buffer import StageBuffer
from mainspring.telemetry.cusum import Cusum, Shift
from mainspring.telemetry.histogram import Histogram
from mainspring.telemetry.sample import StageSample

__all__ = ["STAGES", "Budget", "Cusum", "Histogram", "Microseconds", "Shift", "StageBuffer", "StageSample"]
