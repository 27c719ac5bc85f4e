"""Tracks what a router answers to queries, and which rule its next report would break."""

from random import Random

from mainspring.model import (
    BalanceReport,
    Fill,
    FillReport,
    OrderReport,
    PositionReport,
    Query,
    QueryEnded,
    QuerySubject,
    VenueReport,
)
from mainspring.testing._order_log import OrderLog, Reported
from mainspring.testing._rules import Rules, shorten

__all__ = ["QueryLog"]

_SUBJECTS: tuple[QuerySubject, ...] = ("order", "open-orders", "fills", "positions", "balances")
_REPORTS = {
    "order": OrderReport,
    "open-orders": OrderReport,
    "fills": FillReport,
    "positions": PositionReport,
    "balances": BalanceReport,
}


class QueryLog:
    """All queries of one drive through a router. `take` raises `ConformanceError` if a report breaks a rule.

    `instruments` is how many the router has. Client order ids are the order ids as text.
    """

    def __init__(self, rules: Rules, orders: OrderLog, instruments: int) -> None:
        self._rules = rules
        self._orders = orders
        self._instruments = instruments
        self._queries: dict[int, Query] = {}
        self._reports: dict[int, list[VenueReport]] = {}
        self._fills: dict[int, Fill] = {}
        self._last_id = 0

    def ask(self, random: Random, now_ns: int) -> Query:
        """Returns a query for the router."""
        self._last_id += 1
        subject = random.choice(_SUBJECTS)
        order_id = random.randint(1, max(self._orders.orders, default=1) + 1)
        known = self._orders.orders.get(order_id)
        query = Query(
            self._last_id,
            subject,
            client_order_id=str(order_id) if subject == "order" else "",
            instrument=known.order.instrument if subject == "order" and known is not None else 0,
            since_ns=now_ns - 5_000_000_000 if subject == "fills" else 0,
        )
        self._queries[query.query_id] = query
        self._reports[query.query_id] = []
        return query

    def note(self, fill: Fill) -> None:
        """Takes a fill of the stream of executions."""
        self._fills[fill.fill_id] = fill

    def take(self, report: VenueReport) -> None:
        """Records one report that `poll` returned."""
        hold, detail = self._rules.hold, shorten(report)
        query = self._queries.get(report.query_id)
        if query is None:
            hold("reports are of queries that were asked, until they are ended", False, detail)
            return
        if isinstance(report, QueryEnded):
            if not report.problem:
                self._check(query, self._reports.pop(query.query_id))
            del self._queries[query.query_id]
            return
        hold("a query is answered by reports of its kind", type(report) is _REPORTS[query.subject], detail)
        self._reports[query.query_id].append(report)
        if isinstance(report, OrderReport):
            self._check_order(query, report)
        elif isinstance(report, FillReport):
            hold("reported fills aren't older than was asked", report.fill.time_ns >= query.since_ns, detail)
            streamed = self._fills.setdefault(report.fill.fill_id, report.fill)
            hold("a fill is the same in the stream and in a report", streamed == report.fill, detail)
            hold("a report names the order", report.client_order_id == str(report.fill.order_id), detail)

    def end(self) -> None:
        """Checks the rule for the end: every query was ended."""
        self._rules.hold("every query is ended", not self._queries, lambda: shorten(list(self._queries.values())))

    def _check(self, query: Query, reports: list[VenueReport]) -> None:
        hold = self._rules.hold
        if query.subject == "order":
            hold("an order is answered by one report", len(reports) == 1, shorten(reports))
        elif query.subject == "positions":
            named = sorted(report.instrument for report in reports if isinstance(report, PositionReport))
            hold("each instrument's position is reported once", named == list(range(self._instruments)), shorten(named))

    def _check_order(self, query: Query, report: OrderReport) -> None:
        hold, detail = self._rules.hold, shorten(report)
        if query.subject == "order":
            hold("the order that was asked for is reported", report.client_order_id == query.client_order_id, detail)
        else:
            hold("open orders are open", report.status == "open", detail)
        hold("a report names our order", report.order_id == int(report.client_order_id), detail)
        known = self._orders.orders.get(int(report.client_order_id))
        if report.status == "not-found":
            # One that was sent may still be on its way.
            hold("an acknowledged order is found", known is None or not known.acknowledged, detail)
            return
        hold("only orders that were sent are found", known is not None, detail)
        assert known is not None
        hold("a report's filled size isn't above its size", report.filled_lots <= report.size_lots, detail)
        if known.finished:
            self._check_finished(known, report)

    def _check_finished(self, known: Reported, report: OrderReport) -> None:
        """The report may be older than what the stream has said, but no order opens again."""
        detail = shorten(report)
        if report.status != "open":
            same = report.filled_lots == known.filled_lots
            self._rules.hold("an ended order's filled size is that of its fills", same, detail)
