"""Binance spot and USD-M futures: orders by their REST interfaces, and the account's events by a WebSocket.

A request says when it was sent, by the venue's clock, and is signed; what arrives after `recv_window_ms` is refused, so
that a request that isn't known a little later never will be.
"""

from collections.abc import Generator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from mainspring.errors import WireError
from mainspring.model import NewOrder, Query
from mainspring.seams import Catalogue, RouterContext, hookimpl
from mainspring.wire import HttpAnswer, HttpRequest
from mainspring_plugins.routers._binance_forms import (
    BinanceForms,
    cancel_query,
    code_of,
    new_order_query,
    replacement_query,
)
from mainspring_plugins.routers._binance_market import SPOT, USDM, BinanceMarket
from mainspring_plugins.routers._binance_names import revised, split_name
from mainspring_plugins.routers._binance_options import BinanceOptions
from mainspring_plugins.routers._binance_queries import BinanceQueries
from mainspring_plugins.routers._order_entry import RETRY_NS, OrderEntryRouter
from mainspring_plugins.routers._questions import Ask, Asking, decoded
from mainspring_plugins.routers._request_budget import RequestBudget
from mainspring_plugins.routers._tracked_orders import Replacing, TrackedOrder
from mainspring_plugins.routers._venue_forms import Outcome
from mainspring_plugins.routers._venue_orders import VenueOrder

__all__ = ["BinanceOptions", "BinanceSpotRouter", "BinanceUsdmRouter", "register_routers"]

_NS_IN_MS: Final = 1_000_000
_MINUTE_NS: Final = 60_000_000_000
# A listen key is good for an hour.
_KEEPALIVE_NS: Final = 30 * _MINUTE_NS
_CLOCK_NS: Final = 30 * _MINUTE_NS
_TOO_MANY: Final = (418, 429)
_LATE: Final = -1021
# Certainly not done: out of the window of time, too many orders.
_LATER: Final = (_LATE, -1015)
# Binance itself doesn't know: disconnected, an unexpected answer from its inside, a time-out there.
_UNKNOWN: Final = (-1000, -1001, -1006, -1007)
_REFUSED: Final = frozenset(range(400, 500)) - {408}


class _BinanceRouter(OrderEntryRouter):
    """What both markets have in common."""

    def __init__(self, context: RouterContext, options: BinanceOptions, market: BinanceMarket) -> None:
        weight, orders = options.weight_per_minute, options.orders_per_10s
        budget = RequestBudget(weight or market.weight_per_minute, orders or market.orders_per_10s)
        super().__init__(context, options.entry(market), budget)
        self._market = market
        self._spot = market is SPOT
        self._recv_window_ms = options.recv_window_ms
        self._forms = BinanceForms(context.instruments, context.first_index)
        self._queries = BinanceQueries(context, self._forms, market, spot=self._spot)
        self._clock_known = self._clock_asked = False
        self._clock_ns = 0

    def take_requests(self, now_ns: int) -> Sequence[HttpRequest]:
        """Returns what may be sent by now; the venue's time is asked for first, since requests say it."""
        if not self._clock_known:
            # Nothing else leaves before: it waits until the clock is known.
            return [] if self._clock_asked or not self._budget.has_room(now_ns) else [self._ask_clock(now_ns)]
        if now_ns >= self._clock_ns and not self._clock_asked and self._budget.has_room(now_ns):
            return [self._ask_clock(now_ns), *super().take_requests(now_ns)]
        return super().take_requests(now_ns)

    def _ask_clock(self, now_ns: int) -> HttpRequest:
        self._clock_asked = True
        self._number += 1
        self._done[self._number] = partial(self._on_clock, now_ns)
        return HttpRequest(number=self._number, method="GET", path=self._market.time)

    def _on_clock(self, sent_ns: int, status: int, body: Any, now_ns: int) -> None:
        self._clock_asked = False
        time_ms = body.get("serverTime") if status == 200 and isinstance(body, Mapping) else None
        if not isinstance(time_ms, int):
            self._clock_ns = now_ns + RETRY_NS
            return
        self.ahead_ns = time_ms * _NS_IN_MS - (sent_ns + now_ns) // 2
        self._clock_known = True
        self._clock_ns = now_ns + _CLOCK_NS

    def _stamp(self, request: HttpRequest, now_ns: int) -> HttpRequest:
        if not request.signed:
            return request
        time_ms = (now_ns + self.ahead_ns) // _NS_IN_MS
        stamp = f"recvWindow={self._recv_window_ms}&timestamp={time_ms}"
        separator = "" if request.path.endswith("?") else "&"
        return msgspec.structs.replace(request, path=f"{request.path}{separator}{stamp}")

    def _took(self, request: HttpRequest, answer: HttpAnswer, body: Any, now_ns: int) -> None:
        used = answer.headers.get("x-mbx-used-weight-1m", "")
        if used.isdigit():
            self._budget.report(int(used), now_ns, self.ahead_ns)
        if code_of(body) == _LATE:
            self._clock_ns = now_ns

    def _on_event(self, form: Mapping[str, Any], now_ns: int) -> None:
        order = self._forms.report(form)
        if order is None:
            return
        self._queries.learn(order)
        order_id = self._queries.order_id(order.client_order_id)
        if order_id is not None:
            self._on_update(order_id, self._forms.update(order_id, order, form), now_ns)

    def _new_order(self, new: NewOrder, name: str) -> Ask:
        query = new_order_query(self._forms, new, name, spot=self._spot)
        return Ask(f"{self._market.order}?{query}", "POST", signed=True, orders=1)

    def _cancel(self, one: TrackedOrder) -> Ask:
        return Ask(f"{self._market.order}?{cancel_query(self._forms, one)}", "DELETE", signed=True)

    def _outcome(self, status: int, body: Any) -> Outcome:
        code = code_of(body)
        if code in _UNKNOWN:
            return "unknown"
        if status in _TOO_MANY or code in _LATER:
            return "later"
        return "done" if 200 <= status < 300 else "refused" if status in _REFUSED else "unknown"

    def _refusal(self, status: int, body: Any) -> str:
        return f"refused-{abs(code_of(body)) or status}"

    def _order_in(self, body: Any) -> VenueOrder | None:
        form = body.get("newOrderResponse", body) if isinstance(body, Mapping) else None
        try:
            order = self._forms.order(form) if isinstance(form, Mapping) else None
        except WireError:
            order = None
        if order is not None:
            self._queries.learn(order)
        return order

    def _find(self, name: str, instrument: int) -> Generator[Ask, tuple[int, Any], VenueOrder | None]:
        return self._queries.find(name, instrument)

    def _question(self, query: Query, now_ns: int) -> Asking:
        return self._queries.ask(query, now_ns + self.ahead_ns)


