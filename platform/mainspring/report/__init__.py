"""What a session did, as values, terminal text, JSON and one HTML page."""

from typing import TYPE_CHECKING, Any

from mainspring.report.encoding import from_json, to_json, without_timing
from mainspring.report.findings import warnings
from mainspring.report.machine import (
    ActionReport,
    CandidateReport,
    DriftReport,
    LaneTiming,
    PacePoint,
    RaceReport,
    ThreadReport,
)
from mainspring.report.model import (
    BookReport,
    FeedReport,
    FillMark,
    InstrumentReport,
    LaneReport,
    MidPoint,
    OrderLogReport,
    OrderMark,
    SessionReport,
    SlippageReport,
    SlotReport,
    StageReport,
    TimingReport,
)
from mainspring.report.page import to_html
from mainspring.report.sampling import downsample
from mainspring.report.stages import stage_report, verdict

if TYPE_CHECKING:
    from mainspring.report.terminal import render_text

__all__ = [
    "ActionReport",
    "BookReport",
    "CandidateReport",
    "DriftReport",
    "FeedReport",
    "FillMark",
    "InstrumentReport",
    "LaneReport",
    "LaneTiming",
    "MidPoint",
    "OrderLogReport",
    "OrderMark",
    "PacePoint",
    "RaceReport",
    "SessionReport",
    "SlippageReport",
    "SlotReport",
    "StageReport",
    "ThreadReport",
    "TimingReport",
    "downsample",
    "from_json",
    "render_text",
    "stage_report",
    "to_html",
    "to_json",
    "verdict",
    "warnings",
    "without_timing",
]


def __getattr__(name: str) -> Any:
    # The terminal's library would be a tenth of what a lane's own process takes to start.
    if name != "render_text":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mainspring.report.terminal import render_text

    return render_text
