"""What is said on the WebSockets of Alpaca, without I/O: market data, and updates of the account's orders."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgpack
import orjson

from mainspring.model import BookDelta, BookSnapshot, Level, MarketEvent, Quote, Side, Trade
from mainspring.session.live.venue.alpaca.assets import Asset, rfc3339
from mainspring.session.live.venue.exchange import Exchange

__all__ = ["DataSocket", "Encoding", "UpdatesSocket", "decode", "encode"]

Encoding: TypeAlias = Literal["json", "msgpack"]

_MANY: Final = 1_000_000
_CHANNELS: Final = {
    True: ("trades", "quotes", "orderbooks", "bars", "updatedBars", "dailyBars"),
    False: (
        *("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections", "cancelErrors"),
    ),
}
_CHANNEL_OF: Final = {Trade: "trades", Quote: "quotes", BookDelta: "orderbooks", BookSnapshot: "orderbooks"}


def encode(messages: Any, encoding: Encoding) -> bytes:
    """Encodes what is to be sent. A time, a number of nanoseconds at "t", is text in JSON, and an extension else."""
    write: Callable[[int], Any] = rfc3339 if encoding == "json" else msgpack.Timestamp.from_unix_nano
    if isinstance(messages, list):
        messages = [{**one, "t": write(one["t"])} if "t" in one else one for one in messages]
    return orjson.dumps(messages) if encoding == "json" else msgpack.packb(messages)


def decode(raw: bytes, encoding: Encoding) -> Mapping[str, Any]:
    """Decodes what a client sent; an empty message for what can't be read."""
    try:
        message = orjson.loads(raw) if encoding == "json" else msgpack.unpackb(raw)
    except (ValueError, msgpack.UnpackException):
        return {}
    return message if isinstance(message, Mapping) else {}


