"""The rules of each built-in risk check, one function each, in the words of docs/risk.md."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final

from mainspring_tools.twins.risk_oracle import Oracle, Wanted

__all__ = ["RULES"]

_MS = 10**6
_DAY = 24 * 3_600 * 10**9

Limit = dict[str, Any]


def _walk(levels: list[tuple[int, int]], size: int) -> tuple[list[tuple[int, int]], int]:
    """What a size trades against, and what is left of it."""
    taken = []
    for price, lots in levels:
        if size:
            taken.append((price, min(size, lots)))
            size -= taken[-1][1]
    return taken, size


def _size(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    return bool(wanted.size * Fraction(oracle.instruments[wanted.instrument]["lot"]) <= limit["limit"])


def _notional(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    market = oracle.markets[wanted.instrument]
    far = market.asks if wanted.side > 0 else market.bids
    if wanted.limit:
        price = wanted.price
        if wanted.side < 0 and market.bids:
            price = max(price, market.bids[0][0])
        worth = price * wanted.size
    else:
        if not market.live or not far:
            return False
        taken, beyond = _walk(far, wanted.size)
        worth = sum(price * lots for price, lots in taken) + beyond * taken[-1][0]
        worth = max(worth, far[0][0] * wanted.size)
    return bool(worth * oracle.unit(wanted.instrument) <= limit["limit"])


def _collar(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    mid, market = oracle.mid(wanted.instrument), oracle.markets[wanted.instrument]
    if mid is None:
        return False
    price = wanted.price
    if not wanted.limit:
        taken, beyond = _walk(market.asks if wanted.side > 0 else market.bids, wanted.size)
        if beyond:
            return False
        price = taken[-1][0]
    return bool(wanted.side * (price - mid) <= mid * limit["limit"] / 10_000)


def _position(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    longest, shortest = oracle.worst(wanted.instrument, wanted, with_it=True)
    lots = longest if wanted.side > 0 else -shortest
    return bool(lots * Fraction(oracle.instruments[wanted.instrument]["lot"]) <= limit["limit"])


def _book_age(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    age = oracle.now - oracle.markets[wanted.instrument].since
    return bool(oracle.mid(wanted.instrument) is not None and Fraction(age, _MS) <= limit["limit"])


def _restricted(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    return bool(oracle.instruments[wanted.instrument]["symbol"] not in limit["limit"])


def _allowed(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    return bool(oracle.instruments[wanted.instrument]["symbol"] in limit["limit"])


def _hours(oracle: Oracle, _: Wanted, limit: Limit) -> bool:
    minute = oracle.now // (60 * 10**9) % (24 * 60)
    begin, end = limit["minutes"]
    return bool(begin <= minute < end if begin < end else minute >= begin or minute < end)


def _slippage(oracle: Oracle, _: Wanted, limit: Limit) -> bool:
    return bool(oracle.cost_bps <= limit["limit"])


def _reduce_only(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    return bool(not limit["limit"] or oracle.reduces(wanted))


def _self_trade(oracle: Oracle, wanted: Wanted, _: Limit) -> bool:
    for one in oracle.held:
        if one.ended or one.instrument != wanted.instrument or one.side == wanted.side or not one.rests:
            continue
        prices = [one.price, *(price for price, _ in one.changes)]
        if not wanted.limit or any(wanted.side * (wanted.price - price) >= 0 for price in prices):
            return False
    return True


def _duplicate(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    key: tuple[Any, ...] = (wanted.strategy, wanted.side, wanted.price, wanted.size)
    if wanted.changed is not None:
        key = (wanted.order_id, wanted.price, wanted.changed.filled + wanted.size)
    return not any(
        place == wanted.instrument and sent == key and Fraction(oracle.now - at, _MS) < limit["limit"]
        for at, _, place, sent in oracle.sent
    )


def _rate(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    venue = oracle.instruments[wanted.instrument]["venue"]
    own = limit["new" if wanted.changed is None else "replace"]
    for rule in (limit, *limit["rules"]):
        counted = sum(
            limit[kind]
            for at, kind, place, _ in oracle.sent
            if oracle.instruments[place]["venue"] == venue and oracle.now - at < rule["window_ms"] * _MS
        )
        if counted + own > rule["limit"]:
            return False
    return True


def _open_orders(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    if wanted.changed is not None:
        return True
    working = [one for one in oracle.held if not one.ended]
    return bool(
        sum(one.instrument == wanted.instrument for one in working) < limit["limit"]
        and ("strategy" not in limit or sum(one.strategy == wanted.strategy for one in working) < limit["strategy"])
        and ("account" not in limit or len(working) < limit["account"])
    )


def _alike(oracle: Oracle, wanted: Wanted) -> Iterable[int]:
    quote = oracle.instruments[wanted.instrument]["quote"]
    return [place for place, one in enumerate(oracle.instruments) if one["quote"] == quote]


def _gross_lots(
    oracle: Oracle, place: int, wanted: Wanted, *, with_it: bool = True, strategy: str | None = None
) -> int:
    longest, shortest = oracle.worst(place, wanted, with_it=with_it, strategy=strategy)
    return max(abs(longest), abs(shortest))


def _net_lots(oracle: Oracle, place: int, wanted: Wanted, *, with_it: bool = True, strategy: str | None = None) -> int:
    longest, shortest = oracle.worst(place, wanted, with_it=with_it, strategy=strategy)
    return longest if wanted.side > 0 else -shortest


def _exposure(count: Callable[..., int]) -> Callable[[Oracle, Wanted, Limit], bool]:
    def passes(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
        base = oracle.instruments[wanted.instrument]["base"]
        same_base = [place for place, one in enumerate(oracle.instruments) if one["base"] == base]
        scopes = (
            ("instrument", [wanted.instrument], None),
            ("limit", _alike(oracle, wanted), None),
            ("strategy", _alike(oracle, wanted), wanted.strategy),
        )
        for name, places, strategy in scopes:
            if name not in limit:
                continue
            before = count(oracle, wanted.instrument, wanted, with_it=False, strategy=strategy)
            if count(oracle, wanted.instrument, wanted, strategy=strategy) <= before:
                continue
            total = Fraction(0)
            for place in places:
                lots, mid = count(oracle, place, wanted, strategy=strategy), oracle.mid(place)
                if lots and mid is None:
                    return False
                total += lots * (mid or 0) * oracle.unit(place)
            if total > limit[name]:
                return False
        if base in limit.get("currency", ()) and count(oracle, wanted.instrument, wanted) > count(
            oracle, wanted.instrument, wanted, with_it=False
        ):
            amounts = (
                count(oracle, place, wanted)
                * Fraction(oracle.instruments[place]["lot"])
                * Fraction(oracle.instruments[place]["contract"])
                for place in same_base
            )
            return bool(sum(amounts) <= limit["currency"][base])
        return True

    return passes


def _buying_power(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    if _gross_lots(oracle, wanted.instrument, wanted) <= _gross_lots(oracle, wanted.instrument, wanted, with_it=False):
        return True
    needed = Fraction(0)
    for place in _alike(oracle, wanted):
        lots, price = _gross_lots(oracle, place, wanted), oracle.mid(place)
        if not lots:
            continue
        if price is None:
            return False
        if place == wanted.instrument and wanted.limit:
            price = max(price, Fraction(wanted.price))
        needed += lots * price * oracle.unit(place)
    profit = oracle.profit(oracle.instruments[wanted.instrument]["quote"])
    return bool(profit is not None and needed * limit["initial_margin"] <= limit["limit"] + profit)


def _loss(name: str) -> Callable[[Oracle, Wanted, Limit], bool]:
    def passes(oracle: Oracle, wanted: Wanted, _: Limit) -> bool:
        quote = oracle.instruments[wanted.instrument]["quote"]
        if oracle.reduces(wanted):
            return True
        return (quote, name) not in oracle.stopped and oracle.profit(quote) is not None

    return passes


def _repeated(oracle: Oracle, wanted: Wanted, _: Limit) -> bool:
    stopped = (f"{wanted.strategy} {wanted.instrument}", "max_repeated_executions") in oracle.stopped
    return not stopped or oracle.reduces(wanted)


def _cancel_to_fill(oracle: Oracle, wanted: Wanted, limit: Limit) -> bool:
    today = oracle.now // _DAY
    cancels = sum(
        kind == "cancel" and place == wanted.instrument and at // _DAY == today for at, kind, place, _ in oracle.sent
    )
    fills = sum(one[1] == wanted.instrument and one[0] // _DAY == today for one in oracle.fills)
    if wanted.changed is not None or cancels <= limit["after"] or oracle.reduces(wanted):
        return True
    return bool(cancels <= fills * limit["limit"])


def _connected(oracle: Oracle, _: Wanted, limit: Limit) -> bool:
    return bool(oracle.connected or not limit["limit"])


def _lag(oracle: Oracle, _: Wanted, limit: Limit) -> bool:
    return bool(Fraction(oracle.lag, _MS) <= limit["limit"])


def _skew(oracle: Oracle, _: Wanted, limit: Limit) -> bool:
    return bool(Fraction(abs(oracle.skew), _MS) <= limit["limit"])


RULES: Final[dict[str, Callable[[Oracle, Wanted, Limit], bool]]] = {
    "max_order_size": _size,
    "max_order_notional": _notional,
    "collar_bps": _collar,
    "max_position": _position,
    "max_book_age_ms": _book_age,
    "restricted_instruments": _restricted,
    "allowed_instruments": _allowed,
    "trading_hours": _hours,
    "max_slippage_bps": _slippage,
    "reduce_only": _reduce_only,
    "self_trade": _self_trade,
    "duplicate_order_ms": _duplicate,
    "max_message_rate": _rate,
    "max_open_orders": _open_orders,
    "max_gross_exposure": _exposure(_gross_lots),
    "max_net_exposure": _exposure(_net_lots),
    "buying_power": _buying_power,
    "max_daily_loss": _loss("max_daily_loss"),
    "max_drawdown": _loss("max_drawdown"),
    "max_repeated_executions": _repeated,
    "max_cancel_to_fill": _cancel_to_fill,
    "venue_connected": _connected,
    "max_feed_lag_ms": _lag,
    "max_clock_skew_ms": _skew,
}
"""Whether an order passes, by the check's name."""
