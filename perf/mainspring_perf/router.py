"""Routers: an order handed over and answered, for every router that is installed and simulates its venue.

One that sends real orders is never called here.
"""

from functools import partial
from itertools import count
from typing import Any

from mainspring.host.offers import Offer
from mainspring.model import Approved, BookSnapshot, CancelRequest, NewOrder, OrderEvent, Side
from mainspring.seams import RouterContext
from mainspring.testing import BackOfQueue, FixedLatency, NaiveBook
from mainspring_perf.candidates import candidates, make
from mainspring_perf.harness import Benchmark, expect
from mainspring_perf.parts import BTC_USDT

__all__ = ["SEAMS", "SUITE", "benchmarks", "unmeasured"]

SUITE = "router"
SEAMS = ("router",)

_BID_TICKS = 6_000_000
_LOTS = 10**12
_SECOND_NS = 1_000_000_000


def benchmarks(tiny: bool) -> list[Benchmark]:
    """A limit order that rests and is cancelled, and an order that takes, by each router."""
    orders = 20 if tiny else 1_000
    return [
        _benchmark(offer, what, side_price, orders)
        for offer in candidates("router")
        if offer.capabilities.get("simulated", False)
        for what, side_price in _ORDERS.items()
    ]


def unmeasured() -> dict[str, str]:
    """The routers that aren't called, with the reason."""
    return {
        offer.name: "it sends real orders"
        for offer in candidates("router")
        if not offer.capabilities.get("simulated", False)
    }


_ORDERS = {"rest and cancel": _BID_TICKS - 10, "take": _BID_TICKS + 1}
"""The limit price of a bid, by what comes of it."""


def _benchmark(offer: Offer, what: str, price_ticks: int, orders: int) -> Benchmark:
    name = f"{offer.name}: {what}"
    ends = "Cancelled" if what == "rest and cancel" else "Fill"
    calls = partial(_calls, offer, what, price_ticks, orders)

    def run() -> list[str]:
        """The kinds of the last order's events."""
        call, inputs = calls()
        for one in inputs:
            events = call(one)
        return [type(event).__name__ for event in events]

    return Benchmark(
        name=name,
        run=run,
        operations=orders,
        check=partial(expect, name, ["Accepted", ends]),
        input=f"{orders} limit orders one after the other, an hour apart, each until the router has no more to say",
        offer=offer,
        calls=calls,
    )


def _calls(offer: Offer, what: str, price_ticks: int, orders: int) -> tuple[Any, Any]:
    book = NaiveBook()
    bids, asks = [(_BID_TICKS, _LOTS)], [(_BID_TICKS + 1, _LOTS)]
    book.apply_snapshot(bids, asks)
    router = make(offer, RouterContext((BTC_USDT,), (book,), 1, (BackOfQueue(),), (FixedLatency(250_000),)))
    if offer.capabilities.get("watches_market", False):
        router.on_market(BookSnapshot(0, 0, 0, 0, bids, asks))
    hours_ns = count(_SECOND_NS, 3_600 * _SECOND_NS)

    def call(order_id: int) -> list[OrderEvent]:
        now_ns = next(hours_ns)
        order = NewOrder(order_id, 0, Side.BUY, "limit", price_ticks, 1_000, now_ns)
        router.submit(Approved(order, now_ns), now_ns)
        events = list(router.poll(now_ns + 60 * _SECOND_NS))
        if what == "rest and cancel":
            later_ns = now_ns + 61 * _SECOND_NS
            router.cancel(Approved(CancelRequest(order_id, 0, later_ns), later_ns), later_ns)
            events += router.poll(now_ns + 120 * _SECOND_NS)
        return events

    return call, range(1, orders + 1)
