"""`mainspring verify`: rebuilds a capture's books and compares them with everything else the capture says."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mainspring.data import Tally, VerifyReport, verify
from mainspring.host.config import load_config
from mainspring.host.diagnostics import quoted
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.plugin_calls import isolated
from mainspring.session.source import open_messages

__all__ = ["Verification", "verdict_json", "verdict_text", "verify_capture"]


class Verification(msgspec.Struct, frozen=True):
    """The plan that was run, the findings, how many lines were skipped, and warnings from finding plugins."""

    plan: Plan
    report: VerifyReport
    bad_lines: int
    plugin_warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong and no line was skipped."""
        return self.report.ok and not self.bad_lines


def verify_capture(
    captures: Sequence[str], *, feed: str | None = None, overrides: Iterable[str] = (), skip_bad: bool = False
) -> Verification:
    """Verifies consecutive captures, by file or catalogue name, with the built-in configuration's parts.

    `feed` names the feed that they were recorded from; if it is None, the catalogue or the messages decide. `skip_bad`
    counts and skips messages that can't be read. Raises `ConfigError`, `DataError` or `PluginError` if they can't be
    verified.
    """
    wanted = ["mode=replay", "instruments=[]", *overrides, f"feed.capture=[{', '.join(map(quoted, captures))}]"]
    wanted += [f"feed.plugin={quoted(feed or 'auto')}", f"feed.skip_bad={str(skip_bad).lower()}"]
    loaded = load_config(None, wanted, {("feed", "capture"): "CAPTURE", ("feed", "plugin"): "--feed"})
    registry = Registry.load(loaded.config.plugins.loaded)
    plan = make_plan(loaded, registry)
    lane = wire(plan, registry).lane
    messages = open_messages(plan, registry)
    owners = {
        "feed": (plan.feed.plugin, plan.feed.distribution),
        "book": (plan.book.plugin, plan.book.distribution),
    }
    with isolated():
        report = verify(
            messages, lane.feeds[0].feed, [market.book for market in lane.markets], plan.instruments, owners
        )
    return Verification(plan, report, messages.bad_lines, registry.warnings)


def verdict_json(verification: Verification) -> dict[str, Any]:
    """Returns the verdict as plain values."""
    report = verification.report
    plain: dict[str, Any] = msgspec.to_builtins(report)
    return {
        "ok": verification.ok,
        "feed": verification.plan.feed.plugin,
        "decoder": verification.plan.decoder.plugin,
        "book": verification.plan.book.plugin,
        "bad_lines": verification.bad_lines,
        "compared": report.truths.compared,
        "matched": report.truths.matched,
        **plain,
    }


def verdict_text(verification: Verification, console: Console) -> None:
    """Prints the verdict: the counts, the faults, and one closing line."""
    report, plan = verification.report, verification.plan
    console.print(
        f"{escape(', '.join(map(str, plan.source.captures)))}: {report.messages:,} messages, "
        f"feed {plan.feed.plugin}, decoder {plan.decoder.plugin}, book {plan.book.plugin}",
        soft_wrap=True,
    )
    kinds = [f"{kind} {count:,}" for kind, count in sorted(report.by_kind.items())]
    causes = [f"{cause} {count:,}" for cause, count in sorted(report.by_cause.items())]
    console.print(f"kinds: {', '.join(kinds) or 'none'}; not applied: {', '.join(causes) or 'none'}\n", soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("instrument")
    for column in ("deltas", "quotes = book", "of them ahead", "behind", "later snapshots", "crossed", "gaps"):
        table.add_column(column, justify="right")
    for one in report.instruments:
        quotes = Tally(
            one.quotes_ahead.compared + one.quotes_behind.compared, one.quotes_ahead.matched + one.quotes_behind.matched
        )
        cells = [quotes, one.quotes_ahead, one.quotes_behind, one.later_snapshots]
        table.add_row(escape(one.symbol), f"{one.deltas:,}", *map(_of, cells), f"{one.crossed:,}", _count(one.gaps))
    console.print(table)
    if report.checksums.compared:
        console.print(f"checksums = book: {_of(report.checksums)}")
    console.print()
    problems = list(report.problems)
    if verification.bad_lines:
        problems.insert(0, f"{verification.bad_lines:,} lines couldn't be read and were skipped")
    for problem in problems:
        console.print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
    truths = report.truths
    if verification.ok:
        console.print(f"[green]verified[/]: {_of(truths)} truths match the rebuilt book, no gap, never crossed")
    else:
        console.print(f"[bold red]not verified[/]: {_of(truths)} truths match the rebuilt book")


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"


def _of(tally: Tally) -> str:
    return f"{tally.matched:,} of {tally.compared:,}"
