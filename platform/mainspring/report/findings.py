"""What a reader has to know before the figures, and the one sentence that he takes away."""

from decimal import Decimal

from mainspring.report.figures import amount, amount_decimals, count_of, duration, is_positive, memory
from mainspring.report.machine import ActionReport
from mainspring.report.model import InstrumentReport, LaneReport, SessionReport, SlippageReport
from mainspring.report.stages import stage_label, verdict

__all__ = [
    "common_origin",
    "describe_drift",
    "format_budget",
    "format_closing",
    "format_net",
    "format_total_net",
    "largest_first",
    "market_seconds",
    "slippage_difference",
    "small_print",
    "warnings",
]


def warnings(report: SessionReport) -> list[str]:
    """One sentence for each thing that puts the figures in doubt, the gravest first. Empty where nothing does."""
    found = [sentence for lane in report.lanes for sentence in _lane_warnings(lane)]
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
    if feed.times_back:
        found.append(
            f"Receive times went back {count_of(feed.times_back, 'time')}: ages, delays and timers around there, and "
            "what follows from them, can't be trusted."
        )
    if feed.gaps:
        fixed = (
            f"until each was resynchronised ({count_of(feed.resyncs, 'resync')})" if feed.resyncs else "from then on"
        )
        found.append(f"{count_of(feed.gaps, 'gap')} in the feed: the book was in quarantine {fixed}.")
    for instrument in report.instruments:
        found += _instrument_warnings(instrument)
    found += [_act_warning(action) for action in report.timing.actions if action.outcome != "applied"]
    return found


def _lane_warnings(lane: LaneReport) -> list[str]:
    if lane.failure is None:
        return []
    if lane.ended != "failed":
        return [f"Lane {lane.name}: {lane.failure}. Its figures are whole."]
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
        found.append(f"{instrument.symbol}: a position is open and no mid price is known, so profit can't be told.")
    return found


def market_seconds(report: SessionReport) -> float:
    """How long the input lasted, from its first receive time to its last."""
    return (report.feed.last_receive_ns - report.feed.first_receive_ns) / 1e9


def format_net(instrument: InstrumentReport) -> str:
    """The profit after fees with its currency: "+12.3456 USDT"."""
    return _money(instrument.net, instrument.profit_currency)


def format_total_net(report: SessionReport) -> str:
    """The profit after fees over all instruments; empty where they have no one currency to add up in."""
    currencies = {instrument.profit_currency for instrument in report.instruments}
    if len(currencies) != 1:
        return ""
    if len(report.instruments) == 1:
        return format_net(report.instruments[0])
    nets = [Decimal(instrument.net) for instrument in report.instruments if instrument.net is not None]
    total = None if len(nets) < len(report.instruments) else f"{sum(nets):f}"
    return _money(total, currencies.pop())


def _money(text: str | None, currency: str) -> str:
    if text is None:
        return "unknown"
    return f"{'+' if is_positive(text) else ''}{amount(text, amount_decimals([text]))} {currency}"


def slippage_difference(line: SlippageReport) -> float | None:
    """By how many basis points the realised cost was above the estimated one; None where either isn't known."""
    if line.realised_bps is None or line.estimated_bps is None:
        return None
    return line.realised_bps - line.estimated_bps


def format_closing(report: SessionReport) -> str:
    """How much was done, how fast, whether within the budgets, and what came of it."""
    timing = report.timing
    parts = [f"{count_of(report.feed.messages, 'message')} ({duration(market_seconds(report))} of market time)"]
    if timing.wall_seconds:
        parts[0] += f" in {duration(timing.wall_seconds)}, {timing.messages_per_second:,.0f} a second"
    parts.append(format_budget(report))
    if net := format_total_net(report):
        parts.append(f"net {net}")
    return "; ".join(part for part in parts if part) + "."


def format_budget(report: SessionReport) -> str:
    """Whether the stages kept their budgets, naming those that didn't; empty where none was assessed."""
    verdicts = [(stage, verdict(stage)) for stage in report.timing.stages]
    over = [stage_label(stage) for stage, word in verdicts if word == "over"]
    assessed = len(over) + sum(word == "within" for _, word in verdicts)
    if over:
        return f"over budget: {', '.join(over)}"
    return "every budget kept" if assessed else ""


def small_print(report: SessionReport) -> list[str]:
    """The order log with its whole digest, to compare runs by; and the machine that the times are from."""
    log = f"order log: {report.order_log_records:,} records, {report.order_log_bytes:,} bytes, sha256"
    lines = [log, report.order_log_sha256]
    if report.order_logs:
        lines[0] = f"{len(report.order_logs)} order logs: {log.removeprefix('order log: ')} over their digests"
    if report.timing.host:
        lines.append(", ".join(f"{name}: {value}" for name, value in report.timing.host.items()))
    if report.timing.peak_rss_bytes:
        lines.append(f"memory at its peak: {memory(report.timing.peak_rss_bytes)}")
    return lines


def describe_drift(report: SessionReport) -> str:
    """What follows from the drift that was found; empty where there was none."""
    drift = report.timing.drift
    if not drift:
        return ""
    have = "has" if len(drift) == 1 else "have"
    return f"{count_of(len(drift), 'stage')} {have} parted from this host's profile; `mainspring tune` measures again"


def common_origin(report: SessionReport) -> str:
    """The distribution and version that every slot is filled from; empty where there are several, or no slots."""
    origins = {f"{slot.distribution} {slot.version}" for slot in report.slots}
    return origins.pop() if len(origins) == 1 else ""


def largest_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Counts by name, the largest first, equal ones by name."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
