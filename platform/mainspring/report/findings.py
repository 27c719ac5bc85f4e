"""Sentences about a session: what makes its figures doubtful, its result, and what to do next."""

from collections import Counter

from mainspring.report.figures import amount, amount_decimals, clock, count_of, duration, is_positive, memory
from mainspring.report.machine import ActionReport
from mainspring.report.model import FeedReport, LaneReport, SessionReport
from mainspring.report.stages import stage_label, verdict
from mainspring.report.trading import InstrumentReport, OpenOrderReport, SlippagePart, SlippageReport

__all__ = [
    "advice",
    "describe_drift",
    "difference",
    "format_budget",
    "format_closing",
    "format_net",
    "format_total_net",
    "largest_first",
    "listed_open_orders",
    "main_origin",
    "market_seconds",
    "markout_horizons",
    "open_orders_heading",
    "slippage_notes",
    "small_print",
    "warnings",
]

_MARKS = {"mid": "mid price", "last": "last trade", "venue": "mark price of the venue"}
_MOST_OPEN = 20
_RACED = ("decoder", "book", "codec (json)", "codec (binary)", "chunk", "gc")


def warnings(report: SessionReport) -> list[str]:
    """Returns one sentence per reason to doubt the figures, the gravest first; empty if there is none."""
    found = [sentence for lane in report.lanes for sentence in _lane_warnings(lane)]
    if report.failure is not None:
        found.append(f"An error ended the session early (exit code 2): {_sentence(report.failure)} {_until(report)}")
    feed = report.feed
    if not feed.messages:
        found.append("No message came in.")
    if report.stopped_early is not None:
        found.append(f"The session stopped before its input ended: {report.stopped_early}")
    if feed.bad_lines:
        were = "was" if feed.bad_lines == 1 else "were"
        found.append(f"{count_of(feed.bad_lines, 'line')} of the input couldn't be read and {were} left out.")
    if feed.warning is not None:
        found.append(f"{feed.warning[0].upper()}{feed.warning[1:]}.")
    if "limit-not-set" in report.refusals:
        found.append("[risk] leaves a required limit unset, so no order could go out; `mainspring explain` names it.")
    found += _venue_warnings(report)
    if feed.times_back:
        found.append(_clock_warning(feed))
    if feed.gaps:
        fixed = (
            f"until each was resynchronised ({count_of(feed.resyncs, 'resync')})" if feed.resyncs else "from then on"
        )
        found.append(f"{count_of(feed.gaps, 'gap')} in the feed: the book was in quarantine {fixed}.")
    if report.converted is not None and report.converted.missing:
        lacking = ", ".join(report.converted.missing)
        found.append(f"No total in {report.converted.currency}: [portfolio.rates] has no rate for {lacking}.")
    for instrument in report.instruments:
        found += _instrument_warnings(instrument)
    found += [_act_warning(action) for action in report.timing.actions if action.outcome != "applied"]
    return found


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _until(report: SessionReport) -> str:
    """Says how far the figures go, and what was left at the venue."""
    left = sum(len(one.open_orders) for one in report.instruments)
    orders = f"{count_of(left, 'order')} {'was' if left == 1 else 'were'} still open or in flight" if left else ""
    until = f"All figures are of the {count_of(report.feed.messages, 'message')} until then"
    return f"{until}; {orders}." if orders else f"{until}, and no order was left open."


def _clock_warning(feed: FeedReport) -> str:
    step = feed.first_back
    times = f"Receive times went back {count_of(feed.times_back, 'time')}"
    if step is None:
        return f"{times}: ages, delays and timers around there can't be trusted."
    return (
        f"{times}, first at message {step.message:,}: from {clock(step.from_ns)} to {clock(step.to_ns)}, by "
        f"{duration((step.from_ns - step.to_ns) / 1e9)}. Until they pass the earlier time again the paper venue and "
        "all timers stand still: orders sent meanwhile don't arrive, fill or end. Sort the capture by receive time, or "
        "run what follows the step as a capture of its own."
    )


