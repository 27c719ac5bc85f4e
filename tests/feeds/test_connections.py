"""Our feeds' connections: data, within the venues' limits, and the messages that recordings were made with."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from mainspring.data import read_cryptofeed
from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.wire import Connection, WireFeed, dials
from mainspring_plugins.codecs.orjson import OrjsonCodec

_FEEDS = {
    name: offer.factory
    for name, offer in Registry.load().offers("feed").items()
    if isinstance(offer.factory, WireFeed) and offer.factory.connection is not None
}
_NOW_NS = 1_700_000_000_123_456_789
_SENT = re.compile(r"\S+ <- [\d.]+: (.*)")
_WORDS = re.compile(r"[\w/-]+")
_VOLATILE = {"id", "time", "ticket"}


def _instrument(venue_symbol: str) -> Instrument:
    return Instrument(symbol=venue_symbol, venue_symbol=venue_symbol, tick_size=Decimal("0.01"), lot_size=Decimal(1))


@pytest.mark.parametrize("name", sorted(_FEEDS))
def test_our_connections_are_data_and_send_messages(name: str) -> None:
    """Each can be written out and read back, and asks for every instrument, on as many connections as it needs."""
    connection = _FEEDS[name].connection
    assert msgspec.json.decode(msgspec.json.encode(connection), type=Connection) == connection
    wanted = [_instrument(f"S{number}x") for number in range(400)]
    found = dials(connection, wanted, orjson.dumps, _NOW_NS, token="t")
    assert [one for dial in found for one in dial.instruments] == wanted
    for dial in found:
        text = b"".join(dial.messages).lower()
        assert all(one.venue_symbol.lower().encode() in text for one in dial.instruments)
        assert b"{venue" not in text
        assert "{" not in dial.address


# Recordings, and how many of the things that we ask for they asked for too: others have another name today.
_RECORDED = {
    "ascendex": ("ASCENDEX.ws.1.0", 2),
    "bitget": ("BITGET.ws.1.0", 2),
    "bitmex": ("BITMEX.ws.1.0", 3),
    "gateio": ("GATEIO.ws.1.0", 3),
    "gateio-futures": ("GATEIO_FUTURES.ws.1.0", 4),
    "huobi": ("HUOBI.ws.44.0", 2),
    "independent-reserve": ("INDEPENDENT_RESERVE.ws.1.0", 2),
    "kraken-futures": ("KRAKEN_FUTURES.ws.1.0", 2),
    "kraken-v1": ("KRAKEN.ws.50.0", 1),
    "kucoin": ("KUCOIN.ws.1.0", 3),
    "okx": ("OKX.ws.1.0", 3),
    "phemex": ("PHEMEX.ws.1.0", 2),
    "poloniex": ("POLONIEX.ws.1.0", 2),
    "upbit": ("UPBIT.ws.62.0", 2),
}


def _only(value: Any, symbol: str, others: set[str]) -> Any:
    """A message without what it says of other symbols."""
    if isinstance(value, dict):
        return {key: _only(one, symbol, others) for key, one in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [
            _only(one, symbol, others) for one in value if not others & set(_WORDS.findall(json.dumps(one).lower()))
        ]
    start, colon, rest = value.partition(":") if isinstance(value, str) else ("", "", "")
    return f"{start}:{symbol}" if colon and symbol in rest.split(",") else value


def _atoms(message: Any) -> set[str]:
    """What a message asks for, item by item."""
    parts = message if isinstance(message, list) else [message]
    found = set()
    for part in parts:
        long = next((key for key, value in part.items() if isinstance(value, list) and len(value) > 1), None)
        for one in [part] if long is None else [{**part, long: [item]} for item in part[long]]:
            found.add(json.dumps(one, sort_keys=True).lower())
    return found


@pytest.mark.parametrize("name", sorted(_RECORDED))
def test_what_we_send_is_what_the_venue_was_sent(name: str, data_file: Callable[[str], Path]) -> None:
    """A recording has the messages that its venue took: ours ask for the same, of the same instruments."""
    file, channels = _RECORDED[name]
    path = data_file(f"cryptofeed/{file}")
    sent = [orjson.loads(found[1]) for line in path.read_text().splitlines() if (found := _SENT.fullmatch(line))]
    declared = _FEEDS[name]
    connection = declared.connection
    assert connection is not None
    symbols = {one.venue_symbol for one in declared.find_instruments(read_cryptofeed(path), OrjsonCodec())}
    shared = {symbol for symbol in symbols if symbol.lower() in json.dumps(sent).lower()}
    assert len(shared) > 1
    for symbol in sorted(shared):
        others = {one.lower() for one in shared - {symbol}}
        (dial,) = dials(connection, [_instrument(symbol)], orjson.dumps, _NOW_NS)
        ours = {atom for message in dial.messages for atom in _atoms(_only(orjson.loads(message), symbol, others))}
        accepted = {atom for message in sent for atom in _atoms(_only(message, symbol, others))}
        assert len(ours & accepted) == channels, (symbol, ours - accepted)
