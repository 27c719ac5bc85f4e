"""Answers Alpaca's REST requests from an exchange: a request and a time in, a status and a value out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias
from urllib.parse import unquote
from uuid import UUID

from mainspring.model import Side
from mainspring.session.live.venue.alpaca.assets import Asset, rfc3339
from mainspring.session.live.venue.alpaca.checks import FORBIDDEN, INVALID, MISSING, NOT_FOUND, Checks, RefusedError
from mainspring.session.live.venue.alpaca.forms import (
    account_form,
    activity_form,
    activity_id,
    order_form,
    position_form,
)
from mainspring.session.live.venue.exchange import Exchange, VenueOrder

__all__ = ["Answer", "Rest"]

Answer: TypeAlias = tuple[int, Any]
"""A status, and what is the body; None is no body."""

_Query: TypeAlias = Mapping[str, str]
_NS: Final = 1_000_000_000
_MOST_ORDERS: Final = 500
_MOST_ACTIVITIES: Final = 100
_BY_CLIENT: Final = "orders:by_client_order_id"


class Rest:
    """The account, orders, positions, activities and assets of an exchange under `/v2`."""

    def __init__(self, assets: Sequence[Asset], exchange: Exchange, opened_ns: int) -> None:
        self._assets = tuple(assets)
        self._exchange = exchange
        self._checks = Checks(assets, exchange)
        self._opened_ns = opened_ns

    def respond(self, method: str, path: str, query: _Query, body: Any, now_ns: int) -> Answer:
        """Answers a request of a `method` and a `path` without version; `body` is decoded, None if there is none."""
        head, _, rest = path.strip("/").partition("/")
        rest = unquote(rest)
        answers: dict[tuple[str, str, bool], Callable[[], Answer]] = {
            ("GET", "account", False): lambda: (200, self._account()),
            ("GET", "account", True): lambda: self._activities(rest, query),
            ("GET", "orders", False): lambda: (200, self._orders(query)),
            ("POST", "orders", False): lambda: (200, self._submit(_fields(body), now_ns)),
            ("DELETE", "orders", False): lambda: (207, self._cancel_all(now_ns)),
            ("GET", "orders", True): lambda: (200, self._form(self._order(rest))),
            ("PATCH", "orders", True): lambda: (200, self._replace(rest, _fields(body), now_ns)),
            ("DELETE", "orders", True): lambda: self._cancel(rest, now_ns),
            ("GET", _BY_CLIENT, False): lambda: (200, self._form(self._by_client(query))),
            ("GET", "positions", False): lambda: (200, self._positions()),
            ("GET", "positions", True): lambda: (200, self._position(rest)),
            ("DELETE", "positions", True): lambda: (200, self._close(rest, now_ns)),
            ("GET", "assets", False): lambda: (200, [one.form() for one in self._assets]),
            ("GET", "assets", True): lambda: (200, self._assets[self._place(rest, "asset not found")].form()),
            ("GET", "clock", False): lambda: (200, _clock(now_ns)),
        }
        answer = answers.get((method, head, bool(rest)))
        try:
            return _no_endpoint() if answer is None else answer()
        except RefusedError as error:
            return error.status, error.body

    def _form(self, order: VenueOrder) -> dict[str, Any]:
        return order_form(self._assets[order.asked.instrument], order)

    def _account(self) -> dict[str, Any]:
        return account_form(self._assets, self._exchange, self._exchange.held_cash(), self._opened_ns)

    def _submit(self, body: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
        name = self._checks.client_order_id(body)
        asked, in_force = self._checks.new_order(body, now_ns)
        return self._form(self._exchange.submit(asked, name, in_force, now_ns))

    def _replace(self, order_id: str, body: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
        order = self._order(order_id)
        name = self._checks.client_order_id(body)
        asked, in_force = self._checks.replacement(order, body, now_ns)
        return self._form(self._exchange.submit(asked, name, in_force, now_ns, replaces=order.id))

    def _cancel(self, order_id: str, now_ns: int) -> Answer:
        order = self._order(order_id)
        if order.ended:
            raise RefusedError(INVALID, f'order is already in "{order.status}" state')
        self._exchange.cancel(order, now_ns)
        return 204, None

    def _cancel_all(self, now_ns: int) -> list[dict[str, Any]]:
        orders = self._exchange.open_orders()
        for order in orders:
            self._exchange.cancel(order, now_ns)
        return [{"id": order.id, "status": 200} for order in orders]

    def _order(self, order_id: str) -> VenueOrder:
        try:
            order = self._exchange.orders.get(str(UUID(order_id)))
        except ValueError:
            raise RefusedError(MISSING, "order_id is missing") from None
        if order is None:
            raise RefusedError(NOT_FOUND, f"order not found for {order_id}")
        return order

    def _by_client(self, query: _Query) -> VenueOrder:
        name = query.get("client_order_id", "")
        order_id = self._exchange.by_client.get(name)
        if order_id is None:
            raise RefusedError(NOT_FOUND, f"order not found for {name}")
        return self._exchange.orders[order_id]

    def _orders(self, query: _Query) -> list[dict[str, Any]]:
        status, limit = query.get("status", "open"), _whole(query.get("limit", "50"), _MOST_ORDERS, "limit")
        after_ns, until_ns = (_time_ns(query.get(name, ""), name) for name in ("after", "until"))
        places = [self._checks.place(one) for one in query.get("symbols", "").split(",") if one]
        side = query.get("side")
        found = [
            order
            for order in self._exchange.orders.values()
            if status == "all" or order.ended == (status == "closed")
            if not after_ns or order.asked.created_ns > after_ns
            if not until_ns or order.asked.created_ns < until_ns
            if not places or order.asked.instrument in places
            if not side or (order.asked.side is Side.BUY) == (side == "buy")
        ]
        if query.get("direction") != "asc":
            found.reverse()
        return [self._form(order) for order in found[:limit]]

    def _activities(self, rest: str, query: _Query) -> Answer:
        if rest not in ("activities", "activities/FILL"):
            return _no_endpoint()
        size = _whole(query.get("page_size", str(_MOST_ACTIVITIES)), _MOST_ACTIVITIES, "page_size")
        after_ns, until_ns = (_time_ns(query.get(name, ""), name) for name in ("after", "until"))
        fills = [
            fill
            for fill in self._exchange.executions
            if (not after_ns or fill.time_ns > after_ns) and (not until_ns or fill.time_ns < until_ns)
        ]
        if query.get("direction") != "asc":
            fills.reverse()
        if token := query.get("page_token"):
            ids = [activity_id(fill) for fill in fills]
            fills = fills[ids.index(token) + 1 :] if token in ids else []
        return 200, [activity_form(self._assets[fill.order.asked.instrument], fill) for fill in fills[:size]]

    def _positions(self) -> list[dict[str, Any]]:
        lots = self._exchange.ledger.position_lots
        return [position_form(one, self._exchange, place) for place, one in enumerate(self._assets) if lots[place]]

    def _position(self, name: str) -> dict[str, Any]:
        place = self._place(name, "position does not exist")
        if not self._exchange.ledger.position_lots[place]:
            raise RefusedError(NOT_FOUND, "position does not exist")
        return position_form(self._assets[place], self._exchange, place)

    def _close(self, name: str, now_ns: int) -> dict[str, Any]:
        position = self._position(name)
        side = "sell" if position["side"] == "long" else "buy"
        asset = self._assets[self._place(name, "")]
        body = {"symbol": asset.instrument.symbol, "qty": position["qty"].lstrip("-"), "side": side, "type": "market"}
        return self._submit({**body, "time_in_force": "gtc" if asset.crypto else "day"}, now_ns)

    def _place(self, name: str, message: str) -> int:
        place = self._checks.place(name)
        if place is None:
            raise RefusedError(NOT_FOUND, message)
        return place


def _no_endpoint() -> Answer:
    raise RefusedError(NOT_FOUND, "endpoint not found")


def _clock(now_ns: int) -> dict[str, Any]:
    """The box's stock market is always open."""
    now = rfc3339(now_ns)
    return {"timestamp": now, "is_open": True, "next_open": now, "next_close": now}


def _fields(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise RefusedError((400, 40010000), "request body format is invalid")
    return body


def _whole(text: str, most: int, name: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= most:
        raise RefusedError(MISSING, f"{name} must be from 1 to {most}")
    return int(text)


def _time_ns(text: str, name: str) -> int:
    if not text:
        return 0
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1_000_000) * 1_000
    except ValueError:
        raise RefusedError(FORBIDDEN, f"{name} isn't a time: {text}") from None
