"""The instruments and the random limits of the trial of risk checks, and the checks that are made of them."""

import importlib
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, Final

import msgspec

from mainspring.model import Instrument

__all__ = [
    "INSTRUMENTS",
    "VENUE_OF",
    "described",
    "draw_limits",
    "make_checks",
    "plain_limit",
    "without_wider",
]

VENUE_OF: Final = (0, 0, 1)
INSTRUMENTS: Final = (
    Instrument(symbol="BTC/USDT", venue_symbol="B", tick_size=Decimal("0.5"), lot_size=Decimal("0.001")),
    Instrument(
        symbol="ETH/USDT",
        venue_symbol="E",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.1"),
        contract="linear",
        contract_size=Decimal("0.5"),
    ),
    Instrument(symbol="BTC/EUR", venue_symbol="X", tick_size=Decimal("0.25"), lot_size=Decimal("0.004")),
)


def described(count: int) -> list[dict[str, Any]]:
    """Returns the first `count` instruments as the oracle reads them."""
    return [
        {
            "symbol": one.symbol,
            "base": one.symbol.split("/")[0],
            "quote": one.symbol.split("/")[1],
            "tick": one.tick_size,
            "lot": one.lot_size,
            "contract": one.contract_size,
            "venue": venue,
        }
        for one, venue in list(zip(INSTRUMENTS, VENUE_OF, strict=True))[:count]
    ]


def draw_limits(random: Random) -> dict[str, dict[str, Any]]:
    """Limits of a session: some that many orders don't pass, and others that hardly any meets."""

    def near(value: float) -> Decimal:
        factor = 10_000 if random.random() < 0.6 else random.choice((Decimal("0.5"), 1, 1, Decimal("1.5"), 3))
        return Decimal(str(value)) * factor

    begin, end = sorted(random.sample(range(24), 2))
    if random.random() < 0.3:
        begin, end = end, begin
    wide = random.random() < 0.85
    return {
        "max_order_size": {"limit": near(0.5)},
        "max_order_notional": {"limit": near(20)},
        "collar_bps": {"limit": near(40)},
        "max_position": {"limit": near(3)},
        "max_book_age_ms": {"limit": near(3_000)},
        "restricted_instruments": {"limit": random.sample([one.symbol for one in INSTRUMENTS], int(not wide))},
        "allowed_instruments": {"limit": [one.symbol for one in random.sample(INSTRUMENTS, 3 if wide else 2)]},
        "trading_hours": {"limit": "00:00-00:00" if wide else f"{begin:02}:00-{end:02}:00"},
        "max_slippage_bps": {"limit": near(18)},
        "reduce_only": {"limit": random.random() < 0.1},
        "self_trade": {"limit": "refuse"},
        "duplicate_order_ms": {"limit": near(3_000)},
        "max_message_rate": {
            "limit": int(near(4)),
            "window_ms": random.choice((10, 1_000)),
            "rules": [{"limit": int(near(25)), "window_ms": 86_400_000}],
            "new": 1,
            "replace": random.choice((1, 2)),
            "cancel": random.choice((0, 1)),
        },
        "max_open_orders": {"limit": int(near(3)), "strategy": int(near(4)), "account": int(near(6))},
        "max_gross_exposure": {
            "limit": near(60),
            "instrument": near(40),
            "strategy": near(50),
            "currency": {"BTC": near(0.1)},
        },
        "max_net_exposure": {
            "limit": near(40),
            "instrument": near(40),
            "strategy": near(30),
            "currency": {"BTC": near(0.1)},
        },
        "buying_power": {"limit": near(30), "initial_margin": random.choice((Decimal("0.3"), 1))},
        "max_daily_loss": {"limit": near(0.3), "day_starts": random.randrange(24)},
        "max_drawdown": {"limit": near(0.5)},
        "max_repeated_executions": {"limit": int(near(3)), "window_ms": random.choice((1_000, 10_000, 86_400_000))},
        "max_cancel_to_fill": {"limit": near(0.6), "after": random.choice((0, 2))},
        "venue_connected": {"limit": random.random() < 0.8},
        "max_feed_lag_ms": {"limit": near(9)},
        "max_clock_skew_ms": {"limit": near(9)},
    }


def plain_limit(limit: dict[str, Any]) -> dict[str, Any]:
    """A limit as the oracle reads it: decimals as fractions, hours as minutes."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        return Fraction(value) if isinstance(value, Decimal) else value

    made: dict[str, Any] = plain(limit)
    if isinstance(made["limit"], str) and "-" in made["limit"] and ":" in made["limit"]:
        begin, end = (int(at[:2]) * 60 for at in made["limit"].split("-"))
        made["minutes"] = (begin, end)
    return made


class _Offers(dict[str, Any]):
    """A catalogue that keeps what it is given."""

    def add(self, name: str, factory: Callable[..., Any], **offer: Any) -> None:
        self[name] = (factory, offer["options"], offer.get("capabilities", {}))


def without_wider(limit: dict[str, Any]) -> dict[str, Any]:
    """Returns a limit without those of strategies, accounts and base currencies."""
    return {key: one for key, one in limit.items() if key not in ("strategy", "account", "currency")}


def make_checks(name: str, limit: dict[str, Any], count: int) -> list[Any]:
    """A check for each of the first `count` instruments, or one for all."""
    instruments = INSTRUMENTS[:count]
    offers = _Offers()
    importlib.import_module(f"mainspring_plugins.risk.{name}").register_risk_checks(offers)
    factory, options, capabilities = offers[name]
    made = msgspec.convert(limit, options)
    if capabilities.get("across_instruments"):
        return [factory(instruments, options=made)] * count
    return [factory(one, options=made) for one in instruments]
