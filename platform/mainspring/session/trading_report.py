"""Reports the results of one instrument of a lane, as frozen values."""

from fractions import Fraction

from mainspring.lane import HORIZONS_NS, CostTally, FillRecord, InstrumentTally, Lane, Market, OrderManager, cost_bps
from mainspring.model import (
    ADVERSE_SELECTION,
    SPREAD_CAPTURE,
    Instrument,
    MarkSource,
    NewOrder,
    Side,
    amount_text,
    decimal_text,
)
from mainspring.orders import Order
from mainspring.portfolio import Marks, Position, Valuation
from mainspring.report import (
    BookReport,
    FillSample,
    InstrumentReport,
    MarkoutReport,
    MidPoint,
    OpenOrderReport,
    OrderSample,
    SlippagePart,
    SlippageReport,
)
from mainspring.session.money_report import statement_fields, strategy_positions

__all__ = ["instrument_report"]

_ADVERSE_AT = 2
"""The horizon of a maker's adverse selection: 5 s. Shorter ones miss what is slow to move."""


def instrument_report(lane: Lane, market: Market, label: str, mark: MarkSource) -> InstrumentReport:
    """The results of an instrument; `label` is what the report calls it, `mark` what the config asks for."""
    instrument = market.instrument
    index = market.index
    order_manager = lane.order_manager
    portfolio = order_manager.portfolio if order_manager is not None else None
    valuation = portfolio.valuations[index] if portfolio is not None else Valuation(instrument)
    quality = order_manager.quality if order_manager is not None else None
    tally = quality.tallies[index] if quality is not None else InstrumentTally(valuation)
    statement = (
        portfolio.accounts[index].statement()
        if portfolio is not None
        else Position(valuation).statement(Marks([market], mark).mark(0))
    )
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
        mark_wanted=mark,
        strategies=strategy_positions(portfolio.strategies(index)) if portfolio is not None else [],
        **statement_fields(statement),
        book=_book(market),
        slippage=[_slippage(role, cost) for role, cost in tally.costs.items() if cost.fills],
        markouts=[
            _markout(role, cost, horizon, valuation)
            for role, cost in tally.costs.items()
            if cost.fills
            for horizon in range(len(HORIZONS_NS))
        ],
        open_orders=_open_orders(order_manager, market) if order_manager is not None else [],
        mids=[MidPoint(time_ns, _mid_price(mid, instrument)) for time_ns, mid in lane.mids[index].samples],
        fill_samples=[_fill(record, instrument) for record in quality.fills[index].samples] if quality else [],
        order_samples=[_order(*sample, instrument) for sample in quality.orders[index].samples] if quality else [],
        orders_sent=quality.orders[index].seen if quality else 0,
    )


def _book(market: Market) -> BookReport:
    tick_size = market.instrument.tick_size
    mid = market.mid_half_ticks()
    return BookReport(
        bid=decimal_text(market.bid_ticks, tick_size) if market.bid_lots else None,
        ask=decimal_text(market.ask_ticks, tick_size) if market.ask_lots else None,
        mid=None if mid is None else amount_text(Fraction(mid, 2) * Fraction(tick_size)),
        levels=len(market.book),
        live=market.live,
        crossed=market.crossed,
    )


def _slippage(role: str, cost: CostTally) -> SlippageReport:
    causes = cost.causes_bps()
    if role == "taker":
        return SlippageReport(
            role=role,
            fills=cost.fills,
            measured_fills=cost.fills,
            estimated_bps=sum(causes.values()),
            realised_bps=cost.arrival_cost_bps(),
            parts=[SlippagePart(name=name, estimated_bps=bps) for name, bps in causes.items()],
            queue_risk_bps=cost.queue_risk_bps(),
        )
    markout = cost.markouts[_ADVERSE_AT]
    moved = markout.bps()
    realised = {SPREAD_CAPTURE: cost.fill_cost_bps(), ADVERSE_SELECTION: None if moved is None else -moved}
    known = [bps for bps in realised.values() if bps is not None]
    return SlippageReport(
        role=role,
        fills=cost.fills,
        measured_fills=markout.fills,
        estimated_bps=sum(causes.values()),
        realised_bps=sum(known) if len(known) == len(realised) else None,
        parts=[
            SlippagePart(name=name, estimated_bps=causes.get(name), realised_bps=realised.get(name))
            for name in dict.fromkeys([*realised, *causes])
        ],
        queue_risk_bps=cost.queue_risk_bps(),
        horizon_s=HORIZONS_NS[_ADVERSE_AT] / 1e9,
    )


def _markout(role: str, cost: CostTally, horizon: int, valuation: Valuation) -> MarkoutReport:
    one = cost.markouts[horizon]
    return MarkoutReport(
        role=role,
        horizon_s=HORIZONS_NS[horizon] / 1e9,
        fills=one.fills,
        not_measurable=cost.fills - one.fills,
        bps=one.bps(),
        amount=amount_text(valuation.money(one.half_units)) if one.fills else None,
    )


def _open_orders(manager: OrderManager, market: Market) -> list[OpenOrderReport]:
    return [
        _open(order, manager.outbox.client_order_id(order.order.order_id), market.instrument)
        for order in manager.tracker.all_open()
        if order.order.instrument == market.index
    ]


def _open(order: Order, client_order_id: str, instrument: Instrument) -> OpenOrderReport:
    return OpenOrderReport(
        client_order_id=client_order_id,
        created_ns=order.order.created_ns,
        strategy=order.order.strategy,
        side=_side(order.order.side),
        price=_price(order.order.kind, order.price_ticks, instrument),
        size=decimal_text(order.size_lots, instrument.lot_size),
        filled=decimal_text(order.filled_lots, instrument.lot_size),
        state=str(order.state),
    )


def _fill(record: FillRecord, instrument: Instrument) -> FillSample:
    fill = record.fill
    mid, mid_after = record.mid_half_ticks, record.mid_after_half_ticks
    return FillSample(
        time_ns=fill.time_ns,
        side=_side(fill.side),
        price=decimal_text(fill.price_ticks, instrument.tick_size),
        size=decimal_text(fill.size_lots, instrument.lot_size),
        maker=fill.maker,
        strategy=record.strategy,
        mid=None if mid is None else _mid_price(mid, instrument),
        mid_after=None if mid_after is None else _mid_price(mid_after, instrument),
        estimated_bps=record.expected_bps(),
        realised_bps=_realised_bps(record),
        markouts_bps=[record.markout_bps(horizon) for horizon in range(len(HORIZONS_NS))],
    )


def _realised_bps(record: FillRecord) -> float | None:
    if not record.fill.maker:
        return cost_bps(record.fill, record.arrival.mid_half_ticks)
    moved = record.markout_bps(_ADVERSE_AT)
    if moved is None or record.mid_half_ticks is None:
        return None
    return cost_bps(record.fill, record.mid_half_ticks) - moved


def _order(sent_ns: int, order: NewOrder, replaces: bool, instrument: Instrument) -> OrderSample:
    return OrderSample(
        time_ns=sent_ns,
        side=_side(order.side),
        price=_price(order.kind, order.price_ticks, instrument),
        replaces=replaces,
    )


def _mid_price(mid_half_ticks: int, instrument: Instrument) -> float:
    return mid_half_ticks * float(instrument.tick_size) / 2


def _price(kind: str, price_ticks: int, instrument: Instrument) -> str | None:
    return decimal_text(price_ticks, instrument.tick_size) if kind == "limit" else None


def _side(side: Side) -> str:
    return "buy" if side is Side.BUY else "sell"
