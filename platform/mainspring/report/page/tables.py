"""The report's tables."""

from collections.abc import Sequence

from mainspring.report.figures import (
    amount,
    clock,
    latency,
    round_latency,
    times_as_long,
    whole_percent,
)
from mainspring.report.machine import DriftReport
from mainspring.report.model import SessionReport, StageReport
from mainspring.report.page.latency_chart import stage_class
from mainspring.report.page.markup import Child, Html, join, tag
from mainspring.report.page.table import NO_FIGURE, table
from mainspring.report.stages import budget_share, stage_label, verdict
from mainspring.report.trading import FillSample

__all__ = [
    "drift_table",
    "fills_table",
    "slots_table",
    "stages_table",
]

_MOST_FILLS = 500
_VERDICT_CLASSES = {"within": "good", "over": "bad", "no budget": "quiet", "idle": "quiet"}


def slots_table(report: SessionReport) -> Html:
    """Shows which plugin runs in each slot, and why."""
    rows = [
        (slot.slot, slot.plugin, f"{slot.distribution} {slot.version}", slot.rule, slot.because)
        for slot in report.slots
    ]
    titles = ("slot", "provided by", "from", "rule", "because")
    return table("What ran", titles, rows, words=frozenset(range(5)))


def stages_table(stages: Sequence[StageReport]) -> Html:
    """Shows the latency of each stage against its budget, with a bar."""
    titles = (
        "stage",
        "passes",
        "mean",
        "p50",
        "p99",
        "p99.9",
        "max",
        "budget",
        "p99 of budget",
        "verdict",
        "passes over",
    )
    rows = [_stage_row(stage_class(index), stage) for index, stage in enumerate(stages)]
    return table("Latency of each stage", titles, rows, words=frozenset({0, 8, 9}))


def _stage_row(colour: str, stage: StageReport) -> tuple[Child, ...]:
    figures = (stage.mean_ns, stage.p50_ns, stage.p99_ns, stage.p99_9_ns, stage.max_ns)
    word = verdict(stage)
    return (
        join(tag("i", class_=f"swatch {colour}"), stage_label(stage)),
        f"{stage.count:,}",
        *[latency(ns, "µs") if stage.count else NO_FIGURE for ns in figures],
        round_latency(stage.budget_us * 1000, "µs") if stage.budget_us else NO_FIGURE,
        _bar(stage),
        tag("span", word, class_=f"verdict {_VERDICT_CLASSES[word]}"),
        f"{stage.over_budget:,}" if stage.budget_us else NO_FIGURE,
    )


def _bar(stage: StageReport) -> Html:
    share = budget_share(stage)
    if share is None or not stage.count:
        return Html("")
    filled = tag("rect", class_="bad" if share > 1 else "good", width=max(min(share, 1.0) * 120, 1.5), height=10, rx=2)
    bar = tag(
        "svg",
        tag("rect", class_="empty", width=120, height=10, rx=2),
        filled,
        class_="bar",
        viewBox="0 0 120 10",
        role="img",
        aria_label=f"{stage_label(stage)}: p99 is {whole_percent(share)} of its budget",
    )
    return join(bar, tag("span", whole_percent(share), class_="share"))


def fills_table(marks: Sequence[FillSample]) -> Html:
    """Lists the first 500 fills."""
    titles = ("time", "side", "size", "price", "mid", "role", "strategy")
    rows = [_fill_row(mark) for mark in marks[:_MOST_FILLS]]
    shown = table("Fills", titles, rows, words=frozenset({0, 1, 5, 6}))
    if len(marks) <= _MOST_FILLS:
        return shown
    return join(tag("p", f"The first {_MOST_FILLS} of {len(marks):,}; the JSON report has all that were kept."), shown)


def _fill_row(mark: FillSample) -> tuple[str, ...]:
    role = "maker" if mark.maker else "taker"
    mid = NO_FIGURE if mark.mid is None else f"{mark.mid:,.10g}"
    return clock(mark.time_ns), mark.side, amount(mark.size), amount(mark.price), mid, role, mark.strategy


def drift_table(drift: Sequence[DriftReport]) -> Html:
    """Lists each stage whose median has drifted from that of the host's profile: since when, and how far."""
    titles = ("lane", "stage", "takes", "of", "since message", "received about", "certain at message")
    rows = [
        (
            one.lane,
            one.stage.replace("_", " "),
            times_as_long(one.factor),
            latency(one.expected_ns, "µs"),
            f"{one.message:,}",
            clock(one.receive_ns),
            f"{one.certain_at:,}",
        )
        for one in drift
    ]
    return table("Drift", titles, rows, words=frozenset({0, 1, 5}))
