"""Risk: what the gate costs with all built-in checks, what one check costs, and what the paper venue costs at rest."""

from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from mainspring.host.offers import Offer
from mainspring.lane import LaneClock, LaneRiskSession
from mainspring.model import Approved, BookSnapshot, MarketEvent, NewOrder, Quote, Refusal, Side, SlippageEstimate
from mainspring.orders import OpenLots, OrderTracker
from mainspring.portfolio import Account, Marks, Portfolio, Position, Valuation
from mainspring.risk import Gate
from mainspring.seams import ClockReading, RiskCheck
from mainspring.testing import BackOfQueue, FakeMarket, FixedLatency
from mainspring.venue.paper import PaperVenue
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, WrongAnswer, expect
from mainspring_perf.parts import BTC_USDT
from mainspring_plugins.books.bisect_list import BisectListBook

__all__ = ["COUNTED", "SEAMS", "SUITE", "benchmarks", "every_check"]

SUITE = "risk"
COUNTED = True
SEAMS = ("risk",)

_BID_TICKS = 6_000_000
_ASK_TICKS = _BID_TICKS + 1
_MS_NS = 1_000_000
_VALID_UNTIL_NS = 2**62


def _account() -> Account:
    return Account(Position(Valuation(BTC_USDT)), lambda: None, OpenLots())


def _market() -> FakeMarket:
    """A market at rest, a tick wide, whose prices came 1 ms ago."""
    market = FakeMarket(BTC_USDT, bids=[(_BID_TICKS, 100_000)], asks=[(_ASK_TICKS, 100_000)], now_ns=10_000_000)
    market.bbo_time_ns = 9_000_000
    return market


def benchmarks(tiny: bool) -> list[Benchmark]:
    """Each check that is installed, the gate with all of ours, and a quote at the paper venue, idle and not."""
    passes = 50 if tiny else 2_000
    offers = candidates("risk")
    made = {offer.name: _check(offer) for offer in offers}
    ours = [(name, made[name]) for name in _LIMITS if name in made]
    return [
        _gate("gate-all-checks", ours, passes),
        _every("gate-every-check", every_check(), passes),
        *(_one(offer, made[offer.name], passes) for offer in offers),
        _venue("venue-idle", passes, orders=0),
        _venue("venue-two-orders", passes, orders=2),
    ]


def every_check() -> list[tuple[str, RiskCheck]]:
    """Each of our checks, required or not, by its name, with limits that the orders of benchmarks pass.

    They are made for this call, and see a session in which nothing is held.
    """
    return [(offer.name, _check(offer)) for offer in candidates("risk") if offer.name in {**_LIMITS, **_FURTHER}]


_LIMITS = {
    "max_order_size": Decimal(1),
    "max_order_notional": Decimal(10_000),
    "collar_bps": Decimal(50),
    "max_position": Decimal(2),
    "max_book_age_ms": Decimal(1000),
}
"""The limits of our required checks: all orders below pass them, and an order is known that each of them refuses."""

_FURTHER: dict[str, object] = {
    "restricted_instruments": [],
    "allowed_instruments": ["BTC/USDT"],
    "trading_hours": "00:00-00:00",
    "max_slippage_bps": 50,
    "reduce_only": False,
    "self_trade": "refuse",
    "duplicate_order_ms": 1,
    "max_open_orders": 10,
    "max_message_rate": 100,
    "max_repeated_executions": 100,
    "max_cancel_to_fill": 100,
    "max_gross_exposure": 1_000_000,
    "max_net_exposure": 1_000_000,
    "buying_power": 1_000_000,
    "max_daily_loss": 1_000,
    "max_drawdown": 1_000,
    "venue_connected": True,
    "max_feed_lag_ms": 10,
    "max_clock_skew_ms": 10,
}
"""The limits of our further checks, which all orders below pass."""


def _check(offer: Offer) -> RiskCheck:
    """A check with its limit here, which sees a lane; a stranger's with its defaults."""
    limit = _LIMITS.get(offer.name, _FURTHER.get(offer.name))
    options = None if limit is None or offer.options is None else msgspec.convert({"limit": limit}, offer.options)
    argument = (BTC_USDT,) if offer.capabilities.get("across_instruments") else BTC_USDT
    made: RiskCheck = make(offer, argument, options=options)
    if (bind := getattr(made, "bind", None)) is not None:
        bind(_session())
    if (hear := getattr(made, "on_order", None)) is not None:
        hear(_orders()[0])
    return made


def _session() -> LaneRiskSession:
    """What a lane shows of a market at rest in which nothing is held."""
    market: Any = _market()
    tracker = OrderTracker((BTC_USDT,))
    portfolio = Portfolio((BTC_USDT,), tracker.open_lots, Marks((market,)))
    session = LaneRiskSession((market,), (0,), ("maker",), tracker, portfolio, LaneClock(market.now_ns))
    session.clock = ClockReading(market.now_ns, 0, 0, _VALID_UNTIL_NS)
    session.estimate = SlippageEstimate(1.0, 60_000.0, ())
    return session


