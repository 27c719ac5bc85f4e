"""The sections on the session as a whole: slots, stages, messages, refusals. None stands for a section with no rows."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mainspring.report.figures import NONE, latency, percent, round_latency, whole_percent
from mainspring.report.findings import common_origin, largest_first
from mainspring.report.model import SessionReport, StageReport
from mainspring.report.notes import Notes
from mainspring.report.stages import budget_share, stage_label, verdict
from mainspring.report.terminal.look import Column, Look

__all__ = ["messages_section", "refusals_section", "slots_section", "stages_section"]

_VERDICTS = {"within": ("ok", "green"), "over": ("over", "bold red"), "no budget": ("", ""), "idle": ("idle", "dim")}


def slots_section(report: SessionReport, look: Look) -> RenderableType | None:
    """Who fills each slot, from which distribution, and which rule chose it."""
    if not report.slots:
        return None
    notes = Notes()
    columns = [Column(title, "left") for title in ("slot", "filled by", "from", "rule", "because")]
    rows = [
        [slot.slot, slot.plugin, f"{slot.distribution} {slot.version}", slot.rule, notes.cell(slot.because)]
        for slot in report.slots
    ]
    if common_origin(report):
        # One origin for all is told in the heading, and leaves its width to the reasons.
        columns = [*columns[:2], *columns[3:]]
        rows = [[*row[:2], *row[3:]] for row in rows]
    table = look.table(columns, rows)
    lines = [*notes, *report.timing.profiles]
    return Group(table, Text(), *map(look.text, lines)) if lines else table


def stages_section(report: SessionReport, look: Look) -> Table | None:
    """The latency of each stage against its budget."""
    if not report.timing.stages:
        return None
    columns = (
        Column("stage", "left"),
        *(Column(title) for title in ("count", "p50", "p99", "p99.9", "max", "budget")),
        Column("p99/budget", "left"),
    )
    return look.table(columns, [_stage_row(stage, look) for stage in report.timing.stages])


def _stage_row(stage: StageReport, look: Look) -> tuple[str | Text, ...]:
    figures = (stage.p50_ns, stage.p99_ns, stage.p99_9_ns, stage.max_ns)
    latencies = [latency(ns) if stage.count else NONE for ns in figures]
    budget = round_latency(stage.budget_us * 1000) if stage.budget_us else NONE
    return stage_label(stage), f"{stage.count:,}", *latencies, budget, _verdict(stage, look)


def _verdict(stage: StageReport, look: Look) -> Text:
    word, style = _VERDICTS[verdict(stage)]
    share = budget_share(stage)
    if share is None or not stage.count:
        return Text(word, style)
    return Text.assemble(look.bar(share), f" {whole_percent(share):>4} ", (word, style))


def messages_section(report: SessionReport, look: Look) -> Table | None:
    """What came in by kind, and what of it wasn't applied, by cause."""
    feed = report.feed
    rows = [("all", f"{feed.messages:,}", "")]
    rows += [(kind, f"{count:,}", percent(count, feed.messages)) for kind, count in largest_first(feed.by_kind)]
    rows += [
        (f"not applied: {cause}", f"{count:,}", percent(count, feed.messages))
        for cause, count in largest_first(feed.not_applied)
    ]
    rows += [
        ("gaps", f"{feed.gaps:,}", ""),
        ("resyncs", f"{feed.resyncs:,}", ""),
        ("bad lines", f"{feed.bad_lines:,}", ""),
    ]
    return look.table((Column("kind", "left"), Column("count"), Column("share")), rows)


def refusals_section(report: SessionReport, look: Look) -> Table | None:
    """Orders that weren't sent or were turned down, by reason."""
    if not report.refusals:
        return None
    rows = [(reason, f"{count:,}") for reason, count in largest_first(report.refusals)]
    return look.table((Column("reason", "left"), Column("orders")), rows)
