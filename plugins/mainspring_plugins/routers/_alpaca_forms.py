"""Reads what Alpaca says of orders and fills, and writes what is asked of it."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from mainspring.errors import WireError
from mainspring.model import Fill, Instrument, NewOrder, ReportedStatus, Side, decimal_text
from mainspring.wire import rfc3339_to_ns
from mainspring_plugins.routers._venue_orders import (
    Instruments,
    OrderUpdate,
    UpdateKind,
    VenueOrder,
    side_of,
    text_of,
)

__all__ = ["AlpacaForms", "fill_id", "new_order_body", "refusal", "replacement_body", "time_of"]

_STATUS: Final[Mapping[str, ReportedStatus]] = {
    "filled": "filled",
    "canceled": "cancelled",
    "expired": "expired",
    "rejected": "rejected",
    "done_for_day": "expired",
    # What replaced it is asked for by itself.
    "replaced": "cancelled",
}
_KINDS: Final[Mapping[str, UpdateKind]] = {
    "new": "stands",
    "accepted": "stands",
    "fill": "fill",
    "partial_fill": "fill",
    "replaced": "replaced",
    "canceled": "cancelled",
    "expired": "expired",
    "done_for_day": "expired",
    "rejected": "rejected",
    "order_replace_rejected": "replace-rejected",
    "order_cancel_rejected": "cancel-rejected",
}


class AlpacaForms(Instruments):
    """Reads orders and fills of a router's instruments."""

    def order(self, form: Mapping[str, Any]) -> VenueOrder | None:
        """Reads an order; None if it is in no instrument of the router's. Raises `WireError`."""
        place = self.place(form.get("symbol"))
        if place is None:
            return None
        price, status = form.get("limit_price"), text_of(form, "status")
        return VenueOrder(
            id=text_of(form, "id"),
            client_order_id=text_of(form, "client_order_id"),
            instrument=place,
            side=side_of(form),
            price_ticks=0 if price is None else self.ticks(place, price, "limit_price"),
            size_lots=self.lots(place, form.get("qty"), "qty"),
            filled_lots=self.lots(place, form.get("filled_qty"), "filled_qty"),
            status=status,
            reported=_STATUS.get(status, "open"),
            time_ns=time_of(form, "updated_at"),
            replaces=form.get("replaces") or "",
            replaced_by=form.get("replaced_by") or "",
        )

    def fill(self, order_id: int, place: int, form: Mapping[str, Any], time_ns: int, venue: tuple[str, str]) -> Fill:
        """Reads a fill. `venue` is the id of the venue's order, and its filled quantity after the fill.

        Alpaca doesn't say whether the order rested, nor what the fee is. Raises `WireError`.
        """
        return Fill(
            order_id,
            place,
            time_ns,
            fill_id(*venue),
            side_of(form),
            self.ticks(place, form.get("price"), "price"),
            self.lots(place, form.get("qty"), "qty"),
            maker=False,
            fee_ppb=0,
        )

    def update(self, order_id: int, order: VenueOrder, data: Mapping[str, Any]) -> OrderUpdate:
        """Reads what the stream says of an order of ours. Raises `WireError`."""
        form, event, time_ns = data["order"], str(data.get("event")), time_of(data, "timestamp")
        fill = None
        if event in ("fill", "partial_fill"):
            executed = {"side": form["side"], "price": data.get("price"), "qty": data.get("qty")}
            fill = self.fill(order_id, order.instrument, executed, time_ns, (order.id, str(form.get("filled_qty"))))
        why = "rejected-by-venue" if event == "rejected" else event
        return OrderUpdate(kind=_KINDS.get(event, "other"), order=order, time_ns=time_ns, fill=fill, why=why)


def new_order_body(order: NewOrder, one: Instrument, client_order_id: str) -> bytes:
    """Writes a new order."""
    body = {
        "symbol": one.venue_symbol,
        "qty": decimal_text(order.size_lots, one.lot_size),
        "side": "buy" if order.side is Side.BUY else "sell",
        "type": order.kind,
        "time_in_force": order.time_in_force,
        "client_order_id": client_order_id,
    }
    if order.kind == "limit":
        body["limit_price"] = decimal_text(order.price_ticks, one.tick_size)
    return msgspec.json.encode(body)


def replacement_body(price_ticks: int, size_lots: int, one: Instrument, client_order_id: str) -> bytes:
    """Writes what an order is to be replaced by; 0 lots is the size that it has."""
    body = {"limit_price": decimal_text(price_ticks, one.tick_size), "client_order_id": client_order_id}
    if size_lots:
        body["qty"] = decimal_text(size_lots, one.lot_size)
    return msgspec.json.encode(body)


def fill_id(venue_order_id: str, filled: str) -> int:
    """Returns a fill's id: of the venue's order and what of it was filled then.

    The stream and the list of activities name a fill differently, but agree on these.
    """
    number = f"{Decimal(filled).normalize():f}"
    return int.from_bytes(hashlib.blake2b(f"{venue_order_id} {number}".encode(), digest_size=8).digest()) >> 1


def time_of(form: Mapping[str, Any], field: str) -> int:
    """Reads a time. Raises `WireError`."""
    try:
        return rfc3339_to_ns(text_of(form, field))
    except ValueError as error:
        raise WireError(f"{field}: {form[field]!r} {error}") from error


def refusal(status: int, body: Any) -> str:
    """A code for why the venue refused."""
    code = body.get("code") if isinstance(body, Mapping) else None
    return f"refused-{code or status}"
