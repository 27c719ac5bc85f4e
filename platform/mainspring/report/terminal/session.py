"""The sections on the session as a whole: slots and stages. None means a section without rows."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mainspring.report.figures import NONE, latency, round_latency, whole_percent
from mainspring.report.findings import common_origin
from mainspring.report.model import SessionReport, StageReport
from mainspring.report.notes import Notes
from mainspring.report.stages import budget_share, stage_label, verdict
from mainspring.report.terminal.look import Column, Look

__all__ = ["slots_section", "stages_section"]

_VERDICTS = {"within": ("ok", "green"), "over": ("over", "bold red"), "no budget": ("", ""), "idle": ("idle", "dim")}


def slots_section(report: SessionReport, look: Look) -> RenderableType | None:
    """Shows which plugin runs in each slot, from which distribution, and which rule chose it."""
    if not report.slots:
        return None
    notes = Notes()
    columns = [Column(title, "left") for title in ("slot", "provided by", "from", "rule", "because")]
    rows = [
        [slot.slot, slot.plugin, f"{slot.distribution} {slot.version}", slot.rule, notes.cell(slot.because)]
        for slot in report.slots
    ]
    if common_origin(report):
        # The heading names the only origin, which leaves more width for the reasons.
        columns = [*columns[:2], *columns[3:]]
        rows = [[*row[:2], *row[3:]] for row in rows]
    table = look.table(columns, rows)
    lines = [*notes, *report.timing.profiles]
    return Group(table, Text(), *map(look.text, lines)) if lines else table


def stages_section(report: SessionReport, look: Look) -> Table | None:
    """Shows the latency of each stage against its budget."""
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
