"""Asks Alpaca about orders, fills, positions and money: each question is a generator that yields what to GET next."""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from mainspring.model import BalanceReport, FillReport, OrderReport, PositionReport, Query, QueryEnded, VenueReport
from mainspring.seams import RouterContext
from mainspring_plugins.routers._alpaca_forms import AlpacaForms, time_of
from mainspring_plugins.routers._questions import Ask, Asking, UnansweredError
from mainspring_plugins.routers._venue_orders import VenueOrder, quoted

__all__ = ["AlpacaQueries"]

_NS: Final = 1_000_000_000
_MOST_ORDERS: Final = 500
_PAGE: Final = 100
_MOST_CHAIN: Final = 1_000
_NOT_FOUND: Final = 404


class AlpacaQueries:
    """What the venue's word on orders is, in our terms. `names` are the client's ids of orders by the venue's."""

    def __init__(self, context: RouterContext, instruments: AlpacaForms) -> None:
        self._order_id_of = context.order_id_of
        self._instruments = instruments
        self.names: dict[str, str] = {}

    def ask(self, query: Query, now_ns: int) -> Asking:
        """Returns the question of a query, whose reports end with a `QueryEnded`."""
        asking = {
            "order": self._order,
            "open-orders": self._open_orders,
            "fills": self._fills,
            "positions": self._positions,
            "balances": self._balances,
        }[query.subject](query, now_ns)
        reports = yield from asking
        return [*reports, QueryEnded(query.query_id, now_ns)]

    def find(self, client_order_id: str) -> Generator[Ask, tuple[int, Any], VenueOrder | None]:
        """Asks for the order of a client's id, the latest of those that replaced it; None if the venue has none."""
        status, body = yield Ask(f"/v2/orders:by_client_order_id?client_order_id={quoted(client_order_id)}")
        if status == _NOT_FOUND:
            return None
        order = self._read(status, body)
        for _ in range(_MOST_CHAIN):
            if not order.replaced_by:
                break
            order = self._read(*(yield Ask(f"/v2/orders/{order.replaced_by}")))
        return order

    def filled_before(self, order: VenueOrder) -> Generator[Ask, tuple[int, Any], int]:
        """Asks what the orders have filled that this one replaced, in lots."""
        filled_lots = 0
        for _ in range(_MOST_CHAIN):
            if not order.replaces:
                break
            order = self._read(*(yield Ask(f"/v2/orders/{order.replaces}")))
            filled_lots += order.filled_lots
        return filled_lots

    def order_id(self, client_order_id: str) -> int | None:
        """Returns our order of a client's id, to which a replacement adds a number; None if it isn't ours."""
        name, _, number = client_order_id.partition("-r")
        return self._order_id_of(name) if not number or number.isdigit() else None

    def _read(self, status: int, body: Any) -> VenueOrder:
        if status != 200 or not isinstance(body, Mapping):
            raise UnansweredError(f"status {status}")
        order = self._instruments.order(body)
        if order is None:
            raise UnansweredError("an order in another instrument")
        self.names[order.id] = order.client_order_id
        return order

    def _order(self, query: Query, now_ns: int) -> Asking:
        order = yield from self.find(query.client_order_id)
        if order is None:
            our_id, name = self._order_id_of(query.client_order_id), query.client_order_id
            return [OrderReport(query.query_id, name, our_id, query.instrument, now_ns, "not-found")]
        before = yield from self.filled_before(order)
        return [self._report(query, order, before)]

    def _report(self, query: Query, order: VenueOrder, before: int) -> OrderReport:
        name = order.client_order_id.partition("-r")[0]
        order_id = self.order_id(order.client_order_id)
        return OrderReport(
            query.query_id,
            order.client_order_id if order_id is None else name,
            order_id,
            order.instrument,
            order.time_ns,
            order.reported,
            order.side,
            order.price_ticks,
            before + order.size_lots,
            before + order.filled_lots,
            "" if order.reported in ("open", "filled") else order.status,
        )

    def _open_orders(self, query: Query, _: int) -> Asking:
        body = self._list(*(yield Ask(f"/v2/orders?status=open&direction=asc&limit={_MOST_ORDERS}")))
        if len(body) >= _MOST_ORDERS:
            raise UnansweredError(f"{_MOST_ORDERS} open orders or more, which can't all be listed")
        reports: list[VenueReport] = []
        for form in body:
            order = self._instruments.order(form)
            if order is not None:
                self.names[order.id] = order.client_order_id
                before = yield from self.filled_before(order)
                reports.append(self._report(query, order, before))
        return reports

    def _fills(self, query: Query, _: int) -> Asking:
        since = datetime.fromtimestamp(query.since_ns // _NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = f"/v2/account/activities/FILL?direction=asc&page_size={_PAGE}&after={quoted(since)}"
        reports: list[VenueReport] = []
        token = ""
        while True:
            body = self._list(*(yield Ask(path + (f"&page_token={quoted(token)}" if token else ""))))
            for form in body:
                place = self._instruments.place(form.get("symbol"))
                if place is None:
                    continue
                venue_id = str(form.get("order_id"))
                if venue_id not in self.names:
                    self._read(*(yield Ask(f"/v2/orders/{venue_id}")))
                name = self.names[venue_id]
                order_id, time_ns = self.order_id(name) or 0, time_of(form, "transaction_time")
                fill = self._instruments.fill(order_id, place, form, time_ns, (venue_id, str(form.get("cum_qty"))))
                if time_ns >= query.since_ns:
                    reports.append(FillReport(query.query_id, name.partition("-r")[0] if order_id else name, fill))
            if len(body) < _PAGE:
                return reports
            token = str(body[-1].get("id"))

    def _positions(self, query: Query, now_ns: int) -> Asking:
        body = self._list(*(yield Ask("/v2/positions")))
        lots = dict.fromkeys(self._instruments.all, 0)
        for form in body:
            place = self._instruments.place(form.get("symbol"))
            if place is not None:
                lots[place] = self._instruments.lots(place, form.get("qty"), "qty")
        return [PositionReport(query.query_id, place, now_ns, count) for place, count in lots.items()]

    def _balances(self, query: Query, now_ns: int) -> Asking:
        status, body = yield Ask("/v2/account")
        if status != 200 or not isinstance(body, Mapping):
            raise UnansweredError(f"status {status}")
        return [BalanceReport(query.query_id, now_ns, str(body.get("currency")), Decimal(str(body.get("cash"))))]

    @staticmethod
    def _list(status: int, body: Any) -> list[Mapping[str, Any]]:
        if status != 200 or not isinstance(body, list):
            raise UnansweredError(f"status {status}")
        return body
