"""What the strategies of a lane have asked for and the lane hasn't yet worked off."""

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from mainspring.model import CancelRequest

if TYPE_CHECKING:
    from mainspring.model import OrderRequest

__all__ = ["Requests", "Surplus"]


class Surplus(msgspec.Struct, frozen=True, gc=False):
    """A request beyond the `most` that a strategy may make at one instant: it is refused when its turn comes."""

    request: "OrderRequest"
    most: int


class Requests(list["OrderRequest | Surplus"]):
    """The requests of all strategies in the order in which they came; `next_order_id` is the id of the next order.

    See `limit_answers` for `most_answers`.
    """

    __slots__ = ("_answers", "_answers_ns", "_cancelled", "most_answers", "next_order_id")

    def __init__(self, most_answers: int) -> None:
        super().__init__()
        self.most_answers = most_answers
        self.next_order_id = 1
        self._answers: Counter[str] = Counter()
        self._answers_ns = -1
        self._cancelled: set[int] = set()

    def take(self) -> "list[OrderRequest | Surplus]":
        """Returns all of them, and forgets them."""
        taken = self[:]
        self.clear()
        return taken

    def limit_answers(self, strategy: str, first: int, now_ns: int) -> None:
        """Takes the requests from index `first` on as a strategy's answer to an order event of its own.

        Without latency such an answer has its own event at the same instant, so that a strategy which answers each
        would never leave it. Beyond `most_answers` at one instant, requests become a `Surplus`. An order's first cancel
        doesn't count, so that any number of orders can be cancelled.
        """
        if now_ns != self._answers_ns:
            self._answers_ns = now_ns
            self._answers.clear()
            self._cancelled.clear()
        for at in range(first, len(self)):
            request = self[at]
            assert not isinstance(request, Surplus)
            if isinstance(request, CancelRequest) and request.order_id not in self._cancelled:
                self._cancelled.add(request.order_id)
                continue
            self._answers[strategy] += 1
            if self._answers[strategy] > self.most_answers:
                self[at] = Surplus(request, self.most_answers)
