"""One round of questions to a venue: its orders, then its executions, then its positions and balances."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

from mainspring.model import (
    BalanceReport,
    Fill,
    FillReport,
    OrderEvent,
    OrderReport,
    PositionReport,
    Query,
    QueryEnded,
    VenueReport,
)
from mainspring.seams import NEVER_NS

__all__ = ["Round"]

_MOST_BACKOFF: Final = 6


class Round:
    """Collects the answers of one round. `phase` is what is being asked.

    Executions are asked for once all orders are answered, so that they include what the reports of these do, and
    positions and balances after the executions. `asked_ns` is when the first question left. A question that ends in a
    problem is asked again after `retry_ns`, then after twice as long, and what it had answered is forgotten. `inquired`
    are the orders that are asked about, `touched` those, and `moved` the instruments, that something has happened to
    since.
    """

    def __init__(self, now_ns: int, orders: Iterable[int], retry_ns: int) -> None:
        self.asked_ns = now_ns
        self.phase: Literal["orders", "fills", "positions"] = "orders"
        self.inquired = tuple(orders)
        self.orders: dict[int, OrderReport] = {}
        self.open: list[OrderReport] = []
        self.fills: list[FillReport] = []
        self.positions: dict[int, PositionReport] = {}
        self.balances: list[BalanceReport] = []
        self.touched: set[int] = set()
        self.moved: set[int] = set()
        self.problem = ""
        """The last problem that a query ended in."""
        self.most_failures = 0
        """How often in a row one and the same question has failed."""
        self._retry_ns = retry_ns
        self._waiting: dict[int, tuple[Query, int]] = {}
        self._answers: dict[int, list[VenueReport]] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._again: list[tuple[int, Query]] = []

    @property
    def answered(self) -> bool:
        """Whether every question of the phase was answered."""
        return not self._waiting and not self._again

    def due_ns(self, patience_ns: int) -> int:
        """When a question is to be asked again, or has waited for `patience_ns`."""
        again_ns = min((due_ns for due_ns, _ in self._again), default=NEVER_NS)
        return min([again_ns, *(asked_ns + patience_ns for _, asked_ns in self._waiting.values())])

    def ask(self, query: Query, now_ns: int) -> None:
        """Says that a query leaves now."""
        self._waiting[query.query_id] = (query, now_ns)
        self._answers[query.query_id] = []

    def take(self, report: VenueReport, now_ns: int) -> bool:
        """Takes a report. Returns whether it ended one of the round's queries."""
        waiting = self._waiting.get(report.query_id)
        if waiting is None:
            return False
        if not isinstance(report, QueryEnded):
            self._answers[report.query_id].append(report)
            return False
        answers = self._answers.pop(report.query_id)
        del self._waiting[report.query_id]
        if report.problem:
            self._fail(waiting[0], report.problem, now_ns)
        else:
            self._note(waiting[0], answers)
        return True

    def take_again(self, now_ns: int, patience_ns: int) -> list[Query]:
        """Returns the questions to ask again now, under their old ids, those that weren't answered in time among them.

        The caller gives each an id of its own.
        """
        for query_id, (query, asked_ns) in list(self._waiting.items()):
            if now_ns >= asked_ns + patience_ns:
                del self._waiting[query_id], self._answers[query_id]
                self._fail(query, "no answer in time", now_ns)
        due = [query for due_ns, query in self._again if due_ns <= now_ns]
        self._again = [(due_ns, query) for due_ns, query in self._again if due_ns > now_ns]
        return due

    def touch(self, event: OrderEvent) -> None:
        """Takes that something has happened to an order while the venue was being asked."""
        self.touched.add(event.order_id)
        if isinstance(event, Fill):
            self.moved.add(event.instrument)

    def _fail(self, query: Query, problem: str, now_ns: int) -> None:
        key = (query.subject, query.client_order_id)
        self._failures[key] += 1
        self.problem = problem
        self.most_failures = max(self.most_failures, self._failures[key])
        self._again.append((now_ns + self._retry_ns * 2 ** min(self._failures[key] - 1, _MOST_BACKOFF), query))

    def _note(self, query: Query, answers: list[VenueReport]) -> None:
        self._failures[query.subject, query.client_order_id] = 0
        for report in answers:
            if isinstance(report, OrderReport):
                if query.subject == "open-orders":
                    self.open.append(report)
                elif report.order_id is not None:
                    self.orders[report.order_id] = report
            elif isinstance(report, FillReport):
                self.fills.append(report)
            elif isinstance(report, PositionReport):
                self.positions[report.instrument] = report
            elif isinstance(report, BalanceReport):
                self.balances.append(report)
