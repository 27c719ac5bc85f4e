"""Holds a venue's word against what a lane knows, while it runs and after a crash. It does no input or output.

Invariants:

1. Every execution counts once, by the venue's id of it, whether the stream brings it, a query, or both, in any order.
2. An order whose state isn't known keeps its exposure, and its instrument takes no new order, until the venue says by
   its client order id, its open orders and its executions what became of it, or a person does.
3. Nothing is sent again. What may have been sent is looked up.
4. Nothing follows from absence before a request has had `settle_ns` to arrive, nor from an answer that wasn't whole.
5. A word of the stream that doesn't fit is held until the venue was asked: something was missed, or contradicts.
6. What no missed execution explains is a difference: it is named and counted, and new orders stop in its instrument.
7. A round ends with the account's positions, and its balances if they are compared: they are those of all fills, or
   there is a difference.
8. The same events at the same times give the same queries and the same events.
9. Assumed: the venue's clock and the lane's differ by less than `OVERLAP_NS`.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from mainspring.lane import ClearDiscrepancy, Disputed, Event, Execution
from mainspring.model import (
    Accepted,
    Fill,
    OrderEvent,
    OrderReport,
    Query,
    QuerySubject,
    Rejected,
    VenueReport,
)
from mainspring.orders import Order, OrderState, OrderTracker
from mainspring.orders.discrepancy import describe_event
from mainspring.recovery.differences import (
    NO_ANSWER,
    UNFAMILIAR_FILL,
    UNFAMILIAR_ORDER,
    Difference,
    explain,
)
from mainspring.recovery.holdings import Holdings
from mainspring.recovery.inquiry import Inquiry, ReconcilerOptions
from mainspring.recovery.open_orders import compare_open, describe_stranger
from mainspring.recovery.resolution import fitting, oldest, resolve
from mainspring.recovery.round import Round
from mainspring.recovery.stream import Stream
from mainspring.seams import NEVER_NS

__all__ = ["OVERLAP_NS", "Reconciler"]

OVERLAP_NS: Final = 60_000_000_000
"""How far back before the last round executions are asked for again."""

_KEPT: Final = 10_000


class Reconciler:
    """Reconciles the orders and positions of one router's instruments.

    What the router hands out goes through `on_event` and `on_report`, which return what to feed the lane. `due_ns` is
    when `on_time` wants to be called, and `take_queries` has what to ask the venue after each of these. `differences`
    are all that were found, oldest first. `done` says that the last round answered everything.
    """

    def __init__(
        self,
        router: int,
        instruments: Collection[int],
        tracker: OrderTracker,
        holdings: Holdings,
        client_order_id: Callable[[int], str],
        last_order_id: Callable[[], int],
        options: ReconcilerOptions = ReconcilerOptions(),  # noqa: B008  frozen
    ) -> None:
        """`router` is the router's number, and `instruments` the indexes of its instruments.

        `holdings` compares positions and balances, `client_order_id` returns the id by which the venue knows an order,
        and `last_order_id` the highest order id that was ever given.
        """
        self.differences: list[Difference] = []
        self.done = False
        self.due_ns = options.poll_ns or NEVER_NS
        self._router = router
        self._instruments = frozenset(instruments)
        self._tracker = tracker
        self._holdings = holdings
        self._client_order_id = client_order_id
        self._last_order_id = last_order_id
        self._options = options
        self._queries: list[Query] = []
        self._query_id = 0
        self._round: Round | None = None
        self._next_round_ns = self.due_ns
        self._since_ns = 0
        self._silent = False
        self._inquiries: dict[int, Inquiry] = {}
        self._given_up: set[int] = set()
        self._sent_ns: dict[int, int] = {}
        self._last_ns = 0
        self._strangers: set[str] = set()
        self._stream = Stream(tracker)

    def start(self, now_ns: int, last_ns: int) -> None:
        """Begins: every open order is asked about. Before `last_ns`, on the lane's clock, everything was known."""
        own = [order.order for order in self._tracker.all_open() if order.order.instrument in self._instruments]
        self._last_ns = self._stream.known_ns = last_ns
        self._since_ns = max(min([last_ns, *(order.created_ns for order in own)]) - OVERLAP_NS, 0)
        self._inquiries.update((order.order_id, Inquiry(now_ns)) for order in own)
        self.ask_now(now_ns)

    def ask_now(self, now_ns: int) -> None:
        """Has the next round begin now, or after the one that goes on: something may have been missed."""
        self.done = False
        self._next_round_ns = now_ns
        self._set_due()

    def inquire(self, order_id: int, now_ns: int) -> None:
        """Has the venue asked about an order whose state isn't known."""
        order = self._tracker.find(order_id)
        if order is not None and order.order.instrument in self._instruments:
            self._inquiry(order_id, now_ns)
            self._set_due()

    def on_sent(self, order_id: int, now_ns: int) -> None:
        """Takes that a request about an order was sent."""
        self._sent_ns[order_id] = now_ns
        if len(self._sent_ns) > _KEPT:
            del self._sent_ns[next(iter(self._sent_ns))]
        if self._round is not None:
            self._round.touched.add(order_id)

    def take_queries(self) -> list[Query]:
        """Returns what to ask the venue now."""
        taken, self._queries = self._queries, []
        return taken

    def on_time(self, now_ns: int) -> list[Event]:
        """Does what is due, and returns what to feed the lane."""
        if released := self._release(now_ns):
            # What it leads to may end the inquiry.
            return released
        if self._round is None:
            if now_ns >= self.due_ns:
                self._begin(now_ns)
            return []
        again = self._round.take_again(now_ns, self._options.answer_ns)
        self._ask(
            [self._query(one.subject, one.client_order_id, one.instrument, one.since_ns) for one in again], now_ns
        )
        return self._silence(self._round, now_ns)

    def on_event(self, event: OrderEvent, now_ns: int) -> list[Event]:
        """Takes a word of the stream, and returns what to feed the lane: nothing if it was known, or doesn't fit."""
        if self._stream.is_known(event):
            return []
        self._stream.remember(event)
        order_id = event.order_id
        if self._round is not None:
            self._round.touch(event)
        order = self._tracker.find(order_id)
        if order is None or order.order.instrument != event.instrument:
            return self._feed([event], now_ns)
        event = self._stream.in_order(event)
        fits = fitting(order, event)
        if fits is None:
            self._inquiry(order_id, now_ns + self._options.hold_ns).held.append(event)
            self._set_due()
            return []
        self._given_up.discard(order_id)
        if isinstance(event, Rejected) and event.request == "cancel":
            # Most often the order has ended, and the stream may have lost that.
            self._inquiry(order_id, now_ns + self._options.hold_ns)
        if order_id in self._inquiries and self._inquiries[order_id].held:
            # It may be what the held words were waiting for.
            self._inquiries[order_id].due_ns = now_ns
        self._set_due()
        return self._feed_fitting(fits, now_ns)

    def on_report(self, report: VenueReport, now_ns: int) -> list[Event]:
        """Takes a part of an answer, and returns what to feed the lane."""
        one = self._round
        if one is None or not one.take(report, now_ns):
            return []
        self._set_due()
        if not one.answered:
            return self._silence(one, now_ns)
        if one.phase == "orders":
            one.phase = "fills"
            self._ask([self._query("fills", since_ns=self._since_ns)], now_ns)
            return []
        if one.phase == "positions":
            return self._end(one, now_ns)
        events = self._on_orders(one, now_ns)
        if self._inquiries:
            # Positions mean nothing while fills may be missing.
            self._finish(now_ns)
        else:
            one.phase = "positions"
            self._ask([self._query(subject) for subject in self._holdings.subjects], now_ns)
        return events

    def _release(self, now_ns: int) -> list[Event]:
        """Returns the first held word of each order that fits by now: what it had overtaken has come."""
        events: list[Event] = []
        for order_id, inquiry in list(self._inquiries.items()):
            order = self._tracker.find(order_id) if inquiry.held else None
            if order is not None:
                events += self._feed_fitting(inquiry.release(order), now_ns)
                if not inquiry.held and not inquiry.tries and order.state != OrderState.UNKNOWN:
                    del self._inquiries[order_id]
        self._set_due()
        return events

    def _begin(self, now_ns: int) -> None:
        one = self._round = Round(now_ns, self._inquiries, self._options.retry_ns)
        queries = [self._query("open-orders")]
        for order_id in one.inquired:
            order = self._tracker.find(order_id)
            instrument = -1 if order is None else order.order.instrument
            queries.append(self._query("order", self._client_order_id(order_id), instrument))
        self._ask(queries, now_ns)

    def _query(self, subject: QuerySubject, client_id: str = "", instrument: int = -1, since_ns: int = 0) -> Query:
        self._query_id += 1
        return Query(self._query_id, subject, client_id, instrument, since_ns)

    def _ask(self, queries: list[Query], now_ns: int) -> None:
        assert self._round is not None
        for query in queries:
            self._round.ask(query, now_ns)
        self._queries += queries
        self._set_due()

    def _on_orders(self, one: Round, now_ns: int) -> list[Event]:
        """Orders and fills have been answered: resolves inquiries, and finds what else is to be asked."""
        events: list[Event] = []
        missing: dict[int, list[Fill]] = {}
        for fill in sorted((report.fill for report in one.fills), key=lambda fill: (fill.time_ns, fill.fill_id)):
            if fill.instrument in self._instruments and not self._tracker.has_fill(fill.order_id, fill.fill_id):
                missing.setdefault(fill.order_id, []).append(fill)
        for order_id in one.inquired:
            if order_id in self._inquiries:
                events += self._resolve(one, order_id, missing.pop(order_id, []), now_ns)
        for order_id, fills in missing.items():
            events += self._on_missing(one, order_id, fills, now_ns)
        events += self._on_open(one, now_ns)
        self._set_due()
        return events

    def _resolve(self, one: Round, order_id: int, missing: list[Fill], now_ns: int) -> list[Event]:
        inquiry, options = self._inquiries[order_id], self._options
        order, report = self._tracker.find(order_id), one.orders.get(order_id)
        if order is None:
            del self._inquiries[order_id]
            return []
        if report is None or order_id in one.touched:
            # Something has happened since the venue was asked: what it said is of no use, but for executions.
            inquiry.due_ns = now_ns + options.retry_ns
            found_again = oldest(order, missing, one.asked_ns - options.lag_ns)
            return self._explained(order, found_again, inquiry, one.asked_ns, now_ns)
        # An order that isn't there hasn't arrived, whatever was asked of it since.
        sent_ns = self._sent_ns.get(order_id, self._last_ns) if report.status != "not-found" else order.order.created_ns
        settled_ns = sent_ns + options.settle_ns
        settled = one.asked_ns >= settled_ns
        last = settled and inquiry.tries + 1 >= options.tries
        found = resolve(order, report, missing, settled=settled, last=last)
        ids = {fill.fill_id for fill in missing}
        unexplained = [one for one in inquiry.held if isinstance(one, Fill) and one.fill_id not in ids]
        if found.again or (unexplained and not last):
            inquiry.tries += settled
            inquiry.due_ns = max(now_ns + options.retry_ns, 0 if settled else settled_ns)
            return []
        del self._inquiries[order_id]
        events = self._explained(order, found.events, inquiry, report.time_ns, now_ns)
        what, detail = found.contradiction
        if what:
            self._given_up.add(order_id)
            events += self._differ(now_ns, order.order.instrument, order_id, what, detail)
        # The lane counts each, and calls it what it is.
        return events + self._feed([*(missing if what else ()), *unexplained], now_ns)

    def _explained(
        self, order: Order, events: list[OrderEvent], inquiry: Inquiry, until_ns: int, now_ns: int
    ) -> list[Event]:
        for event in events:
            self._stream.answer(event, until_ns)
            if event not in inquiry.held and (type(event) is not Accepted or not order.acknowledged):
                what, explanation = explain(event)
                detail = f"order {event.order_id} was {order.state}"
                self.differences.append(Difference(now_ns, event.instrument, event.order_id, what, detail, explanation))
        inquiry.forget(events)
        return self._feed(events, now_ns)

    def _on_missing(self, one: Round, order_id: int, fills: list[Fill], now_ns: int) -> list[Event]:
        """Takes fills of an order that wasn't asked about."""
        if self._tracker.find(order_id) is not None:
            # The stream may be about to bring what happened just now.
            starting = not self.done and not self._sent_ns
            if starting or any(fill.time_ns <= one.asked_ns - self._options.lag_ns for fill in fills):
                self._inquiry(order_id, now_ns)
            return []
        if 0 < order_id <= self._last_order_id():
            # It ended so long ago that it isn't tracked any more, and its fills with it.
            return []
        for fill in fills:
            self._stream.remember(fill)
            what, detail = UNFAMILIAR_FILL, describe_event(fill)
            self.differences.append(Difference(now_ns, fill.instrument, order_id, what, detail))
        # An order that isn't ours is a discrepancy that the order tracker itself finds.
        return self._feed(fills, now_ns)

    def _on_open(self, one: Round, now_ns: int) -> list[Event]:
        """Compares the venue's open orders with ours."""
        arrived_ns = one.asked_ns - self._options.settle_ns
        doubtful, strangers = compare_open(
            one, self._tracker, self._instruments, lambda order_id: self._sent_ns.get(order_id, 0) <= arrived_ns
        )
        for order_id in doubtful:
            if order_id not in self._given_up:
                self._inquiry(order_id, now_ns)
        return [event for report in strangers for event in self._on_stranger(report, now_ns)]

    def _on_stranger(self, report: OrderReport, now_ns: int) -> list[Event]:
        if report.client_order_id in self._strangers or report.instrument not in self._instruments:
            return []
        self._strangers.add(report.client_order_id)
        order_id, detail = report.order_id or 0, describe_stranger(report)
        return self._differ(now_ns, report.instrument, order_id, UNFAMILIAR_ORDER, detail)

    def _end(self, one: Round, now_ns: int) -> list[Event]:
        """What the account holds has been answered: compares it, and ends the round."""
        events: list[Event] = []
        for instrument, what, detail in self._holdings.compare(one):
            events += self._differ(now_ns, instrument, 0, what, detail)
        if self._silent:
            self._silent = False
            events += self._answers_again(now_ns)
        self._since_ns = max(self._since_ns, one.asked_ns - OVERLAP_NS)
        self.done = not (self._inquiries or one.moved) and self._holdings.settled
        self._finish(now_ns)
        return events

    def _finish(self, now_ns: int) -> None:
        self._round = None
        poll_ns = self._options.poll_ns
        self._next_round_ns = now_ns + poll_ns if poll_ns else NEVER_NS
        if not self.done and not self._inquiries:
            self._next_round_ns = now_ns + self._options.retry_ns
        self._set_due()

    def _silence(self, one: Round, now_ns: int) -> list[Event]:
        """Stops new orders while the venue doesn't answer."""
        if one.most_failures < self._options.tries or self._silent:
            return []
        self._silent = True
        places, detail = sorted(self._instruments), f"the venue doesn't answer: {one.problem}"
        return [event for place in places for event in self._differ(now_ns, place, 0, NO_ANSWER, detail)]

    def _answers_again(self, now_ns: int) -> list[Event]:
        """Lets orders go out again where nothing but the silence stopped them."""
        stopped = sorted(self._instruments & self._tracker.stops.keys())
        silent = [one for one in stopped if self._tracker.stops[one].detail.startswith(NO_ANSWER)]
        return [ClearDiscrepancy(now_ns, instrument) for instrument in silent]

    def _differ(self, now_ns: int, instrument: int, order_id: int, what: str, detail: str) -> list[Event]:
        self.differences.append(Difference(now_ns, instrument, order_id, what, detail))
        return [Disputed(now_ns, instrument, order_id, what, detail)]

    def _feed(self, events: Sequence[OrderEvent], now_ns: int) -> list[Event]:
        self._holdings.on_events(events)
        return [Execution(now_ns, self._router, event) for event in events]

    def _feed_fitting(self, events: list[OrderEvent], now_ns: int) -> list[Event]:
        if len(events) > 1:
            # The stream's own acceptance is still to come.
            self._stream.answer(events[0], events[0].time_ns)
        return self._feed(events, now_ns)

    def _inquiry(self, order_id: int, now_ns: int) -> Inquiry:
        self.done = False
        return self._inquiries.setdefault(order_id, Inquiry(now_ns))

    def _set_due(self) -> None:
        if (one := self._round) is not None:
            self.due_ns = one.due_ns(self._options.answer_ns)
        else:
            self.due_ns = min([self._next_round_ns, *(each.due_ns for each in self._inquiries.values())])