def _lane_warnings(lane: LaneReport) -> list[str]:
    if lane.failure is None:
        return []
    if lane.ended != "failed":
        return [f"Lane {lane.name}: {lane.failure}. Its figures are whole."]
    if lane.has_figures:
        return [f"Lane {lane.name} failed: {_sentence(lane.failure)} Its figures are of what it had run by then."]
    lost = (
        f"Nothing of {', '.join(lane.instruments)} is in this report; orders that a venue had taken may still be open"
    )
    return [f"Lane {lane.name} failed: {lane.failure}. {lost}."]


def _act_warning(action: ActionReport) -> str:
    needs = f"; it needs {action.needs}" if action.needs else ""
    what = f"{action.name} of {action.subject}"
    if action.undone:
        return f"{action.whose}: {what} was not put back wholly ({action.outcome}): {action.reason}{needs}."
    return f"{action.whose} isn't held as [hardware] wants: {what} {action.outcome}: {action.reason}{needs}."


def _instrument_warnings(instrument: InstrumentReport) -> list[str]:
    found = []
    if not instrument.book.live:
        found.append(f"{instrument.symbol}: the book was in quarantine at the end; its last prices can't be trusted.")
    if instrument.book.crossed:
        found.append(
            f"{instrument.symbol}: the book was seen crossed {count_of(instrument.book.crossed, 'time')} "
            "(a bid at or above an offer)."
        )
    if instrument.net is None:
        found.append(f"{instrument.symbol}: a position is open and no price to mark it is known, so profit is unknown.")
    elif instrument.position != "0" and instrument.mark_source not in ("", instrument.mark_wanted):
        wanted, taken = (_MARKS.get(name, name) for name in (instrument.mark_wanted, instrument.mark_source))
        found.append(f"{instrument.symbol}: no {wanted} is known, so the position is marked at the {taken}.")
    return found


def market_seconds(report: SessionReport) -> float:
    """Returns how long the input lasted, from its first receive time to its last."""
    return (report.feed.last_receive_ns - report.feed.first_receive_ns) / 1e9


def format_net(instrument: InstrumentReport) -> str:
    """Formats the profit after fees with its currency: "+12.3456 USDT"."""
    return _money(instrument.net, instrument.profit_currency)


def format_total_net(report: SessionReport) -> str:
    """Formats the profit after fees, one amount per currency: "+0.0123 BTC, -4.5600 USDT"; empty without any."""
    return ", ".join(_money(total.net, total.currency) for total in report.totals)


def _money(text: str | None, currency: str) -> str:
    if text is None:
        return f"unknown {currency}"
    return f"{'+' if is_positive(text) else ''}{amount(text, amount_decimals([text]))} {currency}"


def difference(part: SlippagePart | SlippageReport) -> float | None:
    """Returns by how many basis points the realised cost exceeded the estimate; None if either isn't known."""
    if part.realised_bps is None or part.estimated_bps is None:
        return None
    return part.realised_bps - part.estimated_bps


def listed_open_orders(report: SessionReport) -> list[tuple[InstrumentReport, OpenOrderReport]]:
    """Returns the orders that hadn't ended, each with its instrument, oldest first; if more than 20, the newest."""
    found = [(one, order) for one in report.instruments for order in one.open_orders]
    return sorted(found, key=lambda pair: pair[1].created_ns)[-_MOST_OPEN:]


def open_orders_heading(report: SessionReport) -> str:
    """Says how many orders hadn't ended, and how many of them are listed."""
    total = sum(len(one.open_orders) for one in report.instruments)
    heading = f"{count_of(total, 'order')} still open or in flight at the end"
    return f"{heading}; the newest {_MOST_OPEN}" if total > _MOST_OPEN else heading


def markout_horizons(report: SessionReport) -> list[float]:
    """Returns the horizons of the report's markouts, in seconds; empty if nothing was filled."""
    return list(dict.fromkeys(line.horizon_s for one in report.instruments for line in one.markouts))


def slippage_notes(report: SessionReport) -> list[str]:
    """Explains the slippage table: how adverse selection is measured, and over which fills."""
    makers = [line for one in report.instruments for line in one.slippage if line.horizon_s is not None]
    if not makers:
        return []
    fills, measured = sum(line.fills for line in makers), sum(line.measured_fills for line in makers)
    seconds = ", ".join(dict.fromkeys(f"{line.horizon_s:g} s" for line in makers))
    notes = [f"adverse selection is the mid's move against the fill within {seconds}: {measured:,} of {fills:,} fills"]
    if any(line.queue_risk_bps is not None for line in makers):
        notes.append("queue risk is the estimate for orders that don't fill, so no fill shows it")
    return notes


