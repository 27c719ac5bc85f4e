"""What a venue says of orders, in our units, whichever venue it is."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

import msgspec

from mainspring.errors import WireError
from mainspring.model import Fill, Instrument, ReportedStatus, Side, units_from_text

__all__ = ["Instruments", "OrderUpdate", "UpdateKind", "VenueOrder", "decimal_of", "quoted", "side_of", "text_of"]

UpdateKind: TypeAlias = Literal[
    "stands",
    "fill",
    "replaced",
    "amended",
    "cancelled",
    "expired",
    "rejected",
    "replace-rejected",
    "cancel-rejected",
    "other",
]


class VenueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the venue has it, in our units. `instrument` is its index; `status` is the venue's word.

    `replaces` and `replaced_by` are ids of orders of the venue's, empty if there is none or it isn't said. `kind` and
    `in_force` are the venue's words for its type and time in force, where it says them.
    """

    id: str
    client_order_id: str
    instrument: int
    side: Side
    price_ticks: int
    size_lots: int
    filled_lots: int
    status: str
    reported: ReportedStatus
    time_ns: int
    replaces: str = ""
    replaced_by: str = ""
    kind: str = ""
    in_force: str = ""


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream of executions says of an order.

    "stands" says that the venue works it, "replaced" that another order takes its place, "amended" that it has another
    price or size. `fill` is without our order's id. `why` is the venue's word for an end or a refusal;
    `for_replacement` says that a cancel belongs to the request that replaces the order.
    """

    kind: UpdateKind
    order: VenueOrder
    time_ns: int
    fill: Fill | None = None
    why: str = ""
    for_replacement: bool = False


class Instruments:
    """A router's instruments by the venue's symbols, with or without a slash."""

    def __init__(self, instruments: tuple[Instrument, ...], first_index: int) -> None:
        self.all = dict(enumerate(instruments, first_index))
        self._places = {one.venue_symbol.replace("/", ""): place for place, one in self.all.items()}

    def place(self, symbol: object) -> int | None:
        """Returns the index of the instrument of a symbol; None if it isn't one of the router's."""
        return self._places.get(symbol.replace("/", "")) if isinstance(symbol, str) else None

    def ticks(self, place: int, value: object, field: str) -> int:
        """Reads a price. Raises `WireError`."""
        one = self.all[place]
        return units_from_text(decimal_of(value, field), one.tick_size, instrument=one.symbol, field=field)

    def lots(self, place: int, value: object, field: str) -> int:
        """Reads a size; a negative one is short. Raises `WireError`."""
        one = self.all[place]
        text = decimal_of(value, field)
        lots = units_from_text(text.removeprefix("-"), one.lot_size, instrument=one.symbol, field=field)
        return -lots if text.startswith("-") else lots


def side_of(form: Mapping[str, Any], field: str = "side") -> Side:
    """Reads a side. Raises `WireError`."""
    word = str(form.get(field)).lower()
    if word not in ("buy", "sell", "sell_short"):
        raise WireError(f"{field}: {form.get(field)!r} is neither buy nor sell")
    return Side.BUY if word == "buy" else Side.SELL


def text_of(form: Mapping[str, Any], field: str) -> str:
    """Reads a text. Raises `WireError`."""
    value = form.get(field)
    if not isinstance(value, str):
        raise WireError(f"{field}: expected text, found {value!r}")
    return value


def decimal_of(value: object, field: str) -> str:
    """Returns the text of a number that is text or a JSON number. Raises `WireError`."""
    try:
        return f"{Decimal(str(value)):f}"
    except InvalidOperation:
        raise WireError(f"{field}: {value!r} isn't a number") from None


def quoted(text: str) -> str:
    """Writes a text for a query."""
    return quote(text, safe="")
