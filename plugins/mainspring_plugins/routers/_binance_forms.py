"""Reads what Binance says of orders and fills, and writes what is asked of it. Spot and USD-M are much alike."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from mainspring.errors import WireError
from mainspring.model import Fill, NewOrder, ReportedStatus, Side, decimal_text
from mainspring_plugins.routers._binance_names import cancel_name, revised, split_name
from mainspring_plugins.routers._tracked_orders import Replacing, TrackedOrder
from mainspring_plugins.routers._venue_orders import (
    Instruments,
    OrderUpdate,
    UpdateKind,
    VenueOrder,
    decimal_of,
    side_of,
    text_of,
)

__all__ = ["BinanceForms", "cancel_query", "code_of", "new_order_query", "replacement_query"]

_NS_IN_MS: Final = 1_000_000
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]*").fullmatch
_STATUS: Final[Mapping[str, ReportedStatus]] = {
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
    "REJECTED": "rejected",
}
_KINDS: Final[Mapping[str, UpdateKind]] = {
    "NEW": "stands",
    "TRADE": "fill",
    "CANCELED": "cancelled",
    "EXPIRED": "expired",
    "REJECTED": "rejected",
    "AMENDMENT": "amended",
}


class BinanceForms(Instruments):
    """Reads orders and fills of a router's instruments."""

    def order(self, form: Mapping[str, Any]) -> VenueOrder | None:
        """Reads an order of the REST interface; None if it is in no instrument of the router's. Raises `WireError`."""
        place = self.place(form.get("symbol"))
        if place is None:
            return None
        status, kind = text_of(form, "status"), text_of(form, "type")
        return VenueOrder(
            id=str(form.get("orderId")),
            client_order_id=text_of(form, "clientOrderId"),
            instrument=place,
            side=side_of(form),
            price_ticks=0 if kind == "MARKET" else self.ticks(place, form.get("price"), "price"),
            size_lots=self.lots(place, form.get("origQty"), "origQty"),
            filled_lots=self.lots(place, form.get("executedQty"), "executedQty"),
            status=status,
            reported=_STATUS.get(status, "open"),
            time_ns=_time(form, "updateTime" if "updateTime" in form else "transactTime"),
            kind=kind,
            in_force=str(form.get("timeInForce")),
        )

    def trade(self, order_id: int, place: int, form: Mapping[str, Any]) -> Fill:
        """Reads a trade of the account's list. Raises `WireError`."""
        # Spot says who bought, USD-M says the side too.
        side = Side.BUY if form.get("isBuyer", form.get("buyer")) else Side.SELL
        return self._fill(order_id, place, side, form, ("time", "id", "price", "qty"), form.get("isMaker"))

    def report(self, form: Mapping[str, Any]) -> VenueOrder | None:
        """Reads the order in an event; None if it is in no instrument of the router's. Raises `WireError`."""
        place = self.place(form.get("s"))
        if place is None:
            return None
        status, kind = text_of(form, "X"), text_of(form, "o")
        return VenueOrder(
            id=str(form.get("i")),
            # A cancel has an id of its own, and names the order's behind it.
            client_order_id=form.get("C") or text_of(form, "c"),
            instrument=place,
            side=side_of(form, "S"),
            price_ticks=0 if kind == "MARKET" else self.ticks(place, form.get("p"), "p"),
            size_lots=self.lots(place, form.get("q"), "q"),
            filled_lots=self.lots(place, form.get("z"), "z"),
            status=status,
            reported=_STATUS.get(status, "open"),
            time_ns=_time(form, "T"),
            kind=kind,
            in_force=str(form.get("f")),
        )

    def update(self, order_id: int, order: VenueOrder, form: Mapping[str, Any]) -> OrderUpdate:
        """Reads what an event says of an order of ours. Raises `WireError`."""
        kind = _KINDS.get(str(form.get("x")), "other")
        if kind == "other" and order.reported == "expired":
            # Binance ends what would trade with an order of the same account.
            kind = "expired"
        fill = None
        if kind == "fill":
            fields = ("T", "t", "L", "l")
            fill = self._fill(order_id, order.instrument, order.side, form, fields, form.get("m"))
        base, revision = split_name(order.client_order_id)
        reason = form.get("r")
        return OrderUpdate(
            kind=kind,
            order=order,
            time_ns=order.time_ns,
            fill=fill,
            why=f"rejected-{reason}".lower() if kind == "rejected" else order.status.lower(),
            for_replacement=form.get("c") == cancel_name(revised(base, revision + 1)),
        )

    def _fill(
        self,
        order_id: int,
        place: int,
        side: Side,
        form: Mapping[str, Any],
        fields: tuple[str, str, str, str],
        maker: object,
    ) -> Fill:
        time, number, price, size = fields
        trade_id = form.get(number)
        if not isinstance(trade_id, int):
            raise WireError(f"{number}: expected a number, found {trade_id!r}")
        rest = "commission" in form
        amount = Decimal(decimal_of(form.get("commission" if rest else "n") or 0, "commission"))
        # Zeros at its end are cut off: both ways of hearing of a fill must give the same.
        fee = Decimal(f"{amount.normalize():f}") if amount else None
        return Fill(
            order_id,
            place,
            _time(form, time),
            trade_id,
            side,
            self.ticks(place, form.get(price), price),
            self.lots(place, form.get(size), size),
            maker=bool(form.get("maker") if maker is None else maker),
            fee_ppb=0,
            fee_amount=fee,
            fee_currency=str(form.get("commissionAsset" if rest else "N")) if fee is not None else "",
        )


