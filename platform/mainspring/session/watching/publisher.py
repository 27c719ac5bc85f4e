"""Shows a running lane's state to other processes, after its work and only while somebody reads."""

import os
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import msgspec

from mainspring.data import write_atomically
from mainspring.errors import DataError, PluginError
from mainspring.host.plan import LanePlan
from mainspring.lane import FUSED, Lane, Market
from mainspring.model import AccountStatement, Side, amount_text, profit_currency
from mainspring.orders import Order
from mainspring.orders.log_header import decode_header
from mainspring.portfolio import Portfolio
from mainspring.session.control import ControlFolder, utc_now
from mainspring.session.merge import slot_report
from mainspring.session.watching.shared_file import SharedWriter, shared_path
from mainspring.session.watching.state import (
    AccountState,
    LaneAbout,
    LaneState,
    MarketState,
    OrderState,
    ShownInstrument,
    StageState,
)
from mainspring.telemetry import STAGES

if TYPE_CHECKING:
    from mainspring.report import LiveReport

__all__ = ["Publisher", "RecordTap"]

_EVERY_S: Final = 0.05
_SELDOM_S: Final = 1.0
_AT_ONCE: Final = 8
_LEVELS: Final = 10
_MOST_ORDERS: Final = 200
_DECIMALS: Final = 8


class RecordTap:
    """A `Sink` that shows the records of an order log as they are written: the ring costs a copy of their bytes."""

    name = "the memory that shows the session"

    def __init__(self, shared: SharedWriter) -> None:
        self._shared = shared
        self._begun = False

    def write(self, data: bytes, /) -> None:
        """Writes the bytes; those of the header, which comes first, are known otherwise."""
        if not self._begun and data:
            header = decode_header(data)
            assert header is not None  # the log writes it whole
            data, self._begun = data[header.length :], True
        if data:
            self._shared.write_records(data)


