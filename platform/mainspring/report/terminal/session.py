"""The sections on the session as a whole: slots and stages. None means a section without rows."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mainspring.report.figures import NONE, latency, round_latency, whole_percent
from mainspring.report.findings import main_origin
from mainspring.report.model import SessionReport, StageReport
from mainspring.report.notes import Notes
from mainspring.report.stages import budget_share, stage_label, verdict
from mainspring.report.terminal.look import Column, Look

__all__ = ["slots_section", "stages_section"]

_VERDICTS = {"within": ("ok", "green"), "over": ("over", "bold red"), "no budget": ("", ""), "idle": ("idle", "dim")}


def slots_section(report: SessionReport, look: Look) -> RenderableType | None:
    """Shows which plugin runs in each slot, and which rule chose it.

    The heading names the distribution of most of them; only the others name theirs, which leaves width for the reasons.
    """
    if not report.slots:
        return None
    notes = Notes()
    main, _ = main_origin(report)
    rows = []
    for slot in report.slots:
        origin = f"{slot.distribution} {slot.version}"
        provided = slot.plugin if origin == main else f"{slot.plugin} ({origin})"
        rows.append([slot.slot, provided, slot.rule, notes.cell(slot.because)])
    table = look.table([Column(title, "left") for title in ("slot", "provided by", "rule", "because")], rows)
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
