"""A lane's results, as values that a process can send to another."""

import msgspec

from mainspring.report import (
    ActionReport,
    DifferenceReport,
    DriftReport,
    FeedReport,
    InstrumentReport,
    LiveReport,
    OrderLogReport,
    PacePoint,
    RecoveryReport,
    ThreadReport,
)

__all__ = ["LaneOutcome", "LaneResult", "PartResult", "StageCounts"]


class StageCounts(msgspec.Struct, frozen=True, array_like=True):
    """A stage's latencies as `mainspring.telemetry.Histogram.add` takes them."""

    buckets: dict[int, int]
    total: int
    largest: int


class PartResult(msgspec.Struct, frozen=True, kw_only=True):
    """The results of one feed in one lane."""

    feed: FeedReport
    instruments: list[InstrumentReport]


class LaneResult(msgspec.Struct, frozen=True, kw_only=True):
    """A lane's results. `stopped_early` says why it ended before its input did, `failure` which error ended it."""

    parts: list[PartResult]
    refusals: dict[str, int]
    discrepancies: dict[str, int] = {}
    recovered: RecoveryReport | None = None
    differences: list[DifferenceReport] = []
    log: OrderLogReport
    stages: dict[str, StageCounts]
    messages: int
    wall_seconds: float
    peak_rss_bytes: int
    stopped_early: str | None
    pace: list[PacePoint]
    drift: list[DriftReport] = []
    failure: str | None = None
    live: LiveReport | None = None


class LaneOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a lane ended. Without a result it failed, and `failure` says how; `messages` is the reported count."""

    name: str
    process: int
    result: LaneResult | None
    messages: int
    failure: str | None = None
    actions: list[ActionReport] = []
    threads: list[ThreadReport] = []
