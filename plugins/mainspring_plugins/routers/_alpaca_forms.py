"""Reads what Alpaca says of orders and fills, and writes what is asked of it."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote

import msgspec

from mainspring.errors import WireError
from mainspring.model import Fill, Instrument, NewOrder, ReportedStatus, Side, decimal_text, units_from_text
from mainspring.wire import rfc3339_to_ns

__all__ = ["Instruments", "VenueOrder", "fill_id", "new_order_body", "quoted", "refusal", "replacement_body", "time_of"]

_STATUS: Final[Mapping[str, ReportedStatus]] = {
    "filled": "filled",
    "canceled": "cancelled",
    "expired": "expired",
    "rejected": "rejected",
    "done_for_day": "expired",
    # What replaced it is asked for by itself.
    "replaced": "cancelled",
}


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as Alpaca writes it, in our units. `instrument` is its index; `status` is the venue's word."""

    id: str
    client_order_id: str
    instrument: int
    side: Side
    price_ticks: int
    size_lots: int
    filled_lots: int
    status: str
    time_ns: int
    replaces: str
    replaced_by: str

    @property
    def reported(self) -> ReportedStatus:
        """What became of it."""
        return _STATUS.get(self.status, "open")


class Instruments:
    """A router's instruments by the venue's symbols, with or without a slash."""

    def __init__(self, instruments: tuple[Instrument, ...], first_index: int) -> None:
        self.all = dict(enumerate(instruments, first_index))
        self._places = {one.venue_symbol.replace("/", ""): place for place, one in self.all.items()}

    def place(self, symbol: object) -> int | None:
        """Returns the index of the instrument of a symbol; None if it isn't one of the router's."""
        return self._places.get(symbol.replace("/", "")) if isinstance(symbol, str) else None

    def order(self, form: Mapping[str, Any]) -> VenueOrder | None:
        """Reads an order; None if it is in no instrument of the router's. Raises `WireError`."""
        place = self.place(form.get("symbol"))
        if place is None:
            return None
        price = form.get("limit_price")
        return VenueOrder(
            id=_text(form, "id"),
            client_order_id=_text(form, "client_order_id"),
            instrument=place,
            side=self.side(form),
            price_ticks=0 if price is None else self.ticks(place, price, "limit_price"),
            size_lots=self.lots(place, form.get("qty"), "qty"),
            filled_lots=self.lots(place, form.get("filled_qty"), "filled_qty"),
            status=_text(form, "status"),
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
            self.side(form),
            self.ticks(place, form.get("price"), "price"),
            self.lots(place, form.get("qty"), "qty"),
            maker=False,
            fee_ppb=0,
        )

    def ticks(self, place: int, value: object, field: str) -> int:
        """Reads a price."""
        one = self.all[place]
        return units_from_text(_decimal(value, field), one.tick_size, instrument=one.symbol, field=field)

    def lots(self, place: int, value: object, field: str) -> int:
        """Reads a size; a negative one is short."""
        one = self.all[place]
        text = _decimal(value, field)
        lots = units_from_text(text.removeprefix("-"), one.lot_size, instrument=one.symbol, field=field)
        return -lots if text.startswith("-") else lots

    @staticmethod
    def side(form: Mapping[str, Any]) -> Side:
        """Reads a side."""
        if form.get("side") not in ("buy", "sell", "sell_short"):
            raise WireError(f"side: {form.get('side')!r} is neither buy nor sell")
        return Side.BUY if form["side"] == "buy" else Side.SELL


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
        return rfc3339_to_ns(_text(form, field))
    except ValueError as error:
        raise WireError(f"{field}: {form[field]!r} {error}") from error


def refusal(status: int, body: Any) -> str:
    """A code for why the venue refused."""
    if status == 429:
        return "rate-limited" if body is not None else "not-sent"
    code = body.get("code") if isinstance(body, Mapping) else None
    return f"refused-{code or status}"


def quoted(text: str) -> str:
    """Writes a text for a query."""
    return quote(text, safe="")


def _text(form: Mapping[str, Any], field: str) -> str:
    value = form.get(field)
    if not isinstance(value, str):
        raise WireError(f"{field}: expected text, found {value!r}")
    return value


def _decimal(value: object, field: str) -> str:
    """The text of a number: Alpaca writes them as text, and some as JSON numbers."""
    try:
        return f"{Decimal(str(value)):f}"
    except InvalidOperation:
        raise WireError(f"{field}: {value!r} isn't a number") from None