def format_closing(report: SessionReport) -> str:
    """Formats the closing line: messages, speed, whether the budgets were kept, and the net profit."""
    timing = report.timing
    parts = [f"{count_of(report.feed.messages, 'message')} ({duration(market_seconds(report))} of market time)"]
    if timing.wall_seconds:
        parts[0] += f" in {duration(timing.wall_seconds)}, {timing.messages_per_second:,.0f} a second"
    parts.append(format_budget(report))
    if net := format_total_net(report):
        parts.append(f"net {net}")
    return "; ".join(part for part in parts if part) + "."


def format_budget(report: SessionReport) -> str:
    """Says whether the stages kept their budgets, naming those that didn't; empty if none was assessed."""
    verdicts = [(stage, verdict(stage)) for stage in report.timing.stages]
    over = [stage_label(stage) for stage, word in verdicts if word == "over"]
    assessed = len(over) + sum(word == "within" for _, word in verdicts)
    if over:
        return f"over budget: {', '.join(over)}"
    return "every budget kept" if assessed else ""


def _venue_warnings(report: SessionReport) -> list[str]:
    """What the venue said that isn't what was known."""
    found = []
    if report.discrepancies:
        found.append(
            f"{count_of(sum(report.discrepancies.values()), 'report')} of a venue contradicted what was known of an "
            "order; new orders were stopped in that instrument. The order log has each of them."
        )
    if unexplained := sum(1 for one in report.differences if not one.explanation):
        found.append(
            f"Reconciliation left {count_of(unexplained, 'difference')} with the venue that no missed execution "
            "explains: no new order goes out in those instruments until `mainspring orders resolve` says what became "
            "of them."
        )
    return found


def small_print(report: SessionReport) -> list[str]:
    """Returns the order log with its whole digest, for comparing runs, and the machine that was measured."""
    log = f"order log: {report.order_log_records:,} records, {report.order_log_bytes:,} bytes, sha256"
    lines = [log, report.order_log_sha256]
    if report.order_logs:
        lines[0] = f"{len(report.order_logs)} order logs: {log.removeprefix('order log: ')} over their digests"
    if numbers := report.journal_sessions:
        lines.append(f"in the journal: session{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}")
    lines += [
        f"recovered: session {', '.join(map(str, one.sessions))} with {one.records:,} records, up to message "
        f"{', '.join(f'{messages:,}' for messages in one.messages)}; {count_of(one.open_orders, 'order')} open then"
        for one in report.recovered
    ]
    if report.timing.host:
        lines.append(", ".join(f"{name}: {value}" for name, value in report.timing.host.items()))
    if report.timing.peak_rss_bytes:
        lines.append(f"memory at its peak: {memory(report.timing.peak_rss_bytes)}")
    return lines


def advice(report: SessionReport) -> list[str]:
    """Returns what to do next, one sentence each; empty if this host has been tuned for the session."""
    untuned = [slot.slot for slot in report.slots if slot.slot in _RACED and slot.rule == "default"]
    if not untuned or report.timing.profiles:
        return []
    kinds = [slot.partition(" ")[0] for slot in untuned]
    *names, last = dict.fromkeys(f"{kind}s" if kinds.count(kind) > 1 else kind for kind in kinds)
    listed = f"{', '.join(names)} and {last}" if names else last
    return [f"`mainspring tune` would pick the fastest {listed}."]


def describe_drift(report: SessionReport) -> str:
    """Says what follows from detected drift; empty if there was none."""
    drift = report.timing.drift
    if not drift:
        return ""
    have = "has" if len(drift) == 1 else "have"
    return f"{count_of(len(drift), 'stage')} {have} parted from this host's profile; `mainspring tune` measures again"


def main_origin(report: SessionReport) -> tuple[str, bool]:
    """Returns the distribution and version of most slots' plugins, and whether all are of it; empty without slots."""
    origins = Counter(f"{slot.distribution} {slot.version}" for slot in report.slots)
    return (origins.most_common(1)[0][0], len(origins) == 1) if origins else ("", True)


def largest_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Sorts counts by name, the largest first, equal ones by name."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