class BinanceSpotRouter(_BinanceRouter):
    """Sends orders to Binance spot. Keeps the contract of `mainspring.wire.ConnectedRouter`.

    A replacement cancels the order and places another, in one request; if the cancel fails, nothing is placed.
    """

    def __init__(self, context: RouterContext, *, options: BinanceOptions) -> None:
        super().__init__(context, options, SPOT)

    def received(self, message: bytes, now_ns: int) -> None:
        """Takes a message of the account's events. After one that can't be read, the venue is asked what was missed."""
        form = decoded(message)
        if not isinstance(form, Mapping):
            self._missed(now_ns)
            return
        event = form.get("event")
        if form.get("id") == "subscriptions":
            if form.get("result") and not self._up:
                self._set_up(now_ns, up=True)
        elif isinstance(event, Mapping) and event.get("e") == "executionReport":
            try:
                self._on_event(event, now_ns)
            except WireError:
                self._missed(now_ns)

    def _replacement_name(self, one: TrackedOrder, now_ns: int) -> str:
        assert one.last is not None
        return revised(one.name, split_name(one.last.client_order_id)[1] + 1)

    def _replacement(self, one: TrackedOrder, replacing: Replacing) -> Ask:
        query = replacement_query(self._forms, one, replacing, spot=True)
        return Ask(f"{self._market.order}/cancelReplace?{query}", "POST", signed=True, orders=1)


class BinanceUsdmRouter(_BinanceRouter):
    """Sends orders to Binance USD-M futures. Keeps the contract of `mainspring.wire.ConnectedRouter`.

    A replacement changes the order's own price and total size; it then stands behind all others at its price.
    """

    replaces_in_place = True

    def __init__(self, context: RouterContext, *, options: BinanceOptions) -> None:
        super().__init__(context, options, USDM)
        self._kept_ns = 0

    def connected(self, now_ns: int) -> None:
        """Takes that the stream stands: its address has the key, so that nothing need be asked for on it."""
        self._set_up(now_ns, up=True)
        self._kept_ns = now_ns + _KEEPALIVE_NS

    def take_requests(self, now_ns: int) -> Sequence[HttpRequest]:
        """Returns what may be sent by now; the stream's key is kept alive."""
        if self._up and now_ns >= self._kept_ns:
            self._kept_ns = now_ns + _KEEPALIVE_NS
            self._ask(self._budget.questions, Ask(self._market.keepalive, "PUT"), self._on_kept)
        return super().take_requests(now_ns)

    def received(self, message: bytes, now_ns: int) -> None:
        """Takes a message of the account's events. After one that can't be read, the venue is asked what was missed."""
        form = decoded(message)
        if not isinstance(form, Mapping):
            self._missed(now_ns)
            return
        order = form.get("o")
        if form.get("e") == "ORDER_TRADE_UPDATE" and isinstance(order, Mapping):
            try:
                self._on_event(order, now_ns)
            except WireError:
                self._missed(now_ns)

    def _on_kept(self, status: int, body: Any, now_ns: int) -> None:
        if status != 200:
            self._kept_ns = now_ns + _MINUTE_NS

    def _replacement_name(self, one: TrackedOrder, now_ns: int) -> str:
        return ""

    def _replacement(self, one: TrackedOrder, replacing: Replacing) -> Ask:
        query = replacement_query(self._forms, one, replacing, spot=False)
        return Ask(f"{self._market.order}?{query}", "PUT", signed=True, orders=1)


@hookimpl
def register_routers(catalogue: Catalogue) -> None:
    """Offers `binance-spot` and `binance-usdm`."""
    catalogue.add(
        "binance-spot",
        BinanceSpotRouter,
        summary="Binance spot: orders at an account with money, or at a venue with the same API",
        options=BinanceOptions,
        capabilities={"connects": True, "answers_queries": True, "terms": "ioc,fok,post-only"},
    )
    catalogue.add(
        "binance-usdm",
        BinanceUsdmRouter,
        summary="Binance USD-M futures: orders at an account with money, or at a venue with the same API",
        options=BinanceOptions,
        capabilities={"connects": True, "answers_queries": True, "terms": "ioc,fok,post-only,reduce-only"},
    )
