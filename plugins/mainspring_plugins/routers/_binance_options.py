"""How Binance is reached, and what it allows."""

from typing import Annotated

import msgspec

from mainspring.seams import FileOption
from mainspring.wire import OrderEntry, Signature
from mainspring_plugins.routers._binance_market import BinanceMarket

__all__ = ["BinanceOptions"]


class BinanceOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where Binance is, and what the account may ask of it.

    `rest` (https://...) and `stream` (wss://...) stand for its addresses, such as those of its test network, and
    `trust` is a PEM file with certificates to trust besides the system's. A request that reaches Binance later than
    `recv_window_ms` after it was sent is refused. `weight_per_minute` and `orders_per_10s` are what the account is
    allowed; 0 is what every account is.
    """

    rest: str = ""
    stream: str = ""
    trust: FileOption = ""
    recv_window_ms: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 5_000
    weight_per_minute: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0
    orders_per_10s: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0

    def entry(self, market: BinanceMarket) -> OrderEntry:
        """Returns how a market is reached."""
        connection = market.connection
        if self.stream:
            query = connection.address.partition("?")[2]
            address = f"{self.stream}?{query}" if query else self.stream
            connection = msgspec.structs.replace(connection, address=address)
        rest = self.rest or market.rest
        if connection.rest:
            connection = msgspec.structs.replace(connection, rest=rest)
        return OrderEntry(
            rest=rest,
            headers={"X-MBX-APIKEY": "{key}"},
            connection=connection,
            credentials=market.name,
            trust=self.trust,
            signature=Signature(payload="{query}"),
        )
