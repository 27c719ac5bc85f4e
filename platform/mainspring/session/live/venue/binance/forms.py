"""How Binance writes orders, trades, events and the account. Names and forms are its own."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from mainspring.model import Instrument, Side
from mainspring.session.live.venue.binance.market import Market
from mainspring.session.live.venue.exchange import Execution, OrderUpdate, VenueOrder

__all__ = ["number", "order_form", "trade_form", "update_form"]

_NS_IN_MS: Final = 1_000_000
_STATUS: Final[Mapping[str, str]] = {
    "pending_new": "NEW",
    "new": "NEW",
    "partially_filled": "PARTIALLY_FILLED",
    "filled": "FILLED",
    "canceled": "CANCELED",
    "replaced": "CANCELED",
    "expired": "EXPIRED",
    "rejected": "REJECTED",
}
_KINDS: Final[Mapping[str, str]] = {
    "new": "NEW",
    "partial_fill": "TRADE",
    "fill": "TRADE",
    "canceled": "CANCELED",
    "expired": "EXPIRED",
    "amended": "AMENDMENT",
}


def number(value: Decimal) -> str:
    """Writes a number with eight decimals."""
    return f"{value:.8f}"


def order_form(one: Instrument, order: VenueOrder, market: Market) -> dict[str, Any]:
    """Returns an order as the REST interface has it."""
    asked = order.asked
    executed = one.lot_size * order.filled_lots
    form = {
        "symbol": one.venue_symbol,
        "orderId": asked.order_id,
        "clientOrderId": order.client_order_id,
        "price": number(one.tick_size * asked.price_ticks),
        "origQty": number(one.lot_size * asked.size_lots),
        "executedQty": number(executed),
        "status": _status(order),
        "timeInForce": order.time_in_force,
        "type": _type(order, market),
        "side": asked.side.name,
        "stopPrice": "0.00000000",
        "time": asked.created_ns // _NS_IN_MS,
        "updateTime": order.updated_ns // _NS_IN_MS,
        "selfTradePreventionMode": "NONE",
    }
    if market == "spot":
        return form | {
            "orderListId": -1,
            "cummulativeQuoteQty": number(order.value),
            "icebergQty": "0.00000000",
            "isWorking": True,
            "workingTime": asked.created_ns // _NS_IN_MS,
            "origQuoteOrderQty": "0.00000000",
        }
    return form | {
        "avgPrice": number(order.value / executed if executed else Decimal(0)),
        "cumQuote": number(order.value),
        "reduceOnly": asked.reduce_only,
        "closePosition": False,
        "positionSide": "BOTH",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": _type(order, market),
        "priceMatch": "NONE",
        "goodTillDate": 0,
    }


def trade_form(one: Instrument, fill: Execution, market: Market) -> dict[str, Any]:
    """Returns a fill as the list of the account's trades has it."""
    order = fill.order
    price, size = one.tick_size * fill.price_ticks, one.lot_size * fill.size_lots
    buys = order.asked.side is Side.BUY
    form = {
        "symbol": one.venue_symbol,
        "id": fill.number,
        "orderId": order.asked.order_id,
        "price": number(price),
        "qty": number(size),
        "quoteQty": number(price * size),
        "commission": "0.00000000",
        "commissionAsset": one.symbol.partition("/")[2],
        "time": fill.time_ns // _NS_IN_MS,
    }
    if market == "spot":
        return form | {"orderListId": -1, "isBuyer": buys, "isMaker": fill.maker, "isBestMatch": True}
    more = {"side": order.asked.side.name, "positionSide": "BOTH", "realizedPnl": "0"}
    return form | {"buyer": buys, "maker": fill.maker, **more}


def update_form(one: Instrument, update: OrderUpdate, market: Market) -> dict[str, Any] | None:
    """Returns an event of the account; None for what Binance says nothing about."""
    order, fill = update.order, update.execution
    kind = _KINDS.get(update.kind)
    if kind is None:
        return None
    asked, time_ms = order.asked, update.time_ns // _NS_IN_MS
    form = {
        "s": one.venue_symbol,
        "c": order.client_order_id,
        "S": asked.side.name,
        "o": _type(order, market),
        "f": order.time_in_force,
        "q": number(one.lot_size * asked.size_lots),
        "p": number(one.tick_size * asked.price_ticks),
        "x": kind,
        "X": _status(order),
        "i": asked.order_id,
        "l": number(one.lot_size * (fill.size_lots if fill else 0)),
        "z": number(one.lot_size * order.filled_lots),
        "L": number(one.tick_size * (fill.price_ticks if fill else 0)),
        "n": "0",
        "N": None,
        "T": time_ms,
        "t": fill.number if fill else -1,
        "m": fill.maker if fill else False,
        "V": "NONE",
    }
    if market == "usdm":
        more = {"ap": "0", "sp": "0", "R": asked.reduce_only, "wt": "CONTRACT_PRICE", "ot": form["o"], "ps": "BOTH"}
        ends = {"cp": False, "rp": "0", "pP": False, "pm": "NONE", "gtd": 0, "b": "0", "a": "0"}
        return {"e": "ORDER_TRADE_UPDATE", "E": time_ms, "T": time_ms, "o": form | more | ends}
    if kind == "CANCELED":
        form |= {"c": order.cancel_id or f"cancel-{asked.order_id}", "C": order.client_order_id}
    else:
        form["C"] = ""
    quote = one.tick_size * one.lot_size * (fill.price_ticks * fill.size_lots if fill else 0)
    return {
        "e": "executionReport",
        "E": time_ms,
        **form,
        "P": "0.00000000",
        "F": "0.00000000",
        "g": -1,
        "r": "NONE",
        "v": 0,
        "w": not order.ended,
        "M": False,
        "O": asked.created_ns // _NS_IN_MS,
        "W": asked.created_ns // _NS_IN_MS,
        "Z": number(order.value),
        "Y": number(quote),
        "Q": "0.00000000",
    }


def _status(order: VenueOrder) -> str:
    if order.status == "new" and order.filled_lots:
        return "PARTIALLY_FILLED"
    return _STATUS[order.status]


def _type(order: VenueOrder, market: Market) -> str:
    if order.asked.kind == "market":
        return "MARKET"
    return "LIMIT_MAKER" if market == "spot" and order.asked.post_only else "LIMIT"