def new_order_query(forms: BinanceForms, order: NewOrder, name: str, *, spot: bool) -> str:
    """Writes a new order."""
    one = forms.all[order.instrument]
    price = f"&price={decimal_text(order.price_ticks, one.tick_size)}" if order.kind == "limit" else ""
    quantity = decimal_text(order.size_lots, one.lot_size)
    return f"{_terms(order, one.venue_symbol, spot)}{price}&quantity={quantity}&newClientOrderId={_plain(name)}"


def _terms(order: NewOrder, symbol: str, spot: bool) -> str:
    """Writes what an order has in common with others: these texts are few, and are kept."""
    return _terms_of(order.side, order.kind, order.time_in_force, order.post_only, order.reduce_only, symbol, spot)


@lru_cache(maxsize=4_096)
def _terms_of(
    side: Side, kind: str, time_in_force: str, post_only: bool, reduce_only: bool, symbol: str, spot: bool
) -> str:
    fields = {"symbol": symbol, "side": side.name, "type": kind.upper()}
    if kind == "limit" and post_only and spot:
        fields["type"] = "LIMIT_MAKER"
    elif kind == "limit":
        fields["timeInForce"] = "GTX" if post_only else time_in_force.upper()
    if reduce_only:
        fields["reduceOnly"] = "true"
    return _query({**fields, "newOrderRespType": "RESULT"})


def replacement_query(forms: BinanceForms, one: TrackedOrder, replacing: Replacing, *, spot: bool) -> str:
    """Writes what an order is to be replaced by at spot, or to be changed to at USD-M.

    An order of which nothing was filled is replaced only if that is still so: else more would trade than was asked for.
    """
    last, instrument = one.last, forms.all[one.instrument]
    assert last is not None
    fields = {
        "symbol": instrument.venue_symbol,
        "side": last.side.name,
        "quantity": decimal_text(replacing.size_lots, instrument.lot_size),
        "price": decimal_text(replacing.price_ticks, instrument.tick_size),
    }
    if not spot:
        return _query({**fields, "orderId": one.venue_id})
    fields |= {"type": last.kind, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": one.venue_id}
    if last.kind == "LIMIT":
        fields["timeInForce"] = last.in_force
    if not last.filled_lots:
        fields["cancelRestrictions"] = "ONLY_NEW"
    names = {"cancelNewClientOrderId": cancel_name(replacing.name), "newClientOrderId": replacing.name}
    return _query({**fields, **names, "newOrderRespType": "RESULT"})


def cancel_query(forms: BinanceForms, one: TrackedOrder) -> str:
    """Writes a cancel."""
    return _query({"symbol": forms.all[one.instrument].venue_symbol, "orderId": one.venue_id})


def _query(fields: Mapping[str, str]) -> str:
    """Writes a query. Most values need no quoting, and asking each is quicker than quoting it."""
    return "&".join(f"{name}={_plain(value)}" for name, value in fields.items())


def _plain(value: str) -> str:
    return value if _PLAIN(value) else quote(value, safe="")


def code_of(body: Any) -> int:
    """Returns the code of a refusal, of a replacement's part that failed; 0 if there is none."""
    if not isinstance(body, Mapping):
        return 0
    parts = body.get("data")
    if isinstance(parts, Mapping):
        for part in ("newOrderResponse", "cancelResponse"):
            inner = code_of(parts.get(part))
            if inner:
                return inner
    code = body.get("code")
    return code if isinstance(code, int) else 0


def _time(form: Mapping[str, Any], field: str) -> int:
    value = form.get(field)
    if not isinstance(value, int):
        raise WireError(f"{field}: expected a time, found {value!r}")
    return value * _NS_IN_MS
