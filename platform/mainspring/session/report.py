"""Reports the results of one feed's part in a lane, as frozen values."""

from collections.abc import Sequence

from mainspring.host.plan import LanePlan, Plan
from mainspring.lane import Lane
from mainspring.orders import OrderLog
from mainspring.recovery import Difference
from mainspring.report import DifferenceReport, FeedReport, OrderLogReport
from mainspring.session.replay import ReplayFeed
from mainspring.session.results import PartResult, StageCounts
from mainspring.session.trading_report import instrument_report

__all__ = ["difference_reports", "log_report", "part_results", "stage_counts"]


def part_results(lane: Lane, feeds: Sequence[ReplayFeed]) -> list[PartResult]:
    """Returns the results of each feed of a lane. Two runs of the same input give the same."""
    return [_part_result(feed.plan, lane, feed) for feed in feeds]


def _part_result(plan: Plan, lane: Lane, feed: ReplayFeed) -> PartResult:
    handler, source, totals = lane.feeds[feed.index], feed.source, feed.totals
    statistics = handler.statistics()
    return PartResult(
        feed=FeedReport(
            name=plan.name,
            plugin=plan.feed.plugin,
            source=source.name,
            messages=totals.messages,
            bad_lines=source.bad_lines,
            first_receive_ns=totals.first_receive_ns,
            last_receive_ns=totals.last_receive_ns,
            by_kind=dict(statistics.by_kind),
            not_applied=dict(statistics.by_cause),
            gaps=statistics.gaps,
            resyncs=statistics.resyncs,
            times_back=totals.times_back,
            first_back=totals.first_back,
            warning=source.warning,
        ),
        instruments=[
            instrument_report(lane, market, plan.label(market.instrument), plan.portfolio.mark)
            for market in handler.own
        ],
    )


def difference_reports(plan: LanePlan, differences: Sequence[Difference]) -> list[DifferenceReport]:
    """Returns what reconciliation found in a lane of that plan."""
    names = plan.instruments
    return [
        DifferenceReport(
            time_ns=one.time_ns,
            instrument=names[one.instrument],
            order_id=one.order_id,
            what=one.what,
            detail=one.detail,
            explanation=one.explanation,
        )
        for one in differences
    ]


def log_report(name: str, log: OrderLog | None) -> OrderLogReport:
    """Returns what lane `name` has logged."""
    return OrderLogReport(
        lane=name,
        records=log.records if log is not None else 0,
        bytes=log.bytes_written if log is not None else 0,
        sha256=log.sha256 if log is not None else "",
    )


def stage_counts(lane: Lane) -> dict[str, StageCounts]:
    """Returns the latencies of a lane's stages, of those that were run."""
    return {
        stage: StageCounts(*histogram.counts())
        for stage, histogram in lane.stages.histograms().items()
        if histogram.count
    }
