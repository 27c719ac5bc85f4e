"""Turns the body of an order into an order, or into the refusal that Alpaca gives."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from mainspring.errors import GridError
from mainspring.model import NewOrder, Side, TimeInForce
from mainspring.model.exact import units_from_decimal
from mainspring.orders import TradingDay
from mainspring.session.live.venue.alpaca.assets import Asset, plain
from mainspring.session.live.venue.exchange import Exchange, VenueOrder

__all__ = ["FORBIDDEN", "INVALID", "NOT_FOUND", "Checks", "RefusedError"]

INVALID: Final = (422, 42210000)
MISSING: Final = (422, 40010001)
FORBIDDEN: Final = (403, 40310000)
NOT_FOUND: Final = (404, 40410000)

_IN_FORCE: Final = {True: ("gtc", "ioc"), False: ("day", "gtc", "ioc", "fok")}
_MOST_CLIENT_ID: Final = 128
_CRYPTO_DAYS_NS: Final = 90 * 86_400_000_000_000


class RefusedError(Exception):
    """A request that is refused: `kind` is the status and the API's own code, `more` are further fields of the body."""

    def __init__(self, kind: tuple[int, int], message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, code = kind
        self.body = {"code": code, "message": message, **more}


class Checks:
    """Checks orders against the assets and the account of an exchange, in the words of the API."""

    def __init__(self, assets: Sequence[Asset], exchange: Exchange) -> None:
        self._assets = tuple(assets)
        self._exchange = exchange
        self._places = {name: place for place, one in enumerate(assets) for name in (one.instrument.symbol, one.id)}
        self._places |= {one.bare_symbol: place for place, one in enumerate(assets)}
        self._day = TradingDay("16:00 America/New_York")

    def place(self, name: object) -> int | None:
        """Returns the index of the asset of that symbol or id; None if there is none."""
        return self._places.get(name) if isinstance(name, str) else None

    def client_order_id(self, body: Mapping[str, Any]) -> str:
        """Returns the client's id of an order, a new one if it names none. Raises `RefusedError`."""
        name = body.get("client_order_id") or self._exchange.new_id()
        if not isinstance(name, str) or len(name) > _MOST_CLIENT_ID:
            raise RefusedError(MISSING, f"client_order_id must be no more than {_MOST_CLIENT_ID} characters")
        if name in self._exchange.by_client:
            raise RefusedError(MISSING, "client_order_id must be unique")
        return name

    def new_order(self, body: Mapping[str, Any], now_ns: int) -> tuple[NewOrder, str]:
        """Returns the order of a body, and its time in force as written. Raises `RefusedError`."""
        place = self.place(body.get("symbol"))
        if place is None:
            raise RefusedError(INVALID, f'asset "{body.get("symbol", "")}" not found')
        asset = self._assets[place]
        side, kind, in_force = body.get("side"), body.get("type"), body.get("time_in_force")
        if side not in ("buy", "sell"):
            raise RefusedError(MISSING, "side is required" if side is None else f"invalid side: {side}")
        if kind not in ("market", "limit"):
            raise RefusedError(MISSING, "type is required" if kind is None else f"invalid type for this venue: {kind}")
        if in_force not in _IN_FORCE[asset.crypto]:
            raise RefusedError(INVALID, f"invalid {'crypto ' if asset.crypto else ''}time_in_force")
        if body.get("order_class") not in (None, "", "simple"):
            raise RefusedError(INVALID, f"invalid order_class for this venue: {body['order_class']}")
        price_ticks = 0
        if kind == "limit":
            if body.get("limit_price") is None:
                raise RefusedError(MISSING, "limit orders require a limit price")
            price_ticks = self._price(asset, body["limit_price"])
        elif body.get("limit_price") is not None:
            raise RefusedError(MISSING, "market orders require no limit price")
        lots = self._lots(asset, place, body, Side.BUY if side == "buy" else Side.SELL)
        order = self._order(place, Side.BUY if side == "buy" else Side.SELL, price_ticks, lots, in_force, now_ns)
        self._afford(order, Decimal(0))
        return order, in_force

    def replacement(self, order: VenueOrder, body: Mapping[str, Any], now_ns: int) -> tuple[NewOrder, str]:
        """Returns the order that a body puts in the place of another. Raises `RefusedError`."""
        asked, asset = order.asked, self._assets[order.asked.instrument]
        if order.ended:
            raise RefusedError(INVALID, f'order is already in "{order.status}" state')
        if asked.kind != "limit":
            raise RefusedError(INVALID, "unable to replace order, order isn't a limit order")
        price_ticks, lots, in_force = asked.price_ticks, asked.size_lots, order.time_in_force
        if body.get("limit_price") is not None:
            price_ticks = self._price(asset, body["limit_price"])
        if body.get("qty") is not None:
            lots = self._units(asset, body["qty"], "qty")
        if body.get("time_in_force") is not None:
            in_force = body["time_in_force"]
            if in_force not in _IN_FORCE[asset.crypto]:
                raise RefusedError(INVALID, "invalid time_in_force")
        if (price_ticks, lots, in_force) == (asked.price_ticks, asked.size_lots, order.time_in_force):
            raise RefusedError(FORBIDDEN, "order parameters are not changed")
        changed = self._order(asked.instrument, asked.side, price_ticks, lots, in_force, now_ns)
        self._afford(
            changed, self._exchange.ledger.value(asked.instrument, asked.price_ticks, order.leaves_lots), order
        )
        return changed, in_force

    def _order(self, place: int, side: Side, price_ticks: int, lots: int, in_force: str, now_ns: int) -> NewOrder:
        asset = self._assets[place]
        # A market order trades at once or not at all, whatever it says.
        terms: TimeInForce = in_force if price_ticks else "ioc"  # type: ignore[assignment]
        expires_ns = 0
        if terms == "day":
            expires_ns = self._day.end_ns(now_ns)
        elif terms == "gtc" and asset.crypto:
            terms, expires_ns = "gtd", now_ns + _CRYPTO_DAYS_NS
        return NewOrder(
            0,
            place,
            side,
            "limit" if price_ticks else "market",
            price_ticks,
            lots,
            now_ns,
            terms,
            expires_ns=expires_ns,
        )

    def _afford(self, order: NewOrder, freed: Decimal, replaced: VenueOrder | None = None) -> None:
        """Checks cash, what can be sold, and that the account doesn't trade with itself."""
        place, asset, ledger = order.instrument, self._assets[order.instrument], self._exchange.ledger
        position = ledger.position_lots[place]
        own = [one for one in self._exchange.open_orders() if one.asked.instrument == place and one is not replaced]
        best = self._exchange.market.books[place].bbo()
        price_ticks = order.price_ticks or (best.ask_ticks if order.side is Side.BUY else best.bid_ticks)
        if order.price_ticks:
            for one in own:
                crosses = (order.price_ticks - one.asked.price_ticks) * order.side >= 0
                if one.asked.side is not order.side and crosses:
                    message = "potential wash trade detected. use complex orders"
                    why = "opposite side limit order exists"
                    raise RefusedError(FORBIDDEN, message, existing_order_id=one.id, reject_reason=why)
        if order.side is Side.SELL and (asset.crypto or position > 0):
            left = position - sum(one.leaves_lots for one in own if one.asked.side is Side.SELL)
            if order.size_lots > left:
                self._too_few(asset, order.size_lots, max(left, 0), position)
            return
        if order.side is Side.BUY and position < 0 and order.size_lots <= -position:
            return
        cost, power = (
            ledger.value(place, price_ticks, order.size_lots),
            ledger.cash - self._exchange.held_cash() + freed,
        )
        if cost > power:
            raise RefusedError(
                FORBIDDEN, "insufficient buying power", buying_power=plain(power), cost_basis=plain(cost)
            )

    @staticmethod
    def _too_few(asset: Asset, lots: int, left: int, position: int) -> None:
        figures = f"(requested: {asset.size(lots)}, available: {asset.size(left)})"
        if asset.crypto:
            base, _, quote = asset.instrument.symbol.partition("/")
            balance = {"available": asset.size(left), "balance": asset.size(position), "symbol": quote}
            raise RefusedError(FORBIDDEN, f"insufficient balance for {base} {figures}", **balance)
        held = {"available": asset.size(left), "existing_qty": asset.size(position)}
        raise RefusedError(FORBIDDEN, f"insufficient qty available for order {figures}", **held)

    def _lots(self, asset: Asset, place: int, body: Mapping[str, Any], side: Side) -> int:
        quantity, notional = body.get("qty"), body.get("notional")
        if (quantity is None) == (notional is None):
            raise RefusedError(MISSING, "qty or notional is required, and only one of them")
        if notional is None:
            return self._units(asset, quantity, "qty")
        best = self._exchange.market.books[place].bbo()
        price = asset.instrument.tick_size * (best.ask_ticks if side is Side.BUY else best.bid_ticks)
        lots = int(_number(notional, "notional") / (price * asset.instrument.lot_size)) if price else 0
        if lots <= 0:
            raise RefusedError(INVALID, "notional is too small")
        return lots

    def _units(self, asset: Asset, value: object, field: str) -> int:
        number = _number(value, field)
        if number <= 0:
            raise RefusedError(MISSING, f"{field} must be > 0")
        one = asset.instrument
        try:
            return units_from_decimal(number, one.lot_size, instrument=one.symbol, field=field)
        except GridError:
            raise RefusedError(INVALID, f"{field} must be a multiple of {plain(one.lot_size)}") from None

    def _price(self, asset: Asset, value: object) -> int:
        number = _number(value, "limit_price")
        if number <= 0:
            raise RefusedError(MISSING, "limit_price must be > 0")
        one = asset.instrument
        try:
            return units_from_decimal(number, one.tick_size, instrument=one.symbol, field="limit_price")
        except GridError:
            raise RefusedError(
                INVALID,
                f"invalid limit_price {plain(number)}. sub-penny increment does not fulfill minimum pricing criteria",
            ) from None


def _number(value: object, field: str) -> Decimal:
    """A number that is text, or a JSON number, which stands for the shortest decimal that names it."""
    try:
        number = Decimal(str(value)) if isinstance(value, str | int | float) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise RefusedError(MISSING, f"{field} is not a number")
    return number
