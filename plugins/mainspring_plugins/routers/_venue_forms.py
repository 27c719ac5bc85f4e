"""What a venue's router adds to the part that all have in common: how it writes requests, and reads answers."""

import abc
from collections.abc import Generator
from typing import Any, ClassVar, Literal, TypeAlias

from mainspring.model import NewOrder, Query
from mainspring.wire import HttpAnswer, HttpRequest
from mainspring_plugins.routers._questions import Ask, Asking
from mainspring_plugins.routers._tracked_orders import Replacing, TrackedOrder
from mainspring_plugins.routers._venue_orders import VenueOrder

__all__ = ["Outcome", "VenueForms"]

Outcome: TypeAlias = Literal["done", "refused", "later", "unknown"]
"""What an answer says: it was done, it wasn't, it wasn't but may be tried again, or nobody knows."""


class VenueForms(abc.ABC):
    """The forms of one venue."""

    replaces_in_place: ClassVar[bool] = False
    """Whether the venue changes an order's price and total size, rather than put another in its place."""

    @abc.abstractmethod
    def _new_order(self, new: NewOrder, name: str) -> Ask:
        """Writes a new order of that client's id."""

    @abc.abstractmethod
    def _replacement_name(self, one: TrackedOrder, now_ns: int) -> str:
        """Returns the client's id of what replaces an order; only where another order does."""

    @abc.abstractmethod
    def _replacement(self, one: TrackedOrder, replacing: Replacing) -> Ask:
        """Writes the request to replace an order whose id at the venue is known."""

    @abc.abstractmethod
    def _cancel(self, one: TrackedOrder) -> Ask:
        """Writes the request to cancel an order whose id at the venue is known."""

    @abc.abstractmethod
    def _outcome(self, status: int, body: Any) -> Outcome:
        """Returns what a venue's answer says."""

    @abc.abstractmethod
    def _refusal(self, status: int, body: Any) -> str:
        """Returns a code for why the venue refused."""

    @abc.abstractmethod
    def _order_in(self, body: Any) -> VenueOrder | None:
        """Reads the order in the answer to a request that was done; None if it can't be read."""

    @abc.abstractmethod
    def _find(self, name: str, instrument: int) -> Generator[Ask, tuple[int, Any], VenueOrder | None]:
        """Asks for the order of a client's id, the last of those that replaced it; None if the venue has none."""

    @abc.abstractmethod
    def _question(self, query: Query, now_ns: int) -> Asking:
        """Returns the question of a query, whose reports end with a `QueryEnded`."""

    def _took(self, request: HttpRequest, answer: HttpAnswer, body: Any, now_ns: int) -> None:  # noqa: B027
        """Takes an answer before what it is about does: its headers, and what it says of us."""

    def _stamp(self, request: HttpRequest, now_ns: int) -> HttpRequest:
        """Returns a request as it leaves: some say when."""
        return request