def _one(offer: Offer, check: RiskCheck, passes: int) -> Benchmark:
    """One check alone, asked about the same orders."""
    market, account, orders = _market(), _account(), _orders()
    asked = check.check

    def run() -> list[Refusal | None]:
        for _ in range(passes - 1):
            for order in orders:
                asked(order, market, account)
        return [asked(order, market, account) for order in orders]

    def check_answer(answer: object) -> None:
        assert isinstance(answer, list)
        refused = [one for one in answer if one is not None]
        known = offer.name in _LIMITS or offer.name in _FURTHER
        if (known and refused) or any(not isinstance(one, Refusal) or one.reason != offer.name for one in refused):
            raise WrongAnswer(f"{offer.name}: {answer!r} for orders that it has to pass, or refuse in its own name")

    return Benchmark(
        name=f"check {offer.name}",
        run=run,
        operations=passes * len(orders),
        check=check_answer,
        input=f"{passes * len(orders)} limit and market orders",
        offer=offer,
        calls=lambda: (lambda order: asked(order, market, account), orders * passes),
    )


def _orders() -> list[NewOrder]:
    """Limit and market orders, on both sides, all of which pass."""
    return [
        NewOrder(1, 0, Side.BUY, "limit", _BID_TICKS, 1000, 0),
        NewOrder(2, 0, Side.SELL, "limit", _ASK_TICKS, 1000, 0),
        NewOrder(3, 0, Side.BUY, "market", 0, 1000, 0),
        NewOrder(4, 0, Side.SELL, "market", 0, 1000, 0),
    ]


def _gate(name: str, checks: list[tuple[str, RiskCheck]], passes: int) -> Benchmark:
    gate, market, account = Gate([checks]), _market(), _account()
    orders = _orders() * passes
    approve = gate.approve

    def run() -> object:
        answer: object = None
        for order in orders:
            answer = approve(order, market, account)
        return answer

    def check(answer: object) -> None:
        if answer != Approved(orders[-1], market.now_ns):
            raise WrongAnswer(f"{name}: the last order gave {answer!r}")
        broken = _market()
        broken.bbo_time_ns, broken.bid_ticks = 0, 1
        large = NewOrder(9, 0, Side.BUY, "limit", 2 * _ASK_TICKS, 300_000, 0)
        for check_name, each in checks:
            market_seen = broken if check_name == "max_book_age_ms" else market
            broken.now_ns = 2_000_000_000
            refusal = each.check(large, market_seen, account)
            if not isinstance(refusal, Refusal) or refusal.reason != check_name:
                raise WrongAnswer(f"{name}: {check_name} gave {refusal!r} for an order that it must refuse")

    return Benchmark(
        name=name,
        run=run,
        operations=len(orders),
        check=check,
        input=f"{len(orders)} limit and market orders, all of which pass {len(checks)} checks",
        calls=lambda: (lambda order: approve(order, market, account), orders),
        counted=10,
    )


def _every(name: str, checks: list[tuple[str, RiskCheck]], passes: int) -> Benchmark:
    """The gate with each of our checks, required or not: what an order costs where the config names them all."""
    gate, session, market, account = Gate([checks]), _session(), _market(), _account()
    gate.bind(session)
    orders, approve, estimate = _orders() * passes, gate.approve, SlippageEstimate(1.0, 60_000.0, ())

    def run() -> object:
        answer: object = None
        for order in orders:
            session.decide(estimate)
            answer = approve(order, market, account)
            session.decided()
        return answer

    def check(answer: object) -> None:
        if answer != Approved(orders[-1], market.now_ns):
            raise WrongAnswer(f"{name}: the last order gave {answer!r}")

    return Benchmark(
        name=name,
        run=run,
        operations=len(orders),
        check=check,
        input=f"{len(orders)} limit and market orders, all of which pass {len(checks)} checks",
        baseline="gate-all-checks",
    )


def _venue(name: str, passes: int, *, orders: int) -> Benchmark:
    quotes: list[MarketEvent] = []
    for i in range(4 * passes):
        bid_lots, ask_lots = 100_000 + i % 7, 100_000 + i % 5
        quotes.append(Quote(0, i * _MS_NS, i * _MS_NS, i + 1, _BID_TICKS, bid_lots, _ASK_TICKS, ask_lots))

    def make_venue() -> PaperVenue:
        book = BisectListBook()
        book.apply_snapshot([(_BID_TICKS, 100_000)], [(_ASK_TICKS, 100_000)])
        venue = PaperVenue((book,), [BackOfQueue()], [FixedLatency()])
        venue.on_market(BookSnapshot(0, 0, 0, 0, [], []))
        for order in _orders()[:orders]:
            venue.submit(Approved(order, 0), 0)
        venue.poll(0)
        return venue

    def run() -> object:
        venue = make_venue()
        on_market = venue.on_market
        for quote in quotes:
            on_market(quote)
        return [venue.lots_ahead(order.order_id) for order in _orders()[:orders]]

    # Pessimistic, and never fewer displayed than when the orders came: so all that stood then is still ahead.
    ahead = [100_000] * orders
    return Benchmark(
        name=name,
        run=run,
        operations=len(quotes),
        check=partial(expect, name, ahead),
        input=f"{len(quotes)} quotes of changing size, {orders} of our orders waiting at the best prices",
    )
