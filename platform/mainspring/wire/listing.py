"""What a venue's rules say about its instruments, known before any message."""

from decimal import Decimal

import msgspec

from mainspring.model import Contract, Instrument

__all__ = ["Listing"]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The grid and contract of a venue's instruments, and how to read their names.

    `tick_size` and `lot_size` are the finest that the venue writes, so that every price and size is exact on them.
    `contract_sizes` names the instruments, by the start of the venue symbol, whose contract size isn't `contract_size`.
    `quotes` are the currencies that end a venue symbol, so that "BTCUSDT" reads as "BTC/USDT". A symbol that none ends
    or several do ("BNBUSD": BUSD and USD), or that has a "/" already, stays as it is.

    `settle_currency` is the currency of profit where all instruments share it. Where the base of an inverse contract
    is that currency, `base_before` is what follows it in the venue symbol: "USD_" in "BTCUSD_PERP".
    """

    tick_size: Decimal
    lot_size: Decimal
    contract: Contract = "spot"
    contract_size: Decimal = Decimal(1)
    contract_sizes: dict[str, Decimal] = {}
    quotes: tuple[str, ...] = ()
    settle_currency: str = ""
    base_before: str = ""
    separator: str = ""
    """What the venue writes between base and quote currency: "/" in "BTC/USD", "-" in "BTC-USD".

    A symbol with more or fewer parts than two stays as it is."""
    lower: bool = False
    """Whether the venue writes small letters, where ours are capitals."""

    def symbol_of(self, venue_symbol: str) -> str:
        """Our symbol for the venue's."""
        if self.lower:
            return msgspec.structs.replace(self, lower=False).symbol_of(venue_symbol).upper()
        if "/" in venue_symbol:
            return venue_symbol
        if self.separator:
            parts = venue_symbol.split(self.separator)
            return "/".join(parts) if len(parts) == 2 and all(parts) else venue_symbol
        fitting = [quote for quote in self.quotes if venue_symbol.endswith(quote) and venue_symbol != quote]
        if len(fitting) != 1:
            return venue_symbol
        return f"{venue_symbol.removesuffix(fitting[0])}/{fitting[0]}"

    def venue_symbol_of(self, symbol: str) -> str:
        """The venue's symbol for ours."""
        named = symbol.replace("/", self.separator)
        return named.lower() if self.lower else named

    def describe(self, symbol: str, venue_symbol: str | None) -> Instrument:
        """The instrument. Either name may be empty: it is then derived from the other."""
        named = venue_symbol or self.venue_symbol_of(symbol)
        sizes = [size for start, size in self.contract_sizes.items() if named.startswith(start)]
        return Instrument(
            symbol=symbol or self.symbol_of(named),
            venue_symbol=named,
            tick_size=self.tick_size,
            lot_size=self.lot_size,
            contract=self.contract,
            contract_size=sizes[0] if sizes else self.contract_size,
            settle_currency=self._settle_currency_of(named),
            origin="feed",
        )

    def _settle_currency_of(self, venue_symbol: str) -> str:
        """The currency of profit; empty where our symbol says it, or nothing does."""
        if self.settle_currency:
            return self.settle_currency
        if self.base_before:
            base, found, _ = venue_symbol.partition(self.base_before)
            return base if found else ""
        pair, expires, _ = venue_symbol.partition("_")
        return self.symbol_of(pair).partition("/")[2] if expires else ""
