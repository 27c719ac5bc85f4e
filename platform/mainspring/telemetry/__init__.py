"""How long each stage takes, told cheaply: buffers for the hot lane, histograms, budgets, and whether it changes."""

from mainspring.telemetry.budget import STAGES, Budget, Microseconds
from mainspring.telemetry.buffer import StageBuffer
from mainspring.telemetry.cusum import Cusum, Shift
from mainspring.telemetry.histogram import Histogram
from mainspring.telemetry.sample import StageSample

__all__ = ["STAGES", "Budget", "Cusum", "Histogram", "Microseconds", "Shift", "StageBuffer", "StageSample"]
