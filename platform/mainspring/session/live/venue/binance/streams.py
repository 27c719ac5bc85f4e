"""What is said on Binance's market streams, without I/O: depth, best prices and trades, by subscription."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from mainspring.model import BookDelta, BookSnapshot, Instrument, Level, MarketEvent, Quote, Trade
from mainspring.session.live.venue.binance.forms import number
from mainspring.session.live.venue.binance.market import Market

__all__ = ["MarketSocket", "MarketWords", "decode"]

_NS_IN_MS: Final = 1_000_000
_Said = tuple[int, str, dict[str, Any]]


class MarketWords:
    """Writes market events. `last_ids` are the numbers of the books' last changes, which it keeps."""

    def __init__(self, instruments: Sequence[Instrument], market: Market, last_ids: list[int]) -> None:
        self._instruments = tuple(instruments)
        self._usdm = market == "usdm"
        self._last_ids = last_ids

    def write(self, events: Iterable[MarketEvent]) -> list[_Said]:
        """Returns what is said of events: each with the instrument's index and the stream, such as "trade"."""
        said: list[_Said] = []
        for event in events:
            if isinstance(event, BookSnapshot):
                self._last_ids[event.instrument] = event.last_id
            elif isinstance(event, BookDelta):
                said.append((event.instrument, "depth", self._depth(event)))
                self._last_ids[event.instrument] = event.last_id
            elif isinstance(event, Quote):
                said.append((event.instrument, "bookTicker", self._quote(event)))
            elif isinstance(event, Trade):
                said += [(event.instrument, name, self._trade(event, name)) for name in ("trade", "aggTrade")]
        return said

    def _depth(self, event: BookDelta) -> dict[str, Any]:
        one, time_ms = self._instruments[event.instrument], event.event_time_ns // _NS_IN_MS
        ids = {"U": event.first_id, "u": event.last_id}
        if self._usdm:
            ids |= {"T": time_ms, "pu": self._last_ids[event.instrument]}
        rows = {"b": _rows(one, event.bids), "a": _rows(one, event.asks)}
        return {"e": "depthUpdate", "E": time_ms, "s": one.venue_symbol, **ids, **rows}

    def _quote(self, event: Quote) -> dict[str, Any]:
        one, time_ms = self._instruments[event.instrument], event.receive_time_ns // _NS_IN_MS
        (bid, bid_size), (ask, ask_size) = _rows(
            one, [(event.bid_ticks, event.bid_lots), (event.ask_ticks, event.ask_lots)]
        )
        named = {"e": "bookTicker", "E": time_ms, "T": time_ms} if self._usdm else {}
        return named | {
            "u": event.update_id,
            "s": one.venue_symbol,
            "b": bid,
            "B": bid_size,
            "a": ask,
            "A": ask_size,
        }

    def _trade(self, event: Trade, name: str) -> dict[str, Any]:
        one, time_ms = self._instruments[event.instrument], event.event_time_ns // _NS_IN_MS
        ids: dict[str, Any] = {"t": event.trade_id}
        if name == "aggTrade":
            ids = {"a": event.trade_id, "f": event.trade_id, "l": event.trade_id}
        elif self._usdm:
            ids["X"] = "MARKET"
        return {
            "e": name,
            "E": time_ms,
            "s": one.venue_symbol,
            **ids,
            "p": number(one.tick_size * event.price_ticks),
            "q": number(one.lot_size * event.size_lots),
            "T": time_ms,
            "m": event.aggressor < 0,
        }


class MarketSocket:
    """One connection for market data, with its subscriptions. A `combined` one names the stream of each message."""

    def __init__(self, instruments: Sequence[Instrument], streams: Iterable[str], *, combined: bool) -> None:
        """`streams` are those that its address names."""
        self._places = {one.venue_symbol.lower(): place for place, one in enumerate(instruments)}
        self._combined = combined
        self._names: dict[str, None] = dict.fromkeys(streams)
        self._wanted = self._find()

    def received(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Takes a client's message; returns the answer."""
        method, number_of, names = message.get("method"), message.get("id"), message.get("params") or []
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            return _wrong("Invalid request: params must be an array of strings", number_of)
        if method == "SUBSCRIBE":
            self._names |= dict.fromkeys(names)
        elif method == "UNSUBSCRIBE":
            for one in names:
                self._names.pop(one, None)
        elif method == "LIST_SUBSCRIPTIONS":
            return {"result": list(self._names), "id": number_of}
        else:
            return _wrong(f"Invalid request: unknown method {method!r}", number_of)
        self._wanted = self._find()
        return {"result": None, "id": number_of}

    def messages(self, said: Iterable[_Said]) -> list[dict[str, Any]]:
        """Returns what was subscribed to."""
        return [
            {"stream": name, "data": data} if self._combined else data
            for place, kind, data in said
            for name in self._wanted.get((place, kind), ())
        ]

    def _find(self) -> dict[tuple[int, str], list[str]]:
        """The names of the streams that were subscribed to, by instrument and kind, whatever their speed."""
        wanted: dict[tuple[int, str], list[str]] = {}
        for name in self._names:
            symbol, _, kind = name.partition("@")
            if symbol in self._places:
                wanted.setdefault((self._places[symbol], kind.partition("@")[0]), []).append(name)
        return wanted


def decode(raw: bytes) -> Mapping[str, Any]:
    """Decodes what a client sent; an empty message for what can't be read."""
    try:
        message = orjson.loads(raw)
    except ValueError:
        return {}
    return message if isinstance(message, Mapping) else {}


def _wrong(text: str, number_of: Any) -> dict[str, Any]:
    return {"error": {"code": 2, "msg": text}, "id": number_of}


def _rows(one: Instrument, levels: Sequence[Level] | Sequence[tuple[int, int]]) -> list[list[str]]:
    return [[number(one.tick_size * ticks), number(one.lot_size * lots)] for ticks, lots in levels]
