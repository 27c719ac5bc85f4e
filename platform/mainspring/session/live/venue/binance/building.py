"""Builds an exchange with Binance's API on the simulated market."""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from mainspring.errors import ConfigError
from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.session.live.venue.binance.application import BinanceVenue
from mainspring.session.live.venue.binance.market import MARKETS, Market
from mainspring.session.live.venue.building import build_exchange
from mainspring.session.live.venue.faults import ExchangeFault

__all__ = ["MARKETS", "Market", "binance_instruments", "build_binance"]

_TICK: Final = Decimal("0.01")
_LOT: Final = Decimal("0.00001")
_OPEN_PRICES: Final = {"ETH": "3000.00"}


def binance_instruments(symbols: Sequence[str], market: Market) -> tuple[Instrument, ...]:
    """Returns instruments by `symbols` such as BTC/USDT.

    Raises `ConfigError` unless all are different and written as BASE/QUOTE, and have one quote currency.
    """
    if len(set(symbols)) < len(symbols):
        raise ConfigError(f"the instruments {', '.join(symbols)} aren't all different")
    for one in symbols:
        base, _, quote = one.partition("/")
        if not (base.isalnum() and quote.isalnum()):
            raise ConfigError(f"{one} isn't an instrument of Binance's: write BASE/QUOTE, such as BTC/USDT")
    if len({one.partition("/")[2] for one in symbols}) > 1:
        raise ConfigError(f"the account has one currency: {', '.join(symbols)} have several quote currencies")
    return tuple(
        Instrument(
            symbol=one,
            venue_symbol=one.replace("/", ""),
            tick_size=_TICK,
            lot_size=_LOT,
            contract="spot" if market == "spot" else "linear",
        )
        for one in symbols
    )


def build_binance(
    instruments: Sequence[Instrument],
    registry: Registry,
    market: Market,
    *,
    seed: int,
    cash: Decimal = Decimal(1_000_000),
    rate: float = 1.0,
    clock_ns: Callable[[], int] = time.time_ns,
    faults: Sequence[ExchangeFault] = (),
    secret: str = "",
) -> BinanceVenue:
    """Returns a venue whose market begins now by `clock_ns`, with an account of so much `cash` in the quote currency.

    `rate` multiplies the speed of the order flow. `secret` is what requests must be signed with; where it is empty,
    any signature of the right form is accepted.
    """
    prices = {
        one.symbol: _OPEN_PRICES[base] for one in instruments if (base := one.symbol.split("/")[0]) in _OPEN_PRICES
    }
    exchange = build_exchange(
        instruments, registry, seed=seed, cash=cash, rate=rate, clock_ns=clock_ns, open_prices=prices
    )
    return BinanceVenue(instruments, exchange, market, clock_ns=clock_ns, faults=faults, secret=secret)
