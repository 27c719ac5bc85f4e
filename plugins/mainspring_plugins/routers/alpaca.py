"""Alpaca: orders in stocks and crypto, by its REST interface and its stream of trade updates."""

from collections.abc import Generator, Mapping
from typing import Any, Final

from mainspring.errors import WireError
from mainspring.model import NewOrder, Query
from mainspring.seams import Catalogue, RouterContext, hookimpl
from mainspring_plugins.routers._alpaca_forms import AlpacaForms, new_order_body, refusal, replacement_body
from mainspring_plugins.routers._alpaca_options import AlpacaOptions
from mainspring_plugins.routers._alpaca_queries import AlpacaQueries
from mainspring_plugins.routers._order_entry import OrderEntryRouter
from mainspring_plugins.routers._questions import Ask, Asking, decoded
from mainspring_plugins.routers._request_budget import RequestBudget
from mainspring_plugins.routers._tracked_orders import Replacing, TrackedOrder
from mainspring_plugins.routers._venue_forms import Outcome
from mainspring_plugins.routers._venue_orders import VenueOrder

__all__ = ["AlpacaOptions", "AlpacaRouter", "register_routers"]

_TOO_MANY: Final = 429
# What took too long may have been done all the same.
_REFUSED: Final = frozenset(range(400, 500)) - {408}


class AlpacaRouter(OrderEntryRouter):
    """Sends orders to Alpaca. Keeps the contract of `mainspring.wire.ConnectedRouter`.

    A replacement is another order, which has filled nothing and takes the place of the old one.
    """

    def __init__(self, context: RouterContext, *, options: AlpacaOptions) -> None:
        super().__init__(context, options.entry(), RequestBudget(options.requests_per_minute))
        self._forms = AlpacaForms(context.instruments, context.first_index)
        self._queries = AlpacaQueries(context, self._forms)

    def received(self, message: bytes, now_ns: int) -> None:
        """Takes a message of the stream. After one that can't be read, the venue is asked what was missed."""
        form = decoded(message)
        stream, data = (form.get("stream"), form.get("data")) if isinstance(form, Mapping) else (None, None)
        readable = isinstance(data, Mapping)
        if stream == "trade_updates" and isinstance(data, Mapping):
            try:
                self._on_data(data, now_ns)
            except WireError:
                readable = False
        elif stream == "listening" and isinstance(data, Mapping) and "trade_updates" in (data.get("streams") or ()):
            self._set_up(now_ns, up=True)
        if not readable:
            self._missed(now_ns)

    def _on_data(self, data: Mapping[str, Any], now_ns: int) -> None:
        form = data.get("order")
        order = self._forms.order(form) if isinstance(form, Mapping) else None
        if order is None:
            return
        self._queries.names[order.id] = order.client_order_id
        order_id = self._queries.order_id(order.client_order_id)
        if order_id is not None:
            self._on_update(order_id, self._forms.update(order_id, order, data), now_ns)

    def _new_order(self, new: NewOrder, name: str) -> Ask:
        body = new_order_body(new, self._forms.all[new.instrument], name)
        return Ask("/v2/orders", "POST", body)

    def _replacement_name(self, one: TrackedOrder, now_ns: int) -> str:
        return f"{one.name}-r{now_ns}"

    def _replacement(self, one: TrackedOrder, replacing: Replacing) -> Ask:
        quantity_lots = replacing.size_lots if replacing.size_lots != one.size_lots else 0
        instrument = self._forms.all[one.instrument]
        body = replacement_body(replacing.price_ticks, quantity_lots, instrument, replacing.name)
        return Ask(f"/v2/orders/{one.venue_id}", "PATCH", body)

    def _cancel(self, one: TrackedOrder) -> Ask:
        return Ask(f"/v2/orders/{one.venue_id}", "DELETE")

    def _outcome(self, status: int, body: Any) -> Outcome:
        if status == _TOO_MANY:
            return "later"
        return "done" if 200 <= status < 300 else "refused" if status in _REFUSED else "unknown"

    def _refusal(self, status: int, body: Any) -> str:
        return refusal(status, body)

    def _order_in(self, body: Any) -> VenueOrder | None:
        try:
            order = self._forms.order(body) if isinstance(body, Mapping) else None
        except WireError:
            order = None
        if order is not None:
            self._queries.names[order.id] = order.client_order_id
        return order

    def _find(self, name: str, instrument: int) -> Generator[Ask, tuple[int, Any], VenueOrder | None]:
        return self._queries.find(name)

    def _question(self, query: Query, now_ns: int) -> Asking:
        return self._queries.ask(query, now_ns)


@hookimpl
def register_routers(catalogue: Catalogue) -> None:
    """Offers `alpaca`."""
    catalogue.add(
        "alpaca",
        AlpacaRouter,
        summary="Alpaca: orders in stocks and crypto, at a paper or a live account",
        options=AlpacaOptions,
        capabilities={"connects": True, "answers_queries": True, "terms": "ioc,fok,day"},
    )
