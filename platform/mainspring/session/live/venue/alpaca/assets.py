"""What Alpaca says of an instrument, and how it writes numbers and times."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from mainspring.model import Instrument

__all__ = ["Asset", "plain", "rfc3339"]

_NS = 1_000_000_000
_NAMES = uuid.UUID("6d61696e-7370-4269-8e67-000000000000")


class Asset(msgspec.Struct, frozen=True):
    """An instrument as an asset: crypto if its symbol has two parts, else a stock."""

    instrument: Instrument

    @property
    def crypto(self) -> bool:
        """Whether it is a pair of currencies, which can't be sold short."""
        return "/" in self.instrument.symbol

    @property
    def id(self) -> str:
        """Its id: the same in every box."""
        return str(uuid.uuid5(_NAMES, self.instrument.symbol))

    @property
    def kind(self) -> str:
        """Its class."""
        return "crypto" if self.crypto else "us_equity"

    @property
    def exchange(self) -> str:
        """Where it is traded."""
        return "CRYPTO" if self.crypto else "NASDAQ"

    @property
    def bare_symbol(self) -> str:
        """Its symbol among positions, where pairs are written without a slash."""
        return self.instrument.symbol.replace("/", "")

    def price(self, ticks: int) -> str:
        """Writes a price."""
        return plain(self.instrument.tick_size * ticks)

    def size(self, lots: int) -> str:
        """Writes a size."""
        return plain(self.instrument.lot_size * lots)

    def form(self) -> dict[str, Any]:
        """Returns the asset as `GET /v2/assets` has it."""
        return {
            "id": self.id,
            "class": self.kind,
            "exchange": self.exchange,
            "symbol": self.instrument.symbol,
            "name": self.instrument.symbol,
            "status": "active",
            "tradable": True,
            "marginable": not self.crypto,
            "shortable": not self.crypto,
            "easy_to_borrow": not self.crypto,
            "fractionable": self.crypto,
            "min_order_size": self.size(1),
            "min_trade_increment": self.size(1),
            "price_increment": self.price(1),
        }


def plain(value: Decimal) -> str:
    """Writes a number without an exponent and without zeros at its end."""
    return f"{value.normalize():f}" if value else "0"


def rfc3339(time_ns: int) -> str:
    """Writes a time with as many decimals as it needs."""
    seconds, rest = divmod(time_ns, _NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    decimals = f"{rest:09d}".rstrip("0")
    return f"{text}.{decimals}Z" if decimals else f"{text}Z"
