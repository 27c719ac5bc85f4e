"""Converts a stage's histogram to its lines in the report, and compares it with its budget."""

from typing import Literal, TypeAlias

from mainspring.report.model import StageReport
from mainspring.telemetry import Histogram

__all__ = ["Verdict", "budget_share", "stage_label", "stage_report", "verdict"]

Verdict: TypeAlias = Literal["within", "over", "no budget", "idle"]


def stage_report(stage: str, histogram: Histogram, budget_us: float | None) -> StageReport:
    """Returns a stage's figures: latencies in nanoseconds from its histogram, against its p99 budget in us."""
    p50_ns, p99_ns, p99_9_ns = histogram.percentiles([50, 99, 99.9])
    return StageReport(
        stage=stage,
        count=histogram.count,
        mean_ns=histogram.mean,
        p50_ns=p50_ns,
        p99_ns=p99_ns,
        p99_9_ns=p99_9_ns,
        max_ns=histogram.max,
        budget_us=budget_us,
        over_budget=0 if budget_us is None else histogram.count_above(int(budget_us * 1000)),
        percentiles=histogram.percentiles_for_chart(),
    )


def verdict(stage: StageReport) -> Verdict:
    """Says whether the p99 is "within" or "over" the budget; "idle" if the stage never ran."""
    if not stage.count:
        return "idle"
    share = budget_share(stage)
    if share is None:
        return "no budget"
    return "within" if share <= 1 else "over"


def budget_share(stage: StageReport) -> float | None:
    """Returns the p99 as a fraction of the budget; None without a budget."""
    return stage.p99_ns / (stage.budget_us * 1000) if stage.budget_us else None


def stage_label(stage: StageReport) -> str:
    """Returns the stage's name in words: "whole path"."""
    return stage.stage.replace("_", " ")
