"""Reports the results of one feed's part in a lane, as frozen values."""

from mainspring.host.plan import Plan
from mainspring.lane import Lane
from mainspring.report import FeedReport, OrderLogReport
from mainspring.session.results import PartResult, StageCounts
from mainspring.session.source import Messages
from mainspring.session.totals import SessionTotals
from mainspring.session.trading_report import instrument_report

__all__ = ["part_result"]


def part_result(plan: Plan, lane: Lane, messages: Messages, totals: SessionTotals, *, name: str) -> PartResult:
    """Returns the results of one feed's part in lane `name`. Two runs of the same input differ only in `stages`."""
    order_manager = lane.order_manager
    statistics = lane.feed.statistics()
    log = order_manager.trading.log if order_manager is not None else None
    return PartResult(
        feed=FeedReport(
            name=plan.name,
            plugin=plan.feed.plugin,
            source=messages.name,
            messages=totals.messages,
            bad_lines=messages.bad_lines,
            first_receive_ns=totals.first_receive_ns,
            last_receive_ns=totals.last_receive_ns,
            by_kind=dict(statistics.by_kind),
            not_applied=dict(statistics.by_cause),
            gaps=statistics.gaps,
            resyncs=statistics.resyncs,
            times_back=totals.times_back,
            first_back=totals.first_back,
            warning=messages.warning,
        ),
        instruments=[instrument_report(lane, market, plan.label(market.instrument)) for market in lane.markets],
        refusals=dict(sorted(order_manager.refusals.items())) if order_manager is not None else {},
        log=OrderLogReport(
            lane=name,
            feed=plan.name,
            records=log.records if log is not None else 0,
            bytes=log.bytes_written if log is not None else 0,
            sha256=log.sha256 if log is not None else "",
        ),
        stages={
            stage: StageCounts(*histogram.counts())
            for stage, histogram in lane.stages.histograms().items()
            if histogram.count
        },
    )
