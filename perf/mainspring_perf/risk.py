"""Risk: what the gate costs with all built-in checks, what one check costs, and what the paper venue costs at rest."""

from decimal import Decimal
from functools import partial

import msgspec

from mainspring.host.offers import Offer
from mainspring.model import Approved, BookSnapshot, MarketEvent, NewOrder, Quote, Refusal, Side
from mainspring.orders import OpenLots
from mainspring.portfolio import Account, Position, Valuation
from mainspring.risk import Gate
from mainspring.seams import RiskCheck
from mainspring.testing import BackOfQueue, FakeMarket, FixedLatency
from mainspring.venue.paper import PaperVenue
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, WrongAnswer, expect
from mainspring_perf.parts import BTC_USDT
from mainspring_plugins.books.bisect_list import BisectListBook

__all__ = ["COUNTED", "SEAMS", "SUITE", "benchmarks"]

SUITE = "risk"
COUNTED = True
SEAMS = ("risk",)

_BID_TICKS = 6_000_000
_ASK_TICKS = _BID_TICKS + 1
_MS_NS = 1_000_000


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
        *(_one(offer, made[offer.name], passes) for offer in offers),
        _venue("venue-idle", passes, orders=0),
        _venue("venue-two-orders", passes, orders=2),
    ]


_LIMITS = {
    "max_order_size": Decimal(1),
    "max_order_notional": Decimal(10_000),
    "collar_bps": Decimal(50),
    "max_position": Decimal(2),
    "max_book_age_ms": Decimal(1000),
}
"""The limits of our own checks: all orders below pass them, and an order is known that each of them refuses."""


def _check(offer: Offer) -> RiskCheck:
    """A check with its limit here; a stranger's with its defaults."""
    known = offer.options is not None and offer.name in _LIMITS
    options = msgspec.convert({"limit": _LIMITS[offer.name]}, offer.options) if known else None
    made: RiskCheck = make(offer, BTC_USDT, options=options)
    return made


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
        known = offer.name in _LIMITS
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
