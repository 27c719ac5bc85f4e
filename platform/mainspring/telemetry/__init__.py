"""How long each stage takes, told cheaply: buffers for the hot lane, histograms, and the budgets they are held to."""

from mainspring.telemetry.budget import STAGES, Budget, Microseconds
from mainspring.telemetry.buffer import StageBuffer
from mainspring.telemetry.histogram import Histogram

__all__ = ["STAGES", "Budget", "Histogram", "Microseconds", "StageBuffer"]
