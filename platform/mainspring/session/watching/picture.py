"""Makes of a lane's state what people and other programs read: prices and sizes as text, figures against limits."""

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import msgspec

from mainspring.model import LogRecord, amount_text, decimal_text
from mainspring.orders import RequestRefused, SubmitRequested
from mainspring.report import LiveReport, SlotReport
from mainspring.session.control import FlagStatus, Status, SwapStatus
from mainspring.session.watching.follower import LaneView
from mainspring.session.watching.state import ShownInstrument

__all__ = [
    "InstrumentPicture",
    "LanePicture",
    "LimitPicture",
    "MoneyPicture",
    "OrderPicture",
    "StagePicture",
    "picture",
]

_SILENT_NS: Final = 3_000_000_000


class InstrumentPicture(msgspec.Struct, frozen=True, kw_only=True):
    """An instrument's prices, and its ladder from the best price on: each level a price and a size."""

    name: str
    bid: str | None
    ask: str | None
    last: str | None
    state: str
    crossed: int
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []


class MoneyPicture(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy, or all if it is empty, holds and has made in an instrument; None where it isn't known."""

    strategy: str
    instrument: str
    currency: str
    position: str | None
    average_entry: str | None
    realised: str | None
    unrealised: str | None
    fees: str | None
    funding: str | None
    net: str | None
    exposure: str | None


class OrderPicture(msgspec.Struct, frozen=True, kw_only=True):
    """An open order."""

    order_id: int
    instrument: str
    strategy: str
    side: str
    price: str
    size: str
    filled: str
    state: str


class StagePicture(msgspec.Struct, frozen=True, kw_only=True):
    """A stage's latencies in seconds: its 99th percentile lately and since the session began, against its budget."""

    stage: str
    count: int
    sum_s: float
    p50_s: float
    p99_s: float
    max_s: float
    recent_count: int
    recent_p99_s: float
    budget_s: float | None
    over_budget: bool


class LimitPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A risk check's values, and how much of its limit is used: a share from 0 on, None where that isn't counted."""

    check: str
    instrument: str
    values: dict[str, Any]
    used: float | None = None


class LanePicture(msgspec.Struct, frozen=True, kw_only=True):
    """A lane as it was last seen.

    `state` is "running", "silent" (its process lives, and shows nothing), "starting" or "ended". `age_s` is how old the
    picture is. `equity` is the profit after fees and funding by currency, and `events` the latest records as text.
    """

    lane: str
    process: int
    state: str
    mode: str
    trading: str
    started_at: str
    seed: int
    sources: list[str]
    cpus: list[int]
    age_s: float | None
    shown_ns: int
    now_ns: int
    messages: int
    fraction: float | None
    instruments: list[InstrumentPicture]
    money: list[MoneyPicture]
    equity: dict[str, str | None]
    orders: list[OrderPicture]
    more_orders: int
    stages: list[StagePicture]
    limits: list[LimitPicture]
    refusals: dict[str, int]
    discrepancies: dict[str, int]
    gaps: dict[str, int]
    connections: LiveReport | None
    kills: list[str]
    flags: list[FlagStatus]
    swaps: list[SwapStatus]
    slots: list[SlotReport]
    events: list[tuple[int, int, str, str]]
    lost_events: int
    problem: str


def picture(view: LaneView, status: Status | None, *, events: int = 50) -> LanePicture:
    """Returns a lane's picture. `status` is what it says in its control folder, `events` how many records to tell."""
    about, state = view.about, view.state
    age_ns = None if state is None else max(time.time_ns() - state.shown_ns, 0)
    money = list(_money(view))
    shown = "ended" if view.ended else "starting" if age_ns is None else "silent" if age_ns > _SILENT_NS else "running"
    return LanePicture(
        lane=about.lane,
        process=about.process,
        state=shown,
        mode=about.mode,
        trading="" if state is None else state.mode,
        started_at=about.started_at,
        seed=about.seed,
        sources=about.sources,
        cpus=about.cpus,
        age_s=None if age_ns is None else age_ns / 1e9,
        shown_ns=0 if state is None else state.shown_ns,
        now_ns=0 if state is None else state.now_ns,
        messages=0 if state is None else state.messages,
        fraction=None if state is None else state.fraction,
        instruments=[_instrument(view, place) for place in range(len(about.instruments))],
        money=money,
        equity=_equity(money),
        orders=list(_orders(view)),
        more_orders=0 if state is None else state.more_orders,
        stages=[_stage(view, name) for name in view.stages],
        limits=[_limit(view, *one) for one in view.limits],
        refusals={} if state is None else state.refusals,
        discrepancies={} if state is None else state.discrepancies,
        gaps=view.gaps,
        connections=view.connections,
        kills=[] if state is None else state.kills,
        flags=[] if status is None else status.flags,
        swaps=[] if status is None else status.swaps,
        slots=about.slots,
        events=[
            (one.number, one.record.time_ns if hasattr(one.record, "time_ns") else 0, *_tell(view, one.record))
            for one in list(view.records)[-events:]
        ],
        lost_events=view.lost,
        problem="" if state is None else state.problem,
    )


def _instrument(view: LaneView, place: int) -> InstrumentPicture:
    about, state = view.about.instruments[place], view.state
    bids, asks = view.ladders.get(place, ((), ()))
    if state is None:
        return InstrumentPicture(name=about.name, bid=None, ask=None, last=None, state="unknown", crossed=0)
    market = state.markets[place]
    down = "no connection" if not market.connected else "halted" if market.halted else "no book to trust"
    return InstrumentPicture(
        name=about.name,
        bid=_price(about, market.bid_ticks) if market.bid_lots else None,
        ask=_price(about, market.ask_ticks) if market.ask_lots else None,
        last=_price(about, market.last_ticks) if market.last_ticks else None,
        state="live" if market.live else down,
        crossed=market.crossed,
        bids=[(_price(about, ticks), _size(about, lots)) for ticks, lots in bids],
        asks=[(_price(about, ticks), _size(about, lots)) for ticks, lots in asks],
    )


def _money(view: LaneView) -> Iterator[MoneyPicture]:
    for place, accounts in sorted(view.accounts.items()):
        about = view.about.instruments[place]
        for strategy, one in sorted(accounts.items()):
            yield MoneyPicture(
                strategy=strategy, instrument=about.name, currency=about.currency, **msgspec.structs.asdict(one)
            )


def _equity(money: Sequence[MoneyPicture]) -> dict[str, str | None]:
    """The net of all instruments by currency; None where a position can't be valued."""
    sums: dict[str, Fraction | None] = {}
    for one in money:
        if not one.strategy:
            before = sums.get(one.currency, Fraction(0))
            sums[one.currency] = None if before is None or one.net is None else before + Fraction(one.net)
    return {currency: None if net is None else amount_text(net) for currency, net in sums.items()}


def _orders(view: LaneView) -> Iterator[OrderPicture]:
    for one in () if view.state is None else view.state.orders:
        about = view.about.instruments[one.instrument]
        yield OrderPicture(
            order_id=one.order_id,
            instrument=about.name,
            strategy=one.strategy,
            side="buy" if one.side > 0 else "sell",
            price=_price(about, one.price_ticks) if one.price_ticks else "market",
            size=_size(about, one.size_lots),
            filled=_size(about, one.filled_lots),
            state=one.state,
        )


def _stage(view: LaneView, name: str) -> StagePicture:
    whole, recent = view.histograms(name)
    p50, p99 = whole.percentiles([50, 99])
    recent_p99 = recent.percentile(99)
    budget_us = view.about.budget_us.get(name)
    return StagePicture(
        stage=name,
        count=whole.count,
        sum_s=view.stages[name].total_ns / 1e9,
        p50_s=p50 / 1e9,
        p99_s=p99 / 1e9,
        max_s=whole.max / 1e9,
        recent_count=recent.count,
        recent_p99_s=recent_p99 / 1e9,
        budget_s=None if budget_us is None else budget_us / 1e6,
        over_budget=budget_us is not None and recent_p99 > budget_us * 1_000,
    )


def _limit(view: LaneView, check: str, instrument: str, values: Any) -> LimitPicture:
    """The checks whose use follows from what is shown: positions and open orders."""
    limit = values.get("limit") if isinstance(values, dict) else None
    used: float | None = None
    if limit is not None and check == "max_position":
        held = [
            abs(Fraction(account.position))
            for place, accounts in view.accounts.items()
            if view.about.instruments[place].name == instrument and (account := accounts.get("")) is not None
            if account.position is not None
        ]
        used = _share(max(held, default=Fraction(0)), limit)
    elif limit is not None and check == "max_open_orders" and view.state is not None:
        used = _share(Fraction(len(view.state.orders) + view.state.more_orders), limit)
    return LimitPicture(check=check, instrument=instrument, values=values, used=used)


def _share(part: Fraction, limit: Any) -> float | None:
    whole = Fraction(str(limit))
    return float(part / whole) if whole else None


def _tell(view: LaneView, record: LogRecord) -> tuple[str, str]:
    """A record's kind, and its figures as text."""
    kind = str(record.__struct_config__.tag)
    fields = msgspec.structs.asdict(record.order if isinstance(record, SubmitRequested) else record)
    place = fields.get("instrument")
    about = view.about.instruments[place] if isinstance(place, int) and place < len(view.about.instruments) else None
    words = [] if about is None else [about.name]
    if "side" in fields:
        words.append("buy" if fields["side"] > 0 else "sell")
    if about is not None and "size_lots" in fields:
        words.append(_size(about, fields["size_lots"]))
    if about is not None and fields.get("price_ticks"):
        words.append(f"at {_price(about, fields['price_ticks'])}")
    if "order_id" in fields:
        words.append(f"order {fields['order_id']}")
    if isinstance(record, RequestRefused):
        words += [record.reason, record.detail]
    else:
        words += [str(fields[name]) for name in ("reason", "what", "detail") if fields.get(name)]
    return kind, " ".join(filter(None, words))


def _price(about: ShownInstrument, ticks: int) -> str:
    return decimal_text(ticks, Decimal(about.tick_size))


def _size(about: ShownInstrument, lots: int) -> str:
    return decimal_text(lots, Decimal(about.lot_size))
