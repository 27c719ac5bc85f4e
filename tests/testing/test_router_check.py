"""Shows that check_router finds each way in which a router can break its contract."""

from typing import Any

import msgspec
import pytest

from mainspring.errors import ConformanceError
from mainspring.model import Accepted, Cancelled, Fill, Rejected, Replaced, Side
from mainspring.seams import NEVER_NS
from mainspring.testing import check_router

_LATENCY_NS = 1_000_000


class Honest:
    """Answers after a fixed latency: it takes what the book offers within the limit, once, and lets the rest stand."""

    def __init__(self, context):
        self.books = context.books
        self.due_ns = NEVER_NS
        self.queue = []
        self.open = {}
        self.fill_id = 0

    def submit(self, order, now_ns):
        self._later(now_ns, self.accept, order.request)

    def cancel(self, cancel, now_ns):
        self._later(now_ns, self.cancelled, cancel.request.order_id)

    def replace(self, replace, now_ns):
        request = replace.request
        self._later(now_ns, self.replaced, request.order_id, request.price_ticks, request.size_lots)

    def poll(self, now_ns):
        events = []
        while self.queue and self.queue[0][0] <= now_ns:
            time_ns, action, *arguments = self.queue.pop(0)
            events += action(time_ns, *arguments)
        self.due_ns = self.queue[0][0] if self.queue else NEVER_NS
        return events

    def on_market(self, event):
        pass

    def accept(self, time_ns, order):
        fill = self.fill(time_ns, order)
        yield Accepted(order.order_id, order.instrument, time_ns)
        if fill is not None:
            yield fill
        left = order.size_lots - (fill.size_lots if fill else 0)
        if left and (order.kind == "market" or order.time_in_force != "gtc"):
            yield Cancelled(order.order_id, order.instrument, time_ns, left, "not filled")
        elif left:
            self.open[order.order_id] = (order, order.size_lots - left)

    def fill(self, time_ns, order):
        best = self.books[order.instrument].bbo()
        buys = order.side is Side.BUY
        price_ticks, lots = (best.ask_ticks, best.ask_lots) if buys else (best.bid_ticks, best.bid_lots)
        within = order.kind == "market" or order.side * price_ticks <= order.side * order.price_ticks
        if not lots or not within or order.post_only:
            return None
        self.fill_id += 1
        size_lots = min(lots, order.size_lots)
        return Fill(
            order.order_id, order.instrument, time_ns, self.fill_id, order.side, price_ticks, size_lots, False, 0
        )

    def cancelled(self, time_ns, order_id):
        order, filled = self.open.pop(order_id, (None, 0))
        if order is None:
            return [Rejected(order_id, 0, time_ns, "too late", "cancel")]
        return [Cancelled(order_id, 0, time_ns, order.size_lots - filled, "asked for")]

    def replaced(self, time_ns, order_id, price_ticks, size_lots):
        order, filled = self.open.get(order_id, (None, 0))
        if order is None or size_lots <= filled:
            return [Rejected(order_id, 0, time_ns, "too late", "replace")]
        self.open[order_id] = (msgspec.structs.replace(order, price_ticks=price_ticks, size_lots=size_lots), filled)
        return [Replaced(order_id, 0, time_ns, price_ticks, size_lots)]

    def _later(self, now_ns, action, *arguments):
        self.queue.append((now_ns + _LATENCY_NS, action, *arguments))
        self.due_ns = self.queue[0][0]


class FillsTwice(Honest):
    def accept(self, time_ns, order):
        for event in super().accept(time_ns, order):
            yield event
            if isinstance(event, Fill):
                yield msgspec.structs.replace(event, fill_id=-event.fill_id)


class RepeatsFillIds(Honest):
    def fill(self, time_ns, order):
        fill = super().fill(time_ns, order)
        return fill and msgspec.structs.replace(fill, fill_id=1)


class LosesOrders(Honest):
    def accept(self, time_ns, order):
        return super().accept(time_ns, order) if order.order_id % 7 else ()


class AcceptsTwice(Honest):
    def accept(self, time_ns, order):
        yield Accepted(order.order_id, order.instrument, time_ns)
        yield from super().accept(time_ns, order)


class FillsBeforeAccepting(Honest):
    def accept(self, time_ns, order):
        events = list(super().accept(time_ns, order))
        return [*events[1:], events[0]]


class LooksAhead(Honest):
    def poll(self, now_ns):
        return super().poll(now_ns + _LATENCY_NS)


class HidesDueTimes(Honest):
    def poll(self, now_ns):
        events = super().poll(now_ns)
        self.due_ns = NEVER_NS
        return events

    def _later(self, now_ns, action, *arguments):
        super()._later(now_ns, action, *arguments)
        self.due_ns = NEVER_NS


class IgnoresLimits(Honest):
    def fill(self, time_ns, order):
        return super().fill(time_ns, msgspec.structs.replace(order, kind="market"))


class IgnoresPostOnly(Honest):
    def fill(self, time_ns, order):
        return super().fill(time_ns, msgspec.structs.replace(order, post_only=False))


class SwallowsCancels(Honest):
    def cancelled(self, time_ns, order_id):
        return super().cancelled(time_ns, order_id) if order_id in self.open else []


class MiscountsTheRest(Honest):
    def cancelled(self, time_ns, order_id):
        events = super().cancelled(time_ns, order_id)
        if isinstance(events[0], Cancelled):
            events[0] = msgspec.structs.replace(events[0], remaining_lots=events[0].remaining_lots + 1)
        return events


class RunsBackwards(Honest):
    def accept(self, time_ns, order):
        for event in super().accept(time_ns, order):
            yield msgspec.structs.replace(event, time_ns=time_ns - _LATENCY_NS * (order.order_id % 2) * 5)


class HandsOutAgain(Honest):
    last = ()

    def poll(self, now_ns):
        events = super().poll(now_ns)
        events, self.last = (events, events) if events else (self.last, ())
        return events


class DrawsFromNowhere(Honest):
    runs = 0

    def __init__(self, context):
        super().__init__(context)
        DrawsFromNowhere.runs += 1
        self.fill_id = DrawsFromNowhere.runs * 10**6


class RefusesToCancel(Honest):
    def cancel(self, cancel, now_ns):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("factory", "rule"),
    [
        (FillsTwice, "fills never exceed the size|nothing follows"),
        (RepeatsFillIds, "fill ids are unique"),
        (LosesOrders, "every order is acknowledged|acknowledged once"),
        (AcceptsTwice, "acknowledged once"),
        (FillsBeforeAccepting, "before all else"),
        (LooksAhead, "before due_ns|times rise"),
        (HidesDueTimes, "before due_ns"),
        (IgnoresLimits, "fills keep the limit"),
        (IgnoresPostOnly, "never takes"),
        (SwallowsCancels, "every request is answered"),
        (MiscountsTheRest, "gives what was left"),
        (RunsBackwards, "times rise"),
        (HandsOutAgain, "handed out once"),
        (DrawsFromNowhere, "same seed"),
        (RefusesToCancel, "cancel takes every order"),
    ],
)
def test_a_broken_router_is_found(factory: Any, rule: str) -> None:
    """By the rule that it breaks, with the seed in the error."""
    with pytest.raises(ConformanceError, match=rule) as caught:
        check_router(factory, seed=4)
    assert caught.value.seed == 4


def test_an_honest_router_passes() -> None:
    """Whatever the seed."""
    for seed in range(3):
        check_router(Honest, seed=seed)