class Publisher:
    """Shows one lane. `look` is called when the lane's work is done, and shows it 20 times a second at most.

    Nothing is made unless somebody has read within two seconds. What grows with the instruments takes turns: a state
    has the ladders of eight, one account (exact money takes longest), and one stage.
    """

    def __init__(self, folder: ControlFolder, plan: LanePlan, *, every_s: float = _EVERY_S) -> None:
        """Makes the memory that the state is in. Raises `DataError` if it can't be."""
        folder.make()
        self._shared = SharedWriter(shared_path(folder.path, plan.name))
        self._plan = plan
        self._about = folder.path / "about" / f"{plan.name}.json"
        self._every_s = every_s
        self._due_s = self._seldom_s = 0.0
        self._turn = self._account_turn = self._stage_turn = 0
        self._stages = (FUSED, *STAGES)
        self.tap = RecordTap(self._shared)
        self.connections: Callable[[], LiveReport | None] = lambda: None
        self.fraction: Callable[[], float | None] = lambda: None
        self.messages: Callable[[], int] = lambda: 0

    def begin(self) -> None:
        """Says what stays the same. Raises `DataError` if it can't be written."""
        plan, first = self._plan, self._plan.parts[0]
        every = dict.fromkeys(slot_report(one) for part in plan.parts for one in part.choices())
        about = LaneAbout(
            lane=plan.name,
            process=os.getpid(),
            shared=str(self._shared.path),
            started_at=utc_now(),
            mode=first.mode,
            seed=first.seed,
            sources=[part.source.name for part in plan.parts],
            instruments=[
                ShownInstrument(
                    name=part.label(one),
                    tick_size=f"{one.tick_size:f}",
                    lot_size=f"{one.lot_size:f}",
                    currency=profit_currency(one),
                )
                for part in plan.parts
                for one in part.instruments
            ],
            slots=list(every),
            budget_us={stage: us for stage in self._stages if (us := first.budget.of(*stage.split("+"))) is not None},
            cpus=list(plan.place.cpus),
        )
        try:
            self._about.parent.mkdir(exist_ok=True)
            write_atomically(self._about, msgspec.json.encode(about))
        except OSError as error:
            raise DataError(f"{self._about}, which describes a lane, can't be written: {error.strerror}") from error

    def look(self, lane: Lane) -> None:
        """Shows the lane if it is time to, and somebody reads."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + self._every_s
        if self._shared.wanted:
            self.show(lane, seldom=now_s >= self._seldom_s)
            if now_s >= self._seldom_s:
                self._seldom_s = now_s + _SELDOM_S

    def show(self, lane: Lane, *, seldom: bool) -> None:
        """Shows the lane now, `seldom` with what changes slowly or costs more."""
        state = self._state(lane, seldom=seldom)
        if not self._shared.write_state(msgspec.msgpack.encode(state)):
            short = msgspec.structs.replace(
                state, ladders={}, accounts={}, orders=[], stage=None, problem="there is too much of it to show"
            )
            self._shared.write_state(msgspec.msgpack.encode(short))

    def close(self) -> None:
        """Shows nothing any more."""
        self._shared.close()

    def _state(self, lane: Lane, *, seldom: bool) -> LaneState:
        places = self._next_places(len(lane.markets))
        manager, problem = lane.order_manager, ""
        ladders, gaps = {}, {}
        try:
            ladders = {place: _ladder(lane.markets[place]) for place in places}
            if seldom:
                gaps = {
                    part.name or part.feed.plugin: feed.statistics().gaps
                    for part, feed in zip(self._plan.parts, lane.feeds, strict=True)
                }
        except PluginError as error:
            # The session goes on: what a plugin can't show isn't what it trades by.
            problem = str(error)
        orders = [] if manager is None else manager.tracker.all_open()
        control = lane.control
        return LaneState(
            shown_ns=time.time_ns(),
            now_ns=lane.now_ns,
            messages=self.messages(),
            fraction=self.fraction(),
            mode=str(lane.mode),
            markets=[_market(one) for one in lane.markets],
            ladders=ladders,
            accounts={} if manager is None else self._account(manager.portfolio),
            orders=[_order(one) for one in orders[:_MOST_ORDERS]],
            more_orders=max(len(orders) - _MOST_ORDERS, 0),
            refusals={} if manager is None else dict(manager.quality.refusals),
            discrepancies={} if manager is None else dict(manager.discrepancies),
            gaps=gaps,
            stage=self._stage(lane),
            connections=self.connections() if seldom else None,
            kills=[] if control is None else [f"{level} {target}".strip() for level, target in control.kills],
            limits=control.limits() if seldom and control is not None else [],
            problem=problem,
        )

    def _next_places(self, count: int) -> Sequence[int]:
        if count <= _AT_ONCE:
            return range(count)
        first, self._turn = self._turn, (self._turn + _AT_ONCE) % count
        return [(first + at) % count for at in range(_AT_ONCE)]

    def _stage(self, lane: Lane) -> StageState | None:
        for _ in self._stages:
            name = self._stages[self._stage_turn]
            self._stage_turn = (self._stage_turn + 1) % len(self._stages)
            histogram = lane.stages.histogram(name)
            if histogram.count:
                return StageState(name, *histogram.counts())
        return None

    def _account(self, portfolio: Portfolio) -> dict[int, dict[str, AccountState]]:
        every = [*(("", place) for place in range(len(portfolio.accounts))), *portfolio.owners()]
        self._account_turn = (self._account_turn + 1) % len(every)
        name, place = every[self._account_turn]
        account = portfolio.own_position(name, place) if name else portfolio.accounts[place]
        return {place: {name: _account(account.statement())}}


def _account(one: AccountStatement) -> AccountState:
    return AccountState(
        _text(one.position),
        _text(one.average_entry),
        _text(one.realised),
        _text(one.unrealised),
        _text(one.fees),
        _text(one.funding),
        _text(one.net),
        _text(one.exposure),
    )


def _text(amount: Fraction | None) -> str | None:
    return None if amount is None else amount_text(amount, _DECIMALS)


def _ladder(market: Market) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    depth = market.book.depth
    return depth(Side.BUY, _LEVELS), depth(Side.SELL, _LEVELS)


def _market(one: Market) -> MarketState:
    return MarketState(
        one.bid_ticks,
        one.bid_lots,
        one.ask_ticks,
        one.ask_lots,
        one.last_ticks,
        one.live,
        one.halted,
        one.connected,
        one.crossed,
    )


def _order(one: Order) -> OrderState:
    what = one.order
    price_ticks = one.price_ticks if what.kind == "limit" else 0
    return OrderState(
        what.order_id,
        what.instrument,
        what.strategy,
        int(what.side),
        price_ticks,
        one.size_lots,
        one.filled_lots,
        str(one.state),
        what.created_ns,
    )
