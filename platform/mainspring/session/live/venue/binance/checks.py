"""Turns the fields of an order into an order, or into the refusal that Binance gives."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from mainspring.errors import GridError
from mainspring.model import Instrument, NewOrder, Side, TimeInForce
from mainspring.model.exact import units_from_decimal
from mainspring.session.live.venue.binance.market import Market
from mainspring.session.live.venue.binance.security import RefusedError
from mainspring.session.live.venue.exchange import Exchange, VenueOrder

__all__ = ["Checked", "Checks", "mandatory"]

_LEVERAGE: Final = 20
_NAME: Final = re.compile(r"[.A-Za-z0-9:/_-]{1,36}")
_IN_FORCE: Final[Mapping[str, TimeInForce]] = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok", "GTX": "gtc"}


class Checked(NamedTuple):
    """An order that may be entered: itself, its client's id, and its time in force as Binance writes it."""

    order: NewOrder
    name: str
    in_force: str


class Checks:
    """Checks orders against the instruments and the account of an exchange, in the words of the API."""

    def __init__(self, instruments: Sequence[Instrument], exchange: Exchange, market: Market) -> None:
        self._instruments = tuple(instruments)
        self._exchange = exchange
        self._spot = market == "spot"
        self._places = {one.venue_symbol: place for place, one in enumerate(instruments)}

    def place(self, fields: Mapping[str, str]) -> int:
        """Returns the index of the instrument that is named. Raises `RefusedError`."""
        place = self._places.get(mandatory(fields, "symbol"))
        if place is None:
            raise RefusedError(-1121, "Invalid symbol.")
        return place

    def new_order(self, fields: Mapping[str, str], now_ns: int) -> Checked:
        """Returns the order of a request's `fields`, whatever the account has. Raises `RefusedError`."""
        place = self.place(fields)
        side, kind = mandatory(fields, "side"), mandatory(fields, "type")
        if side not in ("BUY", "SELL"):
            raise RefusedError(-1117, "Invalid side.")
        if kind not in ("LIMIT", "MARKET", *(["LIMIT_MAKER"] if self._spot else [])):
            raise RefusedError(-1116, "Invalid orderType.")
        in_force = fields.get("timeInForce", "GTC")
        if kind == "LIMIT":
            mandatory(fields, "timeInForce")
            if in_force not in _IN_FORCE or (self._spot and in_force == "GTX"):
                raise RefusedError(-1115, "Invalid timeInForce.")
        elif "timeInForce" in fields:
            raise RefusedError(-1106, "Parameter 'timeInForce' sent when not required.")
        price_ticks = 0 if kind == "MARKET" else self.price(place, fields)
        # A market order trades at once or not at all, whatever it says.
        terms: TimeInForce = _IN_FORCE[in_force] if price_ticks else "ioc"
        order = NewOrder(
            0,
            place,
            Side[side],
            "limit" if price_ticks else "market",
            price_ticks,
            self.size(place, fields),
            now_ns,
            terms,
            post_only=kind == "LIMIT_MAKER" or in_force == "GTX",
            reduce_only=not self._spot and fields.get("reduceOnly") == "true",
        )
        return Checked(order, self.name(fields, "newClientOrderId"), in_force)

    def name(self, fields: Mapping[str, str], field: str) -> str:
        """Returns the client's id in a `field` of the `fields`, a new one if there is none. Raises `RefusedError`."""
        name = fields.get(field) or self._exchange.new_id()
        if not _NAME.fullmatch(name):
            raise RefusedError(-1100, f"Illegal characters found in parameter '{field}'; 1 to 36 of [.A-Za-z0-9:/_-].")
        return name

    def unused(self, name: str) -> None:
        """Raises `RefusedError` if an open order has that client's id."""
        order_id = self._exchange.by_client.get(name)
        if order_id is not None and not self._exchange.orders[order_id].ended:
            raise RefusedError(
                *((-2010, "Duplicate order sent.") if self._spot else (-4116, "ClientOrderId is duplicated."))
            )

    def afford(self, order: NewOrder, replaced: VenueOrder | None = None) -> None:
        """Raises `RefusedError` if the account can't pay for an order, which may stand for another."""
        exchange, place, ledger = self._exchange, order.instrument, self._exchange.ledger
        position = ledger.position_lots[place]
        if order.reduce_only and (position * order.side >= 0 or order.size_lots > abs(position)):
            raise RefusedError(-2022, "ReduceOnly Order is rejected.")
        best = exchange.market.books[place].bbo()
        ticks = order.price_ticks or (best.ask_ticks if order.side is Side.BUY else best.bid_ticks)
        cost, freed_lots = ledger.value(place, ticks, order.size_lots), 0 if replaced is None else replaced.leaves_lots
        if not self._spot:
            closes = position * order.side < 0 and order.size_lots <= abs(position)
            if not closes and cost > _LEVERAGE * (ledger.cash + self._value()):
                raise RefusedError(-2019, "Margin is insufficient.")
            return
        if order.side is Side.SELL:
            enough = order.size_lots <= position - exchange.held_lots(place) + freed_lots
        else:
            freed = Decimal(0) if replaced is None else ledger.value(place, replaced.asked.price_ticks, freed_lots)
            enough = cost <= ledger.cash - exchange.held_cash() + freed
        if not enough:
            raise RefusedError(-2010, "Account has insufficient balance for requested action.")

    def price(self, place: int, fields: Mapping[str, str]) -> int:
        """Returns the price in a request's `fields`, in ticks of the instrument at `place`. Raises `RefusedError`."""
        wrong = (-1013, "Filter failure: PRICE_FILTER") if self._spot else (-4014, "Price not increased by tick size.")
        return self._units(place, fields, "price", wrong)

    def size(self, place: int, fields: Mapping[str, str]) -> int:
        """Returns the quantity in a request's `fields`, in lots of the instrument at `place`. Raises `RefusedError`."""
        over = "Precision is over the maximum defined for this asset."
        wrong = (-1013, "Filter failure: LOT_SIZE") if self._spot else (-1111, over)
        return self._units(place, fields, "quantity", wrong)

    def _units(self, place: int, fields: Mapping[str, str], field: str, wrong: tuple[int, str]) -> int:
        text, one = mandatory(fields, field), self._instruments[place]
        step = one.tick_size if field == "price" else one.lot_size
        try:
            value = Decimal(text)
            units = units_from_decimal(value, step, instrument=one.symbol, field=field) if value.is_finite() else 0
        except InvalidOperation:
            raise RefusedError(-1100, f"Illegal characters found in parameter '{field}'.") from None
        except GridError:
            raise RefusedError(*wrong) from None
        if units <= 0:
            raise RefusedError(*wrong)
        return units

    def _value(self) -> Decimal:
        """What the positions are worth."""
        ledger, books = self._exchange.ledger, self._exchange.market.books
        worth = (
            ledger.value(place, books[place].bbo().bid_ticks, lots) for place, lots in enumerate(ledger.position_lots)
        )
        return sum(worth, Decimal(0))


def mandatory(fields: Mapping[str, str], field: str) -> str:
    """Returns the text of a `field` of a request's `fields`. Raises `RefusedError` if there is none."""
    text = fields.get(field)
    if not text:
        raise RefusedError(-1102, f"Mandatory parameter '{field}' was not sent, was empty/null, or malformed.")
    return text
