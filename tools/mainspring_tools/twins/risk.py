"""Random orders, changes and cancels through every built-in risk check, against an independent oracle."""

from collections import Counter
from fractions import Fraction
from random import Random
from types import SimpleNamespace
from typing import Any, Final

import msgspec

from mainspring.lane import LaneClock, LaneRiskSession
from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequest,
    Expired,
    Fill,
    NewOrder,
    OrderEvent,
    Refusal,
    Rejected,
    Replaced,
    ReplaceRequest,
    Side,
    SlippageEstimate,
)
from mainspring.orders import OrderTracker
from mainspring.portfolio import Marks, Portfolio, PositionUnits
from mainspring.risk import Gate
from mainspring.seams import ClockReading
from mainspring.testing import FakeMarket
from mainspring_tools.twins.risk_limits import (
    INSTRUMENTS,
    VENUE_OF,
    described,
    draw_limits,
    make_checks,
    plain_limit,
    without_wider,
)
from mainspring_tools.twins.risk_oracle import Held, Oracle, Wanted
from mainspring_tools.twins.risk_oracle_rules import RULES

__all__ = ["compare_risk"]

_START: Final = 1_700_000_000_000_000_000
_MS: Final = 10**6
_DAY: Final = 24 * 3_600 * 10**9
_STRATEGIES: Final = ("a", "b")


def compare_risk(seed: int, *, commands: int = 400) -> Counter[str]:
    """Asks for that many random orders, changes and cancels; returns how many passed, and how many each check refused.

    Each check is compared on its own, and the gate with all of them. Half of the seeds track orders and count positions
    in Rust. Half have one instrument, for which checks that look at several have conditions. Raises `AssertionError`
    with the seed at the first order that a check lets pass and shouldn't, or the other way round.
    """
    return _Trial(seed).run(commands)


class _Market(FakeMarket):
    """A market whose book has the levels that were shown last."""

    def show(self, live: bool, bids: list[tuple[int, int]], asks: list[tuple[int, int]], now_ns: int) -> None:
        self.book.apply_snapshot(bids, asks)
        self.update_bbo()
        self.live, self.bbo_time_ns = live, now_ns


