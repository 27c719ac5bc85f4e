"""What a lane's orders cost: arrival prices, fills, markouts and counts, for the report."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from mainspring.lane.arrival import ArrivalPrice
from mainspring.lane.market import Market
from mainspring.lane.markouts import Markouts
from mainspring.lane.tally import FillRecord, InstrumentTally
from mainspring.lane.timing import LaneStages
from mainspring.lane.trace import Trace
from mainspring.model import (
    Accepted,
    Cancelled,
    Expired,
    Fill,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    SlippageEstimate,
)
from mainspring.portfolio import Valuation

__all__ = ["ExecutionQuality"]

_FILL_MARKS = 2_000
_ORDER_MARKS = 2_000


class ExecutionQuality:
    """Measures orders from their requests to their markouts.

    `arrivals` are the arrival prices of orders that haven't ended, by order id. `fills` and `orders` are samples by
    instrument; one of `orders` says when an order was sent, what then stood at the venue, and whether it replaced what
    stood there. `refusals` counts refused requests by reason.
    """

    def __init__(self, markets: Sequence[Market], valuations: Sequence[Valuation], stages: LaneStages) -> None:
        """`valuations` are those of the instruments."""
        self.refusals: Counter[str] = Counter()
        self.tallies = [InstrumentTally(valuation) for valuation in valuations]
        self.markouts = Markouts(markets, self.tallies)
        self.fills: list[Trace[FillRecord]] = [Trace(_FILL_MARKS) for _ in markets]
        self.orders: list[Trace[tuple[int, NewOrder, bool]]] = [Trace(_ORDER_MARKS) for _ in markets]
        self.arrivals: dict[int, ArrivalPrice] = {}
        self._markets = markets
        self._stages = stages
        self._sent: list[tuple[int, NewOrder, bool]] = []
        self._fill_count = 0
        # Of replaces on their way, oldest first: they hold from the moment the venue has replaced the order.
        self._replacement_arrivals: dict[int, list[ArrivalPrice]] = {}

    def on_request(self, instrument: int) -> None:
        """Counts a request for a new order."""
        self.tallies[instrument].orders += 1

    def on_refusal(self, reason: str) -> None:
        """Counts a refused request."""
        self.refusals[reason] += 1

    def on_sent(self, order: NewOrder, estimate: SlippageEstimate, now_ns: int) -> None:
        """Takes an order that goes out now at this estimated cost."""
        self.arrivals[order.order_id] = self._arrival(order.instrument, estimate, now_ns)
        self._sent.append((now_ns, order, False))

    def on_replace_sent(
        self, order: NewOrder, price_ticks: int, leaves_lots: int, estimate: SlippageEstimate, now_ns: int
    ) -> None:
        """Takes a replace that goes out now, after which `leaves_lots` would be left at `price_ticks`, at this cost."""
        arrival = self._arrival(order.instrument, estimate, now_ns)
        self._replacement_arrivals.setdefault(order.order_id, []).append(arrival)
        wanted = msgspec.structs.replace(order, price_ticks=price_ticks, size_lots=leaves_lots)
        self._sent.append((now_ns, wanted, True))

    def on_event(self, event: OrderEvent, strategy: str, ended: bool) -> None:
        """Takes an event of an order of that strategy; `ended` says whether the order has ended by it."""
        tally = self.tallies[event.instrument]
        if isinstance(event, Fill):
            self._on_fill(event, strategy)
        elif isinstance(event, Accepted):
            tally.accepted += 1
            arrival = self.arrivals.get(event.order_id)
            # A venue whose clock is behind ours may date it before the order left: then it measures nothing.
            if arrival is not None and (took_ns := event.time_ns - arrival.submitted_ns) >= 0:
                self._stages.venue(took_ns)
        elif isinstance(event, Replaced):
            tally.replaced += 1
            if waiting := self._replacement_arrivals.get(event.order_id):
                self.arrivals[event.order_id] = waiting.pop(0)
        elif isinstance(event, Cancelled | Expired):
            tally.cancelled += 1
        else:
            self._on_rejected(event)
        if ended:
            self.arrivals.pop(event.order_id, None)
            self._replacement_arrivals.pop(event.order_id, None)

    def fold(self) -> None:
        """Moves what was sampled to where it is kept. Called between chunks of messages."""
        self.markouts.count()
        for sample in self._sent:
            self.orders[sample[1].instrument].add(sample)
        self._sent.clear()

    def _arrival(self, instrument: int, estimate: SlippageEstimate, now_ns: int) -> ArrivalPrice:
        mid = self._markets[instrument].mid_half_ticks()
        assert mid is not None  # a model that can't see a mid price refuses
        return ArrivalPrice(estimate, mid, now_ns)

    def _on_fill(self, fill: Fill, strategy: str) -> None:
        arrival = self.arrivals.get(fill.order_id)
        if arrival is None:
            # An order that this lane doesn't know: it has no arrival price to be measured by.
            return
        market = self._markets[fill.instrument]
        mid_after = market.mid_half_ticks()
        touched_ns, mid_before = market.before
        # The quote that the fill met, not the one that the message which filled us has left behind.
        mid = mid_before if touched_ns == fill.time_ns else mid_after
        record = FillRecord(self._fill_count, fill, strategy, arrival, mid or None, mid_after or None)
        self._fill_count += 1
        self.tallies[fill.instrument].add_fill(record)
        self.markouts.add(record)
        self.fills[fill.instrument].add(record)

    def _on_rejected(self, event: Rejected) -> None:
        self.tallies[event.instrument].rejected += 1
        self.refusals[f"venue: {event.reason}"] += 1
        waiting = self._replacement_arrivals.get(event.order_id)
        if event.request == "replace" and waiting:
            waiting.pop(0)