class DataSocket:
    """One connection for market data: `crypto` pairs or stocks. Messages come in lists, as they are sent."""

    def __init__(self, assets: Sequence[Asset], exchange: Exchange, *, crypto: bool) -> None:
        self._exchange = exchange
        self._assets = {place: one for place, one in enumerate(assets) if one.crypto == crypto}
        self._crypto = crypto
        self._authenticated = False
        self._subscribed: dict[str, dict[str, None]] = {channel: {} for channel in _CHANNELS[crypto]}

    @staticmethod
    def opened() -> list[dict[str, Any]]:
        """Returns what is said first."""
        return [{"T": "success", "msg": "connected"}]

    def received(self, message: Mapping[str, Any], now_ns: int) -> list[list[dict[str, Any]]]:
        """Takes a client's message; returns the answers."""
        action = message.get("action")
        if action == "auth":
            if self._authenticated:
                return [_error(403, "already authenticated")]
            self._authenticated = bool(message.get("key")) and bool(message.get("secret"))
            return [[{"T": "success", "msg": "authenticated"}] if self._authenticated else _error(402, "auth failed")]
        if not self._authenticated:
            return [_error(401, "not authenticated")]
        if action not in ("subscribe", "unsubscribe"):
            return [_error(400, "invalid syntax")]
        added = []
        for channel, symbols in self._subscribed.items():
            for symbol in message.get(channel) or ():
                if action == "unsubscribe":
                    symbols.pop(symbol, None)
                elif symbol not in symbols:
                    symbols[symbol] = None
                    added.append((channel, symbol))
        reply: dict[str, Any] = {"T": "subscription", **{one: list(found) for one, found in self._subscribed.items()}}
        return [[reply], *self._snapshots([symbol for channel, symbol in added if channel == "orderbooks"], now_ns)]

    def messages(self, events: Iterable[MarketEvent]) -> list[dict[str, Any]]:
        """Returns what is said of market events, in order; nothing of what wasn't subscribed to."""
        found = []
        for event in events:
            channel = _CHANNEL_OF.get(type(event))
            asset = self._assets.get(event.instrument) if channel in self._subscribed else None  # type: ignore[union-attr]
            if asset is None or channel is None:
                continue
            wanted = self._subscribed[channel]
            if "*" in wanted or asset.instrument.symbol in wanted:
                found.append(self._write(asset, event))
        return found

    def _snapshots(self, symbols: Sequence[str], now_ns: int) -> list[list[dict[str, Any]]]:
        books = self._exchange.market.books
        return [
            [
                self._book(
                    asset, now_ns, *(books[place].depth(side, _MANY) for side in (Side.BUY, Side.SELL)), whole=True
                )
            ]
            for place, asset in self._assets.items()
            if "*" in symbols or asset.instrument.symbol in symbols
        ]

    def _write(self, asset: Asset, event: MarketEvent) -> dict[str, Any]:
        one = asset.instrument
        if isinstance(event, Trade):
            more = {"tks": "B" if event.aggressor > 0 else "S"} if self._crypto else {"x": "Q", "c": ["@"], "z": "C"}
            price, size = float(one.tick_size * event.price_ticks), _size(asset, event.size_lots)
            return {
                "T": "t",
                "S": one.symbol,
                "i": event.trade_id,
                "p": price,
                "s": size,
                "t": event.event_time_ns,
                **more,
            }
        if isinstance(event, Quote):
            more = {} if self._crypto else {"bx": "Q", "ax": "Q", "c": ["R"], "z": "C"}
            return {
                "T": "q",
                "S": one.symbol,
                "bp": float(one.tick_size * event.bid_ticks),
                "bs": _size(asset, event.bid_lots),
                "ap": float(one.tick_size * event.ask_ticks),
                "as": _size(asset, event.ask_lots),
                # A quote without a time of its own happened when it was received.
                "t": event.event_time_ns if event.event_time_ns > 0 else event.receive_time_ns,
                **more,
            }
        assert isinstance(event, BookDelta | BookSnapshot)
        return self._book(asset, event.receive_time_ns, event.bids, event.asks, whole=isinstance(event, BookSnapshot))

    @staticmethod
    def _book(
        asset: Asset, time_ns: int, bids: Sequence[Level], asks: Sequence[Level], *, whole: bool
    ) -> dict[str, Any]:
        def rows(levels: Sequence[Level]) -> list[dict[str, Any]]:
            tick = asset.instrument.tick_size
            return [{"p": float(tick * ticks), "s": _size(asset, lots)} for ticks, lots in levels]

        message = {"T": "o", "S": asset.instrument.symbol, "t": time_ns, "b": rows(bids), "a": rows(asks)}
        return {**message, "r": True} if whole else message


class UpdatesSocket:
    """One connection for the updates of orders."""

    def __init__(self) -> None:
        self._authorized = False
        self.listens = False
        """Whether the client asked for `trade_updates`."""

    def received(self, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Takes a client's message; returns the answers."""
        action, data = message.get("action"), message.get("data") or {}
        if action in ("auth", "authenticate"):
            keys = (message.get("key"), message.get("secret")) if action == "auth" else _old_keys(data)
            self._authorized = all(keys)
            status = "authorized" if self._authorized else "unauthorized"
            return [{"stream": "authorization", "data": {"action": "authenticate", "status": status}}]
        if not self._authorized:
            return [{"stream": "authorization", "data": {"action": str(action), "status": "unauthorized"}}]
        if action == "listen" and isinstance(data, Mapping):
            self.listens = "trade_updates" in (data.get("streams") or ())
            streams = ["trade_updates"] if self.listens else []
            return [{"stream": "listening", "data": {"streams": streams}}]
        return [{"stream": "listening", "data": {"error": "invalid action"}}]


def _old_keys(data: Any) -> tuple[Any, Any]:
    return (data.get("key_id"), data.get("secret_key")) if isinstance(data, Mapping) else (None, None)


def _size(asset: Asset, lots: int) -> int | float:
    size = asset.instrument.lot_size * lots
    return float(size) if asset.crypto else int(size)


def _error(code: int, text: str) -> list[dict[str, Any]]:
    return [{"T": "error", "code": code, "msg": text}]
