"""Takes down what came of one feed's part in a lane, as the report's frozen values."""

from fractions import Fraction

from mainspring.host.plan import Plan
from mainspring.lane import ArrivalPrice, CostTally, InstrumentTally, Lane, Market, realised_cost_bps
from mainspring.model import Fill, Instrument, NewOrder, Side, decimal_text
from mainspring.orders import Account, amount_text
from mainspring.report import (
    BookReport,
    FeedReport,
    FillMark,
    InstrumentReport,
    MidPoint,
    OrderLogReport,
    OrderMark,
    SlippageReport,
)
from mainspring.session.results import PartResult, StageCounts
from mainspring.session.source import Messages
from mainspring.session.totals import SessionTotals

__all__ = ["part_result"]


def part_result(plan: Plan, lane: Lane, messages: Messages, totals: SessionTotals, *, name: str) -> PartResult:
    """What came of one feed's part in the lane of that name. The same for two runs of one input, `stages` aside."""
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
            warning=messages.warning,
        ),
        instruments=[_instrument(lane, market, plan.label(market.instrument)) for market in lane.markets],
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


def _instrument(lane: Lane, market: Market, label: str) -> InstrumentReport:
    instrument = market.instrument
    index = market.index
    order_manager = lane.order_manager
    tally = order_manager.tallies[index] if order_manager is not None else InstrumentTally()
    account = order_manager.trading.tracker.accounts[index] if order_manager is not None else Account(instrument)
    known = market.bid_lots and market.ask_lots
    statement = account.statement(market.bid_ticks, market.ask_ticks) if known else account.statement()
    return InstrumentReport(
        symbol=label,
        tick_size=f"{instrument.tick_size:f}",
        lot_size=f"{instrument.lot_size:f}",
        origin=instrument.origin,
        orders=tally.orders,
        accepted=tally.accepted,
        cancelled=tally.cancelled,
        replaced=tally.replaced,
        fills=tally.fills,
        maker_fills=tally.maker_fills,
        bought=amount_text(statement.bought),
        sold=amount_text(statement.sold),
        position=amount_text(statement.position),
        realised=amount_text(statement.realised),
        unrealised=_text(statement.unrealised),
        fees=amount_text(statement.fees),
        profit=_text(statement.profit),
        net=_text(statement.net),
        profit_currency=statement.currency,
        book=_book(market),
        slippage=[_slippage(role, cost) for role, cost in tally.costs.items() if cost.fills],
        mids=[
            MidPoint(time_ns, doubled * float(instrument.tick_size) / 2)
            for time_ns, doubled in lane.mids[index].samples
        ],
        marks=[_fill(*sample, instrument) for sample in order_manager.fills[index].samples] if order_manager else [],
        sent=[_order(*sample, instrument) for sample in order_manager.orders[index].samples] if order_manager else [],
        orders_sent=order_manager.orders[index].seen if order_manager else 0,
    )


def _text(amount: Fraction | None) -> str | None:
    return None if amount is None else amount_text(amount)


def _book(market: Market) -> BookReport:
    tick_size = market.instrument.tick_size
    best = market.book.bbo()
    return BookReport(
        bid=decimal_text(best.bid_ticks, tick_size) if best.bid_lots else None,
        ask=decimal_text(best.ask_ticks, tick_size) if best.ask_lots else None,
        levels=len(market.book),
        live=market.live,
        crossed=market.crossed,
    )


def _slippage(role: str, cost: CostTally) -> SlippageReport:
    return SlippageReport(
        role=role,
        fills=cost.fills,
        estimated_bps=cost.estimated_bps(),
        realised_bps=cost.realised_bps(),
        causes_bps=cost.causes_bps(),
    )


def _fill(fill: Fill, strategy: str, arrival: ArrivalPrice, instrument: Instrument) -> FillMark:
    return FillMark(
        time_ns=fill.time_ns,
        side=_side(fill.side),
        price=decimal_text(fill.price_ticks, instrument.tick_size),
        size=decimal_text(fill.size_lots, instrument.lot_size),
        maker=fill.maker,
        strategy=strategy,
        estimated_bps=arrival.estimate.bps,
        realised_bps=realised_cost_bps(fill, arrival.mid_half_ticks),
    )


def _order(sent_ns: int, order: NewOrder, replaces: bool, instrument: Instrument) -> OrderMark:
    return OrderMark(
        time_ns=sent_ns,
        side=_side(order.side),
        price=decimal_text(order.price_ticks, instrument.tick_size) if order.kind == "limit" else None,
        replaces=replaces,
    )


def _side(side: Side) -> str:
    return "buy" if side is Side.BUY else "sell"
