"""Feeds of both decoders, which are to say the same of a message whatever is odd about it."""

import copy
import json
from decimal import Decimal

import orjson

from mainspring.errors import CodecError, GridError, WireError
from mainspring.model import Instrument
from mainspring.seams import FeedContext

NOW = 1_700_000_000_000_000_000
INSTRUMENTS = tuple(
    Instrument(symbol=name, venue_symbol=name, tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))
    for name in ("A", "B")
)

ODD = [
    "",
    "x",
    "1",
    "-1",
    "1.5",
    "1e3",
    "1E-1",
    "-0",
    0,
    1,
    -1,
    1.5,
    -0.0,
    1e300,
    10**30,
    None,
    True,
    [],
    {},
    ["1", "2"],
    "0.0001",
    "delete",
    "A",
]

ABSENT = object()


def decoders(declared):
    codec = Codec()
    feeds = [declared(FeedContext(INSTRUMENTS, codec))]
    try:
        from mainspring_native.decoders import native_decoder
    except ImportError:
        return feeds
    return [*feeds, declared(FeedContext(INSTRUMENTS, codec, decoder=native_decoder))]


class Codec:
    def decode(self, data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise CodecError("plain", str(error)) from error

    def encode(self, value):
        return orjson.dumps(value)


def said(feed, message):
    """The events of a message, or the error, as values."""
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    try:
        return list(feed.on_message(raw, NOW))
    except (WireError, GridError, CodecError) as error:
        return type(error), str(error)


def both(feeds, message):
    """What all decoders say of a message: the same."""
    first, *others = [said(feed, message) for feed in feeds]
    assert all(other == first for other in others), message
    return first


def paths_of(value, path=()):
    """Every path into a message, the message itself left out."""
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from paths_of(child, (*path, key))


def replaced(message, path, value):
    copied = copy.deepcopy(message)
    parent = copied
    for step in path[:-1]:
        parent = parent[step]
    if value is ABSENT:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copied
