"""Writes market messages as Binance spot does, in a combined stream."""

from collections.abc import Iterable
from decimal import Decimal

from mainspring.errors import ConfigError
from mainspring.model import Instrument, Level

__all__ = ["BinanceText"]

_UNITS = 10**8
"""Of the eighth decimal, in one."""

_CACHED_TEXTS = 50_000


class BinanceText:
    """Writes the messages of one instrument. Prices and sizes are text with eight decimals, times milliseconds.

    `wrapped` puts the REST snapshot, which Binance sends bare, into an envelope that names the instrument, since a
    session of several instruments couldn't otherwise attribute snapshots. Raises `ConfigError` for a grid finer than
    eight decimals.
    """

    __slots__ = ("_depth", "_prices", "_quote", "_sizes", "_snapshot", "_symbol", "_trade")

    def __init__(self, instrument: Instrument, *, wrapped: bool) -> None:
        self._prices = _UnitTexts(instrument.tick_size, instrument.symbol)
        self._sizes = _UnitTexts(instrument.lot_size, instrument.symbol)
        self._symbol = instrument.venue_symbol
        stream = instrument.venue_symbol.lower()
        self._depth = f'{{"stream":"{stream}@depth@100ms","data":{{"e":"depthUpdate","E":'
        self._quote = f'{{"stream":"{stream}@bookTicker","data":{{"u":'
        self._trade = f'{{"stream":"{stream}@trade","data":{{"e":"trade","E":'
        self._snapshot = f'{{"stream":"{stream}@depthSnapshot","data":' if wrapped else ""

    def depth(self, time_ms: int, first_id: int, last_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> bytes:
        """Returns the levels that changed in updates `first_id` to `last_id`. A level of 0 lots is removed."""
        return (
            f'{self._depth}{time_ms},"s":"{self._symbol}","U":{first_id},"u":{last_id},'
            f'"b":[{self._levels(bids)}],"a":[{self._levels(asks)}]}}}}'
        ).encode()

    def quote(self, update_id: int, bid_ticks: int, bid_lots: int, ask_ticks: int, ask_lots: int) -> bytes:
        """Returns the best bid and offer after update `update_id`: a bookTicker."""
        prices, sizes = self._prices, self._sizes
        return (
            f'{self._quote}{update_id},"s":"{self._symbol}","b":"{prices[bid_ticks]}","B":"{sizes[bid_lots]}",'
            f'"a":"{prices[ask_ticks]}","A":"{sizes[ask_lots]}"}}}}'
        ).encode()

    def trade(self, time_ms: int, trade_id: int, price_ticks: int, lots: int, seller_took: bool) -> bytes:
        """Returns a trade. `seller_took`: the buyer's order rested (Binance's "m")."""
        return (
            f'{self._trade}{time_ms},"s":"{self._symbol}","t":{trade_id},"p":"{self._prices[price_ticks]}",'
            f'"q":"{self._sizes[lots]}","T":{time_ms},"m":{"true" if seller_took else "false"},"M":true}}}}'
        ).encode()

    def snapshot(self, last_id: int, bids: Iterable[Level], asks: Iterable[Level]) -> bytes:
        """Returns the book after update `last_id`, best levels first, as the REST interface would."""
        end = "}}" if self._snapshot else "}"
        levels = f'"bids":[{self._levels(bids)}],"asks":[{self._levels(asks)}]'
        return f'{self._snapshot}{{"lastUpdateId":{last_id},{levels}{end}'.encode()

    def _levels(self, levels: Iterable[Level]) -> str:
        prices, sizes = self._prices, self._sizes
        return ",".join([f'["{prices[price_ticks]}","{sizes[lots]}"]' for price_ticks, lots in levels])


class _UnitTexts(dict[int, str]):
    """Caches the text of each number of ticks or lots: a session repeats the same few thousand."""

    __slots__ = ("_step",)

    def __init__(self, step: Decimal, symbol: str) -> None:
        super().__init__()
        scaled = step * _UNITS
        if scaled != int(scaled):
            raise ConfigError(f"{symbol}: a step of {step} doesn't fit Binance's text, which has eight decimals")
        self._step = int(scaled)

    def __missing__(self, units: int) -> str:
        if len(self) >= _CACHED_TEXTS:
            self.clear()
        digits = f"{units * self._step:09d}"
        text = self[units] = f"{digits[:-8]}.{digits[-8:]}"
        return text
