"""Merges the reports of lanes into the session's report."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from mainspring import __version__
from mainspring.host.plan import Choice, SessionPlan
from mainspring.lane import Trace
from mainspring.report import (
    ActionReport,
    FeedReport,
    InstrumentReport,
    LaneReport,
    LaneTiming,
    OrderLogReport,
    PacePoint,
    SessionReport,
    SlotReport,
    StageReport,
    ThreadReport,
    TimingReport,
    stage_report,
)
from mainspring.session.currency_totals import converted_total, currency_totals
from mainspring.session.host_facts import host_facts
from mainspring.session.races import race_reports
from mainspring.session.results import LaneOutcome, LaneResult, PartResult
from mainspring.telemetry import Budget, Histogram

__all__ = ["merge", "slot_report"]

_MOST_PACE = 2_000
_UNKNOWN, _IGNORED = "unknown-symbol", "ignored"


def merge(
    session: SessionPlan,
    outcomes: Sequence[LaneOutcome],
    *,
    actions: Sequence[ActionReport] = (),
    threads: Sequence[ThreadReport] = (),
) -> SessionReport:
    """Returns the report of a session whose lanes, in the order of the plan, have ended.

    `actions` and `threads` are those of the supervising process. Two runs of the same input differ only in `timing`,
    unless a lane failed.
    """
    plan = session.first
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    parts = [part for result in results for part in result.parts]
    feeds = [_feed([part.feed for part in parts if part.feed.name == one.name], one.name) for one in session.feeds]
    logs = [result.log for result in results]
    messages = sum(feed.messages for feed in feeds)
    wall_seconds = max((result.wall_seconds for result in results), default=0.0)
    several = len(session.lanes) > 1
    instruments = _instruments(session, parts)
    totals = currency_totals(instruments)
    return SessionReport(
        mainspring=__version__,
        config=plan.origin,
        mode=plan.mode,
        seed=plan.seed,
        slots=[slot_report(choice) for choice in session.choices()],
        feed=_all_feeds(session, feeds),
        feeds=feeds if len(feeds) > 1 else [],
        instruments=instruments,
        totals=totals,
        converted=converted_total(totals, plan.portfolio),
        refusals=_summed(result.refusals for result in results),
        discrepancies=_summed(result.discrepancies for result in results),
        order_log_records=sum(log.records for log in logs),
        order_log_bytes=sum(log.bytes for log in logs),
        order_log_sha256=_digest(logs),
        order_logs=logs if len(logs) > 1 else [],
        journal_sessions=[log.journal_session for log in logs if log.journal_session is not None],
        recovered=[result.recovered for result in results if result.recovered is not None],
        differences=[one for result in results for one in result.differences],
        stopped_early=_stopped(outcomes),
        failure=None if several else next((result.failure for result in results), None),
        lanes=[_lane(session, at, outcome) for at, outcome in enumerate(outcomes)] if several else [],
        timing=TimingReport(
            wall_seconds=wall_seconds,
            messages_per_second=messages / wall_seconds if wall_seconds else 0.0,
            stages=_stages(results, plan.budget),
            peak_rss_bytes=sum(result.peak_rss_bytes for result in results),
            host=host_facts(),
            pace=_pace([result.pace for result in results]),
            threads=[*(thread for outcome in outcomes for thread in outcome.threads), *threads],
            lanes=[_lane_timing(outcome) for outcome in outcomes] if several else [],
            drift=[one for result in results for one in result.drift],
            profiles=[words for found, words in session.describe_profile() if found.freshness != "none"],
            races=race_reports(session),
            live=next((result.live for result in results if result.live is not None), None),
            actions=[*(action for outcome in outcomes for action in outcome.actions), *actions],
        ),
    )


def slot_report(choice: Choice) -> SlotReport:
    """Returns the choice of a slot as a report has it."""
    return SlotReport(
        slot=choice.slot,
        plugin=choice.plugin,
        distribution=choice.distribution,
        version=choice.version,
        rule=choice.rule,
        because=choice.because,
    )


def _feed(readings: Sequence[FeedReport], name: str) -> FeedReport:
    """Merges one feed as read by all lanes: each has read all of its messages and traded some instruments."""
    if len(readings) == 1:
        return readings[0]
    if not readings:
        return FeedReport(
            name=name,
            plugin="",
            source="",
            messages=0,
            bad_lines=0,
            first_receive_ns=0,
            last_receive_ns=0,
            by_kind={},
            not_applied={},
            gaps=0,
            resyncs=0,
        )
    not_applied = _summed(one.not_applied for one in readings)
    if _IGNORED in not_applied:
        not_applied[_IGNORED] = max(one.not_applied.get(_IGNORED, 0) for one in readings)
    if _UNKNOWN in not_applied:
        # Each lane also counts the messages of the others' instruments; those known to any lane are subtracted.
        known = sum(one.messages - one.not_applied.get(_UNKNOWN, 0) for one in readings)
        ignored = not_applied.get(_IGNORED, 0)
        whole = max(one.messages for one in readings) - ignored
        not_applied[_UNKNOWN] = max(whole - (known - len(readings) * ignored), 0)
    return msgspec.structs.replace(
        readings[0],
        messages=max(one.messages for one in readings),
        bad_lines=max(one.bad_lines for one in readings),
        first_receive_ns=_first(readings),
        last_receive_ns=max(one.last_receive_ns for one in readings),
        by_kind=_largest(one.by_kind for one in readings),
        not_applied={cause: count for cause, count in not_applied.items() if count},
        gaps=sum(one.gaps for one in readings),
        resyncs=sum(one.resyncs for one in readings),
        times_back=max(one.times_back for one in readings),
        first_back=next((one.first_back for one in readings if one.first_back), None),
        warning=next((one.warning for one in readings if one.warning), None),
    )


def _all_feeds(session: SessionPlan, feeds: Sequence[FeedReport]) -> FeedReport:
    if len(feeds) == 1:
        return feeds[0]
    warnings = [f"{feed.name}: {feed.warning}" for feed in feeds if feed.warning]
    return FeedReport(
        plugin=", ".join(dict.fromkeys(plan.feed.plugin for plan in session.feeds)),
        source=", ".join(f"{plan.name}: {plan.source.name}" for plan in session.feeds),
        messages=sum(feed.messages for feed in feeds),
        bad_lines=sum(feed.bad_lines for feed in feeds),
        first_receive_ns=_first(feeds),
        last_receive_ns=max(feed.last_receive_ns for feed in feeds),
        by_kind=_summed(feed.by_kind for feed in feeds),
        not_applied=_summed(feed.not_applied for feed in feeds),
        gaps=sum(feed.gaps for feed in feeds),
        resyncs=sum(feed.resyncs for feed in feeds),
        times_back=sum(feed.times_back for feed in feeds),
        first_back=next((feed.first_back for feed in feeds if feed.first_back), None),
        warning="; ".join(warnings) or None,
    )


def _first(feeds: Iterable[FeedReport]) -> int:
    return min((feed.first_receive_ns for feed in feeds if feed.first_receive_ns), default=0)


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))


def _largest(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    largest: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            largest[name] = max(largest.get(name, 0), count)
    return largest


def _instruments(session: SessionPlan, parts: Sequence[PartResult]) -> list[InstrumentReport]:
    """Returns the instruments in the order of the config, whichever lane traded them, without those of failed lanes."""
    found = {one.symbol: one for part in parts for one in part.instruments}
    labels = [feed.label(instrument) for feed in session.feeds for instrument in feed.instruments]
    return [found[label] for label in labels if label in found]


def _digest(logs: Sequence[OrderLogReport]) -> str:
    if len(logs) == 1:
        return logs[0].sha256
    if not any(log.sha256 for log in logs):
        return ""
    return hashlib.sha256("".join(f"{log.sha256}\n" for log in logs).encode()).hexdigest()


def _stopped(outcomes: Sequence[LaneOutcome]) -> str | None:
    stopped = {
        outcome.name: outcome.result.stopped_early
        for outcome in outcomes
        if outcome.result is not None and outcome.result.stopped_early is not None
    }
    reasons = set(stopped.values())
    if not reasons:
        return None
    ended = [outcome for outcome in outcomes if outcome.result is not None]
    if len(reasons) == 1 and len(stopped) == len(ended):
        return reasons.pop()
    return "; ".join(f"lane {name}: {reason}" for name, reason in stopped.items())


def _lane(session: SessionPlan, at: int, outcome: LaneOutcome) -> LaneReport:
    result = outcome.result
    failure = outcome.failure if result is None else result.failure or outcome.failure
    failed = result is None or result.failure is not None
    ended = "failed" if failed else "finished" if result is None or result.stopped_early is None else "stopped"
    return LaneReport(
        name=outcome.name,
        instruments=list(session.lanes[at].instruments),
        ended=ended,
        messages=outcome.messages,
        failure=failure,
        has_figures=result is not None,
    )


def _lane_timing(outcome: LaneOutcome) -> LaneTiming:
    result = outcome.result
    wall_seconds = 0.0 if result is None else result.wall_seconds
    return LaneTiming(
        name=outcome.name,
        process=outcome.process,
        wall_seconds=wall_seconds,
        messages_per_second=outcome.messages / wall_seconds if wall_seconds else 0.0,
        peak_rss_bytes=0 if result is None else result.peak_rss_bytes,
    )


def _stages(results: Sequence[LaneResult], budget: Budget) -> list[StageReport]:
    histograms: dict[str, Histogram] = {}
    for result in results:
        for stage, counts in result.stages.items():
            histograms.setdefault(stage, Histogram()).add(counts.buckets, counts.total, counts.largest)
    return [stage_report(stage, one, budget.of(*stage.split("+"))) for stage, one in histograms.items()]


def _pace(lanes: Sequence[Sequence[PacePoint]]) -> list[PacePoint]:
    """Merges the lanes' progress: at each of their samples, what all had done by then."""
    if len(lanes) == 1:
        return list(lanes[0])
    by_time: Callable[[tuple[int, PacePoint]], int] = lambda sample: sample[1].wall_ns  # noqa: E731
    done = [PacePoint(0, 0, 0) for _ in lanes]
    trace: Trace[PacePoint] = Trace(_MOST_PACE)
    last = None
    for lane, point in sorted(((lane, point) for lane, points in enumerate(lanes) for point in points), key=by_time):
        done[lane] = point
        last = PacePoint(point.wall_ns, sum(one.messages for one in done), max(one.receive_ns for one in done))
        trace.add(last)
    kept = list(trace.samples)
    if last is not None and kept[-1] is not last:
        kept.append(last)
    return kept
