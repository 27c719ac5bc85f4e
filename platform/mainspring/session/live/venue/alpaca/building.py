"""Builds an exchange with Alpaca's API on the simulated market."""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from mainspring.errors import ConfigError
from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.session.live.venue.alpaca.application import AlpacaVenue
from mainspring.session.live.venue.alpaca.assets import Asset
from mainspring.session.live.venue.building import build_exchange
from mainspring.session.live.venue.faults import ExchangeFault

__all__ = ["alpaca_instruments", "build_alpaca"]

_CENT: Final = Decimal("0.01")
_CRYPTO_LOT: Final = Decimal("0.00001")
_OPEN_PRICES: Final = {"ETH/USD": "3000.00", "AAPL": "180.00"}
_STOCK_PRICE: Final = "100.00"


def alpaca_instruments(symbols: Sequence[str]) -> tuple[Instrument, ...]:
    """Returns instruments by symbol: pairs such as BTC/USD, and stocks such as AAPL. Raises `ConfigError` for twins."""
    if len({one.replace("/", "") for one in symbols}) < len(symbols):
        raise ConfigError(f"the instruments {', '.join(symbols)} aren't all different")
    return tuple(
        Instrument(
            symbol=one,
            venue_symbol=one,
            tick_size=_CENT,
            lot_size=_CRYPTO_LOT if "/" in one else Decimal(1),
            settle_currency="" if "/" in one else "USD",
        )
        for one in symbols
    )


def build_alpaca(
    instruments: Sequence[Instrument],
    registry: Registry,
    *,
    seed: int,
    cash: Decimal = Decimal(1_000_000),
    rate: float = 1.0,
    clock_ns: Callable[[], int] = time.time_ns,
    faults: Sequence[ExchangeFault] = (),
) -> AlpacaVenue:
    """Returns a venue whose market begins now, on its own clock, with an account of so much `cash` in USD.

    `rate` multiplies the speed of the order flow. The market is the feed `simulated` with that seed, and its matching
    the paper venue's.
    """
    given = {one.symbol for one in instruments}
    prices = {symbol: price for symbol, price in _OPEN_PRICES.items() if symbol in given}
    prices |= {symbol: _STOCK_PRICE for symbol in given - set(prices) if "/" not in symbol}
    exchange = build_exchange(
        instruments, registry, seed=seed, cash=cash, rate=rate, clock_ns=clock_ns, open_prices=prices
    )
    return AlpacaVenue([Asset(one) for one in instruments], exchange, clock_ns=clock_ns, faults=faults)
