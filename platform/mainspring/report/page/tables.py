"""The report's tables."""

from collections.abc import Sequence

from mainspring.report.figures import (
    amount,
    amount_decimals,
    bps,
    clock,
    latency,
    percent,
    round_latency,
    same_decimals,
    times_as_long,
    whole_percent,
)
from mainspring.report.findings import largest_first, slippage_difference
from mainspring.report.machine import DriftReport
from mainspring.report.model import FillMark, InstrumentReport, SessionReport, SlippageReport, StageReport
from mainspring.report.page.latency_chart import stage_class
from mainspring.report.page.markup import Child, Html, join, tag
from mainspring.report.page.table import NO_FIGURE, table
from mainspring.report.stages import budget_share, stage_label, verdict

__all__ = [
    "drift_table",
    "fills_table",
    "messages_table",
    "orders_table",
    "profit_table",
    "refusals_table",
    "slippage_table",
    "slots_table",
    "stages_table",
]

_MOST_FILLS = 500
_VERDICT_CLASSES = {"within": "good", "over": "bad", "no budget": "quiet", "idle": "quiet"}


def slots_table(report: SessionReport) -> Html:
    """Who fills each slot, and why."""
    rows = [
        (slot.slot, slot.plugin, f"{slot.distribution} {slot.version}", slot.rule, slot.because)
        for slot in report.slots
    ]
    titles = ("slot", "filled by", "from", "rule", "because")
    return table("What ran", titles, rows, words=frozenset(range(5)))


def stages_table(stages: Sequence[StageReport]) -> Html:
    """The latency of each stage against its budget, with a bar."""
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


def messages_table(report: SessionReport) -> Html:
    """What came in by kind, and what of it wasn't applied, by cause."""
    feed = report.feed
    counts = [*largest_first(feed.by_kind)]
    counts += [(f"not applied: {cause}", count) for cause, count in largest_first(feed.not_applied)]
    rows = [("all", f"{feed.messages:,}", "")]
    rows += [(name, f"{count:,}", percent(count, feed.messages)) for name, count in counts]
    rows += [
        ("gaps", f"{feed.gaps:,}", ""),
        ("resyncs", f"{feed.resyncs:,}", ""),
        ("bad lines", f"{feed.bad_lines:,}", ""),
    ]
    return table("Messages", ("kind", "messages", "share"), rows, words=frozenset({0}))


def orders_table(report: SessionReport) -> Html:
    """What became of the orders, a row for each instrument."""
    titles = ("instrument", "orders", "accepted", "cancelled", "replaced", "fills", "maker", "taker")
    rows = []
    for one in report.instruments:
        counts = (one.orders, one.accepted, one.cancelled, one.replaced, one.fills, one.maker_fills)
        rows.append((one.symbol, *[f"{count:,}" for count in counts], f"{one.fills - one.maker_fills:,}"))
    return table("Orders", titles, rows, words=frozenset({0}))


def refusals_table(report: SessionReport) -> Html:
    """Orders that weren't sent or were turned down, by reason."""
    rows = [(reason, f"{count:,}") for reason, count in largest_first(report.refusals)]
    return table("Refused orders", ("refused because of", "orders"), rows, words=frozenset({0}))


def profit_table(report: SessionReport) -> Html:
    """What was traded and what it made, a row for each instrument, with its book at the end."""
    titles = ("instrument", "bought", "sold", "position", "realised", "unrealised", "profit", "fees", "net", "in")
    rows = [_profit_row(one) for one in report.instruments]
    return table("Fills and profit", (*titles, "last bid", "last ask", "levels"), rows, words=frozenset({0, 9}))


def _profit_row(one: InstrumentReport) -> tuple[str, ...]:
    money = (one.realised, one.unrealised, one.profit, one.fees, one.net)
    decimals = amount_decimals(list(money))
    return (
        one.symbol,
        *same_decimals([one.bought, one.sold, one.position]),
        *[NO_FIGURE if text is None else amount(text, decimals) for text in money],
        one.profit_currency,
        *[NO_FIGURE if text is None else amount(text) for text in (one.book.bid, one.book.ask)],
        f"{one.book.levels:,}",
    )


def slippage_table(report: SessionReport) -> Html:
    """The estimated cost against the realised one, and what the estimate is made of."""
    lines = [(one.symbol, line) for one in report.instruments for line in one.slippage]
    causes = list(dict.fromkeys(cause for _, line in lines for cause in line.causes_bps))
    titles = (
        "instrument",
        "role",
        "fills",
        "estimated",
        "realised",
        "difference",
        *causes,
    )
    rows = [_slippage_row(symbol, line, causes) for symbol, line in lines]
    return table("Slippage", titles, rows, words=frozenset({0, 1}))


def _slippage_row(symbol: str, line: SlippageReport, causes: Sequence[str]) -> tuple[str, ...]:
    values = (line.estimated_bps, line.realised_bps, slippage_difference(line))
    parts = [line.causes_bps.get(cause) for cause in causes]
    return symbol, line.role, f"{line.fills:,}", *[NO_FIGURE if bp is None else bps(bp) for bp in (*values, *parts)]


def fills_table(marks: Sequence[FillMark]) -> Html:
    """The first 500 fills one by one."""
    titles = ("time", "side", "size", "price", "role", "strategy")
    rows = [_fill_row(mark) for mark in marks[:_MOST_FILLS]]
    shown = table("Fills", titles, rows, words=frozenset({0, 1, 4, 5}))
    if len(marks) <= _MOST_FILLS:
        return shown
    return join(tag("p", f"The first {_MOST_FILLS} of {len(marks):,}; the JSON report has them all."), shown)


def _fill_row(mark: FillMark) -> tuple[str, ...]:
    role = "maker" if mark.maker else "taker"
    return clock(mark.time_ns), mark.side, amount(mark.size), amount(mark.price), role, mark.strategy


def drift_table(drift: Sequence[DriftReport]) -> Html:
    """Each stage whose median has parted from that of the host's profile: since when, and how far."""
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
