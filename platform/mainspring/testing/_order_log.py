"""Tracks what a router reported of each order, and which rule its next event would break."""

from collections import Counter

from mainspring.model import Accepted, Cancelled, Expired, Fill, NewOrder, OrderEvent, Rejected, Replaced, Side
from mainspring.testing._rules import Rules, shorten

__all__ = ["OrderLog", "Reported"]


class Reported:
    """One order, as reported by the router. `open_requests` counts requests that were neither refused nor completed."""

    def __init__(self, order: NewOrder, sent_ns: int) -> None:
        self.order = order
        self.sent_ns = sent_ns
        self.limit_ticks = order.price_ticks
        self.size_lots = order.size_lots
        self.filled_lots = 0
        self.acknowledged = False
        self.cancelled = False
        self.finished = False
        self.open_requests = {"cancel": 0, "replace": 0}


class OrderLog:
    """All orders of one drive through a router. `take` raises `ConformanceError` if an event breaks a rule."""

    def __init__(self, rules: Rules) -> None:
        self.orders: dict[int, Reported] = {}
        self._rules = rules
        self._last_ns: dict[int, int] = {}
        self._fill_ids: set[int] = set()
        self._position_lots: Counter[int] = Counter()

    def unfinished(self) -> list[Reported]:
        """Returns the orders that haven't ended, oldest first."""
        return [reported for reported in self.orders.values() if not reported.finished]

    def end(self) -> None:
        """Checks the rules for the end: every request has been answered."""
        for reported in self.orders.values():
            detail = shorten(reported.order)
            self._rules.hold("every order is acknowledged", reported.acknowledged, detail)
            self._rules.hold("every order ends", reported.finished, detail)
            # A cancellation answers one cancel; the others must have been rejected as too late.
            answered = reported.open_requests["cancel"] <= reported.cancelled and not reported.open_requests["replace"]
            self._rules.hold("every request is answered", answered, f"{detail}: {reported.open_requests}")

    def take(self, event: OrderEvent, now_ns: int) -> None:
        """Records one event that `poll(now_ns)` returned."""
        hold, detail = self._rules.hold, shorten(event)
        reported = self.orders.get(event.order_id)
        if reported is None:
            hold("events are of orders that were sent", False, detail)
            return
        hold("events are of the order's instrument", event.instrument == reported.order.instrument, detail)
        last_ns = self._last_ns.get(event.instrument, 0)
        timely = max(last_ns, reported.sent_ns) <= event.time_ns <= now_ns
        hold("times rise, from sending to poll", timely, f"{detail}, last {last_ns}, now {now_ns}")
        self._last_ns[event.instrument] = event.time_ns
        if isinstance(event, Rejected) and event.request != "new":
            hold("a request is answered once", reported.open_requests[event.request] > 0, detail)
            reported.open_requests[event.request] -= 1
            return
        hold("nothing follows an order's end", not reported.finished, detail)
        acknowledges = isinstance(event, Accepted | Rejected)
        hold("an order is acknowledged once, before all else", acknowledges is not reported.acknowledged, detail)
        reported.acknowledged = True
        if isinstance(event, Rejected):
            reported.finished = True
        elif isinstance(event, Fill):
            self._take_fill(reported, event)
        elif isinstance(event, Cancelled | Expired):
            right = event.remaining_lots == reported.size_lots - reported.filled_lots
            hold("a cancellation or expiry gives what was left", right, f"{detail}, filled {reported.filled_lots}")
            reported.finished = True
            reported.cancelled = isinstance(event, Cancelled)
        elif isinstance(event, Replaced):
            hold("a request is answered once", reported.open_requests["replace"] > 0, detail)
            reported.open_requests["replace"] -= 1
            hold("a replaced order has more size than was filled", event.size_lots > reported.filled_lots, detail)
            reported.size_lots = event.size_lots
            reported.limit_ticks = event.price_ticks

    def _take_fill(self, reported: Reported, fill: Fill) -> None:
        hold, order, detail = self._rules.hold, reported.order, shorten(fill)
        hold("fills are of the order's side", fill.side == order.side, detail)
        hold("fills are of one lot or more", fill.size_lots > 0, detail)
        hold("fill ids are unique", fill.fill_id not in self._fill_ids, detail)
        self._fill_ids.add(fill.fill_id)
        reported.filled_lots += fill.size_lots
        size = f"{detail}, in all {reported.filled_lots} of {reported.size_lots}"
        hold("fills never exceed the size", reported.filled_lots <= reported.size_lots, size)
        if order.kind == "limit":
            sign = 1 if order.side is Side.BUY else -1
            limit = reported.limit_ticks
            hold("fills keep the limit", sign * fill.price_ticks <= sign * limit, f"{detail}, limit {limit}")
        hold("a post-only order never takes", fill.maker or not order.post_only, detail)
        timely = not order.expires_ns or fill.time_ns < order.expires_ns
        hold("nothing trades after the end of an order's time", timely, f"{detail}, end {order.expires_ns}")
        before_lots = self._position_lots[fill.instrument]
        self._position_lots[fill.instrument] += fill.side * fill.size_lots
        reduces = -order.side * before_lots >= fill.size_lots
        hold("a reduce-only order only reduces", reduces or not order.reduce_only, f"{detail}, from {before_lots}")
        reported.finished = reported.filled_lots == reported.size_lots
