"""What a session did, as values, terminal text, JSON and one HTML page."""

from typing import TYPE_CHECKING, Any

from mainspring.report.encoding import encodable, from_json, to_json, without_timing
from mainspring.report.findings import warnings
from mainspring.report.live import BookTime, ConnectionReport, LagReport, LiveFeedReport, LiveReport
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
    ClockStep,
    DifferenceReport,
    FeedReport,
    LaneReport,
    OrderLogReport,
    RecoveryReport,
    SessionReport,
    SlotReport,
    StageReport,
    TimingReport,
)
from mainspring.report.page import to_html
from mainspring.report.sampling import downsample
from mainspring.report.stages import stage_report, verdict
from mainspring.report.trading import (
    BookReport,
    ConvertedTotal,
    CurrencyTotal,
    FillSample,
    InstrumentReport,
    MarkoutReport,
    MidPoint,
    OpenOrderReport,
    OrderSample,
    OtherCurrency,
    SlippagePart,
    SlippageReport,
    StrategyPosition,
)

if TYPE_CHECKING:
    from mainspring.report.terminal import render_text

__all__ = [
    "ActionReport",
    "BookReport",
    "BookTime",
    "CandidateReport",
    "ClockStep",
    "ConnectionReport",
    "ConvertedTotal",
    "CurrencyTotal",
    "DifferenceReport",
    "DriftReport",
    "FeedReport",
    "FillSample",
    "InstrumentReport",
    "LagReport",
    "LaneReport",
    "LaneTiming",
    "LiveFeedReport",
    "LiveReport",
    "MarkoutReport",
    "MidPoint",
    "OpenOrderReport",
    "OrderLogReport",
    "OrderSample",
    "OtherCurrency",
    "PacePoint",
    "RaceReport",
    "RecoveryReport",
    "SessionReport",
    "SlippagePart",
    "SlippageReport",
    "SlotReport",
    "StageReport",
    "StrategyPosition",
    "ThreadReport",
    "TimingReport",
    "downsample",
    "encodable",
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
    # The terminal library would be a tenth of the start-up time of a lane's own process.
    if name != "render_text":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mainspring.report.terminal import render_text

    return render_text
