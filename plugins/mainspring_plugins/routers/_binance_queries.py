"""Asks Binance about orders, fills, positions and money: each question is a generator that yields what to ask next."""

from collections.abc import Generator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import urlencode

from mainspring.model import (
    BalanceReport,
    FillReport,
    Instrument,
    OrderReport,
    PositionReport,
    Query,
    QueryEnded,
    VenueReport,
)
from mainspring.seams import RouterContext
from mainspring_plugins.routers._binance_forms import BinanceForms, code_of
from mainspring_plugins.routers._binance_market import BinanceMarket
from mainspring_plugins.routers._binance_names import revised, split_name
from mainspring_plugins.routers._questions import Ask, Asking, UnansweredError
from mainspring_plugins.routers._venue_orders import VenueOrder

__all__ = ["BinanceQueries"]

_NS_IN_MS: Final = 1_000_000
_PAGE: Final = 1_000
_UNKNOWN_ORDER: Final = -2013
_KEPT: Final = 20_000

_Found = Generator[Ask, tuple[int, Any], VenueOrder | None]


class BinanceQueries:
    """What the venue's word on orders is, in our terms. `names` are client ids of orders by the venue's.

    At spot a replacement is an order of its own, which doesn't say what it replaces; its client id does.
    """

    def __init__(self, context: RouterContext, forms: BinanceForms, market: BinanceMarket, *, spot: bool) -> None:
        self._order_id_of = context.order_id_of
        self._forms = forms
        self._market = market
        self._spot = spot
        self.names: dict[tuple[int, str], str] = {}
        # What was filled of orders that have ended, by the client's id.
        self._ended: dict[str, int] = {}

    def learn(self, order: VenueOrder) -> None:
        """Takes an order as the venue has it."""
        _keep(self.names, (order.instrument, order.id), order.client_order_id)
        if order.reported != "open":
            _keep(self._ended, order.client_order_id, order.filled_lots)

    def order_id(self, client_order_id: str) -> int | None:
        """Returns our order of a client's id, to which a replacement adds a number; None if it isn't ours."""
        return self._order_id_of(split_name(client_order_id)[0])

    def ask(self, query: Query, now_ns: int) -> Asking:
        """Returns the question of a query, whose reports end with a `QueryEnded`. `now_ns` is the venue's time."""
        asking = {
            "order": self._order,
            "open-orders": self._open_orders,
            "fills": self._fills,
            "positions": self._positions if not self._spot else self._holdings,
            "balances": self._balances,
        }[query.subject](query, now_ns)
        reports = yield from asking
        return [*reports, QueryEnded(query.query_id, now_ns)]

    def find(self, client_order_id: str, instrument: int) -> _Found:
        """Asks for the order of a client's id, the last of those that replaced it; None if the venue has none."""
        found = yield from self._named(client_order_id, instrument)
        while self._spot and found is not None and found.status == "CANCELED":
            base, revision = split_name(found.client_order_id)
            following = yield from self._named(revised(base, revision + 1), instrument)
            if following is None:
                break
            found = following
        return found

    def _named(self, client_order_id: str, instrument: int) -> _Found:
        status, body = yield self._about(instrument, origClientOrderId=client_order_id)
        return None if code_of(body) == _UNKNOWN_ORDER else self._read(status, body)

    def _about(self, instrument: int, **which: str) -> Ask:
        return self._get(self._market.order, self._market.order_weight, symbol=self._symbol(instrument), **which)

    def _read(self, status: int, body: Any) -> VenueOrder:
        if status != 200 or not isinstance(body, Mapping):
            raise _unanswered(status, body)
        order = self._forms.order(body)
        if order is None:
            raise UnansweredError("an order in another instrument")
        self.learn(order)
        return order

    def _filled_before(self, order: VenueOrder) -> Generator[Ask, tuple[int, Any], int]:
        """Asks what the orders have filled that this one replaced, in lots."""
        base, revision = split_name(order.client_order_id)
        filled_lots = 0
        for number in range(revision if self._spot else 0):
            name = revised(base, number)
            if name not in self._ended:
                before = yield from self._named(name, order.instrument)
                if before is None:
                    raise UnansweredError(f"the order {name}, which {order.client_order_id} replaced, isn't known")
            filled_lots += self._ended.get(name, 0)
        return filled_lots

    def _order(self, query: Query, now_ns: int) -> Asking:
        order = yield from self.find(query.client_order_id, query.instrument)
        if order is None:
            our_id, name = self._order_id_of(query.client_order_id), query.client_order_id
            return [OrderReport(query.query_id, name, our_id, query.instrument, now_ns, "not-found")]
        before = yield from self._filled_before(order)
        return [self._report(query, order, before)]

    def _report(self, query: Query, order: VenueOrder, before: int) -> OrderReport:
        order_id = self.order_id(order.client_order_id)
        return OrderReport(
            query.query_id,
            order.client_order_id if order_id is None else split_name(order.client_order_id)[0],
            order_id,
            order.instrument,
            order.time_ns,
            order.reported,
            order.side,
            order.price_ticks,
            before + order.size_lots,
            before + order.filled_lots,
            "" if order.reported in ("open", "filled") else order.status.lower(),
        )

    def _open_orders(self, query: Query, _: int) -> Asking:
        reports: list[VenueReport] = []
        for place in self._forms.all:
            ask = self._get(self._market.open_orders, self._market.open_orders_weight, symbol=self._symbol(place))
            for form in self._list(*(yield ask)):
                order = self._forms.order(form)
                if order is not None:
                    self.learn(order)
                    before = yield from self._filled_before(order)
                    reports.append(self._report(query, order, before))
        return reports

    def _fills(self, query: Query, now_ns: int) -> Asking:
        reports: list[VenueReport] = []
        for place in self._forms.all:
            forms = yield from self._trades(place, query.since_ns // _NS_IN_MS, now_ns // _NS_IN_MS)
            for form in forms:
                venue_id = str(form.get("orderId"))
                if (place, venue_id) not in self.names:
                    self._read(*(yield self._about(place, orderId=venue_id)))
                name = self.names[place, venue_id]
                order_id = self.order_id(name) or 0
                fill = self._forms.trade(order_id, place, form)
                if fill.time_ns >= query.since_ns:
                    reports.append(FillReport(query.query_id, split_name(name)[0] if order_id else name, fill))
        return reports

    def _trades(
        self, place: int, since_ms: int, now_ms: int
    ) -> Generator[Ask, tuple[int, Any], list[Mapping[str, Any]]]:
        """Asks for the account's trades since a time: a window at a time until a page is full, then by their ids."""
        trades: list[Mapping[str, Any]] = []
        market, symbol = self._market, self._symbol(place)
        start_ms, page = since_ms, 0
        while page < _PAGE and start_ms <= now_ms:
            span = {"startTime": str(start_ms), "endTime": str(start_ms + market.window_ms - 1)}
            body = self._list(
                *(yield self._get(market.trades, market.trades_weight, symbol=symbol, limit="1000", **span))
            )
            trades += body
            start_ms, page = start_ms + market.window_ms, len(body)
        while page >= _PAGE:
            after = {"fromId": str(trades[-1]["id"] + 1)}
            body = self._list(
                *(yield self._get(market.trades, market.trades_weight, symbol=symbol, limit="1000", **after))
            )
            trades += body
            page = len(body)
        return trades

    def _holdings(self, query: Query, now_ns: int) -> Asking:
        """At spot, what the account holds of what an instrument trades is the position, in whole lots."""
        body = self._account(*(yield self._get(self._market.positions, self._market.positions_weight)))
        held = {one.get("asset"): _amount(one, "free") + _amount(one, "locked") for one in body}
        return [
            PositionReport(query.query_id, place, now_ns, int(held.get(_base(one), Decimal(0)) // one.lot_size))
            for place, one in self._forms.all.items()
        ]

    def _positions(self, query: Query, now_ns: int) -> Asking:
        body = self._list(*(yield self._get(self._market.positions, self._market.positions_weight)))
        lots = dict.fromkeys(self._forms.all, 0)
        for form in body:
            place = self._forms.place(form.get("symbol"))
            if place is not None:
                lots[place] += self._forms.lots(place, form.get("positionAmt"), "positionAmt")
        return [PositionReport(query.query_id, place, now_ns, count) for place, count in lots.items()]

    def _balances(self, query: Query, now_ns: int) -> Asking:
        answer = yield self._get(self._market.balances, self._market.balances_weight)
        if self._spot:
            found = [(one, _amount(one, "free") + _amount(one, "locked")) for one in self._account(*answer)]
        else:
            found = [(one, _amount(one, "balance")) for one in self._list(*answer)]
        return [BalanceReport(query.query_id, now_ns, str(one.get("asset")), amount) for one, amount in found if amount]

    def _get(self, path: str, weight: int, **query: str) -> Ask:
        return Ask(f"{path}?{urlencode(query)}", weight=weight, signed=True)

    def _symbol(self, place: int) -> str:
        return self._forms.all[place].venue_symbol

    @staticmethod
    def _list(status: int, body: Any) -> list[Mapping[str, Any]]:
        if status != 200 or not isinstance(body, list):
            raise _unanswered(status, body)
        return body

    @staticmethod
    def _account(status: int, body: Any) -> list[Mapping[str, Any]]:
        found = body.get("balances") if status == 200 and isinstance(body, Mapping) else None
        if not isinstance(found, list):
            raise _unanswered(status, body)
        return found


def _unanswered(status: int, body: Any) -> UnansweredError:
    code = code_of(body)
    return UnansweredError(f"status {status}, code {code}" if code else f"status {status}")


def _base(one: Instrument) -> str:
    base, slash, _ = one.symbol.partition("/")
    if not slash:
        raise UnansweredError(f"{one.symbol} doesn't say what is traded: write it as BASE/QUOTE, such as BTC/USDT")
    return base


def _amount(form: Mapping[str, Any], field: str) -> Decimal:
    try:
        return Decimal(str(form.get(field)))
    except InvalidOperation:
        raise UnansweredError(f"{field}: {form.get(field)!r} isn't a number") from None


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    if len(kept) > _KEPT:
        del kept[next(iter(kept))]
