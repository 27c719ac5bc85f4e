"""How Alpaca writes orders, updates, positions, activities and the account. Names and forms are its own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mainspring.model import Side
from mainspring.session.live.venue.alpaca.assets import Asset, plain, rfc3339
from mainspring.session.live.venue.exchange import Exchange, Execution, OrderUpdate, VenueOrder

__all__ = ["account_form", "activity_form", "order_form", "position_form", "update_form"]

_UTC_DAY = 10


def order_form(asset: Asset, order: VenueOrder) -> dict[str, Any]:
    """Returns an order as every part of the API has it."""
    asked = order.asked
    lot = asset.instrument.lot_size
    average = plain(order.value / (lot * order.filled_lots)) if order.filled_lots else None
    return {
        "id": order.id,
        "client_order_id": order.client_order_id,
        "created_at": rfc3339(asked.created_ns),
        "updated_at": rfc3339(order.updated_ns),
        "submitted_at": rfc3339(asked.created_ns),
        "filled_at": _time(order.filled_ns if order.status == "filled" else 0),
        "expired_at": _time(order.expired_ns),
        "cancel_requested_at": None,
        "canceled_at": _time(order.canceled_ns),
        "failed_at": _time(order.failed_ns),
        "replaced_at": _time(order.replaced_ns),
        "replaced_by": order.replaced_by or None,
        "replaces": order.replaces or None,
        "asset_id": asset.id,
        "symbol": asset.instrument.symbol,
        "asset_class": asset.kind,
        "notional": None,
        "qty": asset.size(asked.size_lots),
        "filled_qty": asset.size(order.filled_lots),
        "filled_avg_price": average,
        "order_class": "",
        "order_type": asked.kind,
        "type": asked.kind,
        "side": _side(asked.side),
        "time_in_force": order.time_in_force,
        "limit_price": asset.price(asked.price_ticks) if asked.kind == "limit" else None,
        "stop_price": None,
        "status": order.status,
        "extended_hours": False,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        "expires_at": _time(asked.expires_ns),
    }


def update_form(asset: Asset, update: OrderUpdate) -> dict[str, Any]:
    """Returns a message of `trade_updates`."""
    data = {
        "at": rfc3339(update.time_ns),
        "event_id": update.id,
        "event": update.kind,
        "timestamp": rfc3339(update.time_ns),
        "order": order_form(asset, update.order),
    }
    if (fill := update.execution) is not None:
        data |= {
            "price": asset.price(fill.price_ticks),
            "qty": asset.size(fill.size_lots),
            "position_qty": asset.size(fill.position_lots),
            "execution_id": fill.id,
        }
    return {"stream": "trade_updates", "data": data}


def activity_id(fill: Execution) -> str:
    """Returns the id of a fill among the account's activities, which sorts by time."""
    digits = "".join(one for one in rfc3339(fill.time_ns - fill.time_ns % 1_000_000) if one.isdigit())
    return f"{digits:0<17}::{fill.id}"


def activity_form(asset: Asset, fill: Execution) -> dict[str, Any]:
    """Returns a fill as the account's activities have it."""
    order = fill.order
    return {
        "id": activity_id(fill),
        "activity_type": "FILL",
        "transaction_time": rfc3339(fill.time_ns),
        "type": "fill" if order.status == "filled" else "partial_fill",
        "price": asset.price(fill.price_ticks),
        "qty": asset.size(fill.size_lots),
        "side": _side(order.asked.side),
        "symbol": asset.instrument.symbol,
        "leaves_qty": asset.size(order.asked.size_lots - order.filled_lots),
        "order_id": order.id,
        "cum_qty": asset.size(order.filled_lots),
        "order_status": order.status,
        "swap_rate": "1",
    }


def position_form(asset: Asset, exchange: Exchange, index: int) -> dict[str, Any]:
    """Returns an open position; `index` is the instrument's."""
    ledger = exchange.ledger
    lots, cost = ledger.position_lots[index], ledger.cost[index]
    sign = 1 if lots > 0 else -1
    price_ticks = _current_ticks(exchange, index)
    value = ledger.value(index, price_ticks, lots)
    profit = value - sign * cost
    price = asset.price(price_ticks)
    return {
        "asset_id": asset.id,
        "symbol": asset.bare_symbol,
        "exchange": asset.exchange,
        "asset_class": asset.kind,
        "asset_marginable": not asset.crypto,
        "qty": asset.size(lots),
        "avg_entry_price": plain(cost / (asset.instrument.lot_size * abs(lots))),
        "side": "long" if lots > 0 else "short",
        "market_value": plain(value),
        "cost_basis": plain(sign * cost),
        "unrealized_pl": plain(profit),
        "unrealized_plpc": plain(profit / cost) if cost else "0",
        "unrealized_intraday_pl": plain(profit),
        "unrealized_intraday_plpc": plain(profit / cost) if cost else "0",
        "current_price": price,
        "lastday_price": price,
        "change_today": "0",
        "qty_available": asset.size(lots),
    }


def account_form(assets: Sequence[Asset], exchange: Exchange, held: Decimal, opened_ns: int) -> dict[str, Any]:
    """Returns the account; `held` is what open buy orders may still cost, `opened_ns` when the box began."""
    ledger = exchange.ledger
    values = [
        ledger.value(index, _current_ticks(exchange, index), lots)
        for index, lots in enumerate(ledger.position_lots[: len(assets)])
    ]
    equity = plain(ledger.cash + sum(values, Decimal(0)))
    long_value = plain(sum((one for one in values if one > 0), Decimal(0)))
    short_value = plain(sum((one for one in values if one < 0), Decimal(0)))
    power = plain(ledger.cash - held)
    return {
        "id": "5f0fdb6a-97b3-4d3e-8a39-6d6bb4c7a1de",
        "account_number": "000000001",
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        "buying_power": power,
        "regt_buying_power": power,
        "daytrading_buying_power": "0",
        "effective_buying_power": power,
        "non_marginable_buying_power": power,
        "cash": plain(ledger.cash),
        "accrued_fees": "0",
        "portfolio_value": equity,
        "pattern_day_trader": False,
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "created_at": rfc3339(opened_ns),
        "trade_suspended_by_user": False,
        "multiplier": "1",
        "shorting_enabled": True,
        "equity": equity,
        "last_equity": equity,
        "long_market_value": long_value,
        "short_market_value": short_value,
        "position_market_value": plain(sum(values, Decimal(0))),
        "initial_margin": "0",
        "maintenance_margin": "0",
        "last_maintenance_margin": "0",
        "sma": "0",
        "daytrade_count": 0,
        "balance_asof": rfc3339(opened_ns)[:_UTC_DAY],
    }


def _current_ticks(exchange: Exchange, index: int) -> int:
    best = exchange.market.books[index].bbo()
    return best.bid_ticks or best.ask_ticks


def _side(side: Side) -> str:
    return "buy" if side is Side.BUY else "sell"


def _time(time_ns: int) -> str | None:
    return rfc3339(time_ns) if time_ns else None