class _Trial:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random = Random(seed)
        self.counts: Counter[str] = Counter()
        self.time = LaneClock(_START)
        # In a lane of one instrument, checks that look at several have a short form.
        self.count = 1 if seed // 2 % 2 else len(INSTRUMENTS)
        instruments = INSTRUMENTS[: self.count]
        self.markets = [_Market(one, index=at, bids=[], asks=[]) for at, one in enumerate(instruments)]
        self.native = seed % 2 == 1 and _native() is not None
        tracker, units = (OrderTracker, PositionUnits) if not self.native else _native()
        self.tracker: Any = tracker(instruments)
        marks = Marks(self.markets)
        self.portfolio = Portfolio(instruments, self.tracker.open_lots, marks, units)
        session: Any = (self.markets, VENUE_OF, _STRATEGIES, self.tracker, self.portfolio, self.time)
        self.session = LaneRiskSession(*session)
        self.limits = draw_limits(random)
        if self.count == 1:
            self.limits = {name: without_wider(limit) for name, limit in self.limits.items()}
        self.oracle = Oracle(described(self.count), {name: plain_limit(limit) for name, limit in self.limits.items()})
        rows: list[list[tuple[str, Any]]] = [[] for _ in instruments]
        for name in random.sample(list(self.limits), len(self.limits)):
            for row, check in zip(rows, make_checks(name, self.limits[name], self.count), strict=True):
                row.append((name, check))
        self.gate = Gate(rows, stops=self.tracker.stops)
        self.gate.bind(self.session)
        self.held: dict[int, Held] = {}
        self.next_id = self.fill_id = 1
        self.last: NewOrder | None = None
        self._told(0)

    def run(self, commands: int) -> Counter[str]:
        for _ in range(commands):
            self._happen()
            working = [one for one in self.held.values() if not one.ended]
            kind = self.random.random()
            if working and kind < 0.15:
                self._cancel(self.random.choice(working))
            elif working and kind < 0.4:
                self._change(self.random.choice(working))
            else:
                self._new()
        return self.counts

    # What is asked for.

    def _new(self) -> None:
        random, place = self.random, self.random.randrange(self.count)
        market, side = self.markets[place], random.choice(tuple(Side))
        limit = random.random() < 0.85
        near = market.bid_ticks if random.random() < 0.5 else market.ask_ticks
        price = max(near + random.randrange(-6, 7), 1) if limit else 0
        order = NewOrder(
            self.next_id,
            place,
            side,
            "limit" if limit else "market",
            price,
            random.choice((1, 2, 3, 5, 8, 40)),
            self.time.now_ns,
            time_in_force=random.choice(("gtc", "gtc", "gtc", "ioc")) if limit else "ioc",
            strategy=random.choice(_STRATEGIES),
        )
        if self.last is not None and random.random() < 0.2:
            # A duplicate, unless it is late.
            order = msgspec.structs.replace(self.last, order_id=self.next_id, created_ns=self.time.now_ns)
            place, side, limit, price = order.instrument, order.side, order.kind == "limit", order.price_ticks
        self.last = order
        self.next_id += 1
        if not self._decide(order, None):
            return
        self.tracker.add(order)
        self.tracker.send(order.order_id, self.time.now_ns)
        rests = limit and order.time_in_force == "gtc"
        held = Held(order.order_id, place, order.strategy, int(side), limit, rests, price, order.size_lots)
        self.held[order.order_id] = held
        self.gate.on_sent(order)
        self.oracle.send("new", held, price, order.size_lots)
        if self.random.random() < 0.05:
            self._report(Rejected(order.order_id, place, self.time.now_ns, "no"), held, ended=True)
        else:
            self._report(Accepted(order.order_id, place, self.time.now_ns), held)

    def _change(self, held: Held) -> None:
        random, known = self.random, self.tracker.find(held.order_id)
        price = max(held.price + random.randrange(-3, 4), 1)
        size = held.filled + random.choice((1, 2, 5, 9))
        if not held.limit:
            self._cancel(held)
            return
        request = ReplaceRequest(held.order_id, held.instrument, price, size, self.time.now_ns, held.strategy)
        order = msgspec.structs.replace(known.order, price_ticks=price, size_lots=size - held.filled)
        settled = known.state in ("accepted", "partially-filled")
        # Less of it at the same price adds no risk: no check is asked.
        if settled and price == held.price and size <= held.size:
            self.counts["changes to less, which no check sees"] += 1
            decision = self.gate.approve_replace(request, known, *self._seen(held.instrument))
            assert not isinstance(decision, Refusal), f"seed {self.seed}: {decision} for less at the same price"
        elif not self._decide(order, held, request):
            return
        self.tracker.request_replace(held.order_id, price, size, self.time.now_ns)
        self.gate.on_sent(request)
        self.oracle.send("replace", held, price, size)

    def _cancel(self, held: Held) -> None:
        request = CancelRequest(held.order_id, held.instrument, self.time.now_ns, held.strategy)
        decision = self.gate.approve_cancel(request, self.tracker.find(held.order_id), self.time.now_ns)
        assert not isinstance(decision, Refusal), f"seed {self.seed}: a cancel was refused: {decision}"
        self.counts["cancels"] += 1
        self.tracker.request_cancel(held.order_id, self.time.now_ns)
        self.gate.on_sent(request)
        self.oracle.send("cancel", held, 0, 0)
        if self.random.random() < 0.7:
            left = held.size - held.filled
            self._report(
                Cancelled(held.order_id, held.instrument, self.time.now_ns, left, "requested"), held, ended=True
            )

    def _decide(self, order: NewOrder, held: Held | None, request: ReplaceRequest | None = None) -> bool:
        """Compares each check, and the gate; returns whether the order passes."""
        cost = Fraction(self.random.randrange(-8, 80), 4)
        self.session.decide(
            SlippageEstimate(float(cost), 10_000.0, ()), None if held is None else self.tracker.find(held.order_id)
        )
        self.oracle.cost_bps = cost
        wanted = Wanted(
            order.order_id,
            order.instrument,
            order.strategy,
            int(order.side),
            order.kind == "limit",
            order.price_ticks,
            order.size_lots,
            held,
        )
        market, account = self._seen(order.instrument)
        if request is None:
            decision: object = self.gate.approve(order, market, account)
        else:
            decision = self.gate.approve_replace(request, self.session.changed, market, account)
        self.oracle.look(order.instrument)
        refusing = []
        lots = self.session.lots(order.instrument)
        shown = SimpleNamespace(position_lots=lots.position, open_buy_lots=lots.open_buy, open_sell_lots=lots.open_sell)
        for name, check in self.gate.named_rows[order.instrument]:
            refusal = check.check(order, market, shown)
            passes = RULES[name](self.oracle, wanted, self.oracle.limits[name])
            assert (refusal is None) is passes, (
                f"seed {self.seed}, order {order}: {name} says {refusal}, and should {'not ' if passes else ''}refuse; "
                f"limit {self.limits[name]}, lots {lots}, changed {held}"
            )
            if refusal is not None:
                refusing.append(name)
                self.counts[f"refused by {name}"] += 1
        first = decision.reason if isinstance(decision, Refusal) else ""
        assert first == (refusing[0] if refusing else ""), f"seed {self.seed}: the gate says {first}, not {refusing}"
        self.session.decided()
        self.counts["orders and changes"] += 1
        self.counts["passed"] += not refusing
        return not refusing

    # What happens in between.

    def _happen(self) -> None:
        random = self.random
        self.time.now_ns += random.choice(
            (0, 1, _MS, 7 * _MS, 10 * _MS, 100 * _MS, 1_000 * _MS, 3_000 * _MS, _DAY // 5)
        )
        for market in self.markets:
            market.now_ns = self.time.now_ns
        self.oracle.now = self.time.now_ns
        for place in range(self.count):
            if random.random() < 0.6:
                self._told(place)
        if random.random() < (0.03 if self.oracle.connected else 0.5):
            self.oracle.connected = not self.oracle.connected
            self.session.down = set() if self.oracle.connected else set(VENUE_OF)
        self.oracle.lag, self.oracle.skew = random.randrange(12) * _MS, random.randrange(-12, 12) * _MS
        now_ns = self.time.now_ns
        self.session.clock = ClockReading(now_ns, self.oracle.lag, self.oracle.skew, now_ns)
        if random.random() < 0.03:
            self.gate.lift()
            self.oracle.lift()
        for held in [one for one in self.held.values() if not one.ended]:
            if random.random() < 0.35:
                self._venue(held)

    def _told(self, place: int) -> None:
        """New best prices, now and then of a broken market."""
        random = self.random
        bid = 1_000 + random.randrange(-12, 13)
        ask = bid + random.choice((1, 1, 2, 5, 0 if random.random() < 0.1 else 3))
        bids = [(bid - step, random.randrange(1, 20)) for step in range(4)]
        asks = [(ask + step, random.randrange(1, 20)) for step in range(4)]
        if random.random() < 0.03:
            bids = []
        if random.random() < 0.03:
            asks = []
        live = random.random() > 0.03
        self.markets[place].show(live, bids, asks, self.time.now_ns)
        self.oracle.now = self.time.now_ns
        self.oracle.show(place, live, bids, asks)

    def _venue(self, held: Held) -> None:
        """What a venue reports of an order."""
        random, now_ns, place = self.random, self.time.now_ns, held.instrument
        if held.changes and random.random() < 0.7:
            price, size = held.changes[0]
            if random.random() < 0.25 or size <= held.filled:
                self._report(Rejected(held.order_id, place, now_ns, "no", "replace"), held, answered=True)
            else:
                self._report(Replaced(held.order_id, place, now_ns, price, size), held, answered=True)
            return
        if random.random() < 0.1:
            left = held.size - held.filled
            self._report(Expired(held.order_id, place, now_ns, left, "time"), held, ended=True)
            return
        size = random.randrange(1, held.size - held.filled + 1)
        price = held.price or self.markets[place].bid_ticks or 1_000
        fee = random.choice((-50_000, 0, 100_000, 400_001))
        fill = Fill(held.order_id, place, now_ns, self.fill_id, Side(held.side), price, size, True, fee)
        self.fill_id += 1
        self.oracle.fill(held, price, size, fee)
        self._report(fill, held)

    def _report(self, event: OrderEvent, held: Held, *, ended: bool = False, answered: bool = False) -> None:
        if answered:
            held.changes.pop(0)
        if isinstance(event, Replaced):
            held.price, held.size = event.price_ticks, event.size_lots
        held.ended = held.ended or ended
        self.tracker.apply(event, self.time.now_ns)
        for fill, strategy in self.tracker.take_fills():
            self.portfolio.on_fill(fill, strategy)
        assert not self.tracker.take_discrepancies(), f"seed {self.seed}: {event} is a discrepancy"
        self.gate.on_event(event)
        self.oracle.look(event.instrument)

    def _seen(self, instrument: int) -> tuple[Any, Any]:
        return self.markets[instrument], self.portfolio.accounts[instrument]


def _native() -> Any:
    """The tracker and the count of a position in Rust; None where they aren't built."""
    try:
        from mainspring_native._native import OrderTracker as Tracker
        from mainspring_native._native import PositionUnits as Units
    except ImportError:
        return None
    return Tracker, Units
