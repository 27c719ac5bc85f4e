"""Leads from a message's object to its parser: finds its kind and instrument, or explains why there is none."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from mainspring.errors import WireError
from mainspring.model import Instrument, MarketEvent
from mainspring.wire._parsers import Parser, Tables, compile_parser
from mainspring.wire._plain import read_control, read_event
from mainspring.wire._streams import compile_locator
from mainspring.wire._sync import BookSync, snapshot_handler
from mainspring.wire._values import Data, read_text, refusal
from mainspring.wire.cause import Cause
from mainspring.wire.formats import Format
from mainspring.wire.messages import (
    ControlMessage,
    DeltaMessage,
    MarketMessage,
    Message,
    SnapshotMessage,
    TradeMessage,
    flat_symbol,
)

__all__ = ["Apply", "Entry", "Route", "compile_entries", "compile_explain", "compile_resolve", "count_as"]

Apply: TypeAlias = Callable[[Any], Sequence[MarketEvent]] | None
"""What happens to an event that was read; None if it is emitted unchanged."""

Route: TypeAlias = tuple[Callable[[Data, int], MarketEvent | None], Apply]

Entry: TypeAlias = tuple[str | None, dict[object, Route], list[int], Message]
"""A kind of message: the key of its symbol, its routes by venue symbol, a count of its messages, and its declaration.
It is a plain tuple because those unpack fastest."""


def compile_entries(
    messages: Sequence[Message], instruments: Sequence[Instrument], first_index: int, syncs: Sequence[BookSync]
) -> list[Entry]:
    """The entry of each declaration. Events name the first instrument by `first_index`."""
    tables = Tables()
    entries: list[Entry] = []
    for message in messages:
        if isinstance(message, ControlMessage):
            entries.append((None, {}, [0], message))
            continue
        routes: dict[object, Route] = {}
        for index, (instrument, sync) in enumerate(zip(instruments, syncs, strict=True), first_index):
            parser = compile_parser(message, index, instrument, tables)
            if isinstance(message, SnapshotMessage) and message.inside is not None:
                parser = _inside(parser, message.inside)
            routes[instrument.venue_symbol] = (parser, _apply(message, sync))
        inside = isinstance(message, SnapshotMessage) and message.inside is not None
        symbol = flat_symbol(message)
        key = None if symbol is None or inside else symbol.key
        entries.append((key, routes, [0], message))
    return entries


def _inside(parser: Parser, key: str) -> Parser:
    """Reads the object under a key."""
    return lambda data, receive_time_ns: parser(data[key], receive_time_ns)


def _apply(message: MarketMessage, sync: BookSync) -> Apply:
    if isinstance(message, SnapshotMessage):
        return snapshot_handler(message, sync)
    if isinstance(message, DeltaMessage):
        return sync.on_delta if message.reset is None else sync.on_either
    if isinstance(message, TradeMessage):
        return sync.on_numbered_trade if message.rising_ids else sync.on_trade
    return None


def compile_resolve(
    declared: Format, instruments: Sequence[Instrument], causes: Counter[Cause], *, alone: bool
) -> Callable[[Data, Data, Message, dict[object, Route]], Route]:
    """Finds the route if the message's own symbol doesn't lead to one."""
    locate = compile_locator(declared, instruments, alone=alone)
    skip: Route = (lambda _data, _receive_time_ns: None, count_as(Cause.UNKNOWN_SYMBOL, causes))

    def resolve(envelope: Data, data: Data, message: Message, routes: dict[object, Route]) -> Route:
        if isinstance(message, ControlMessage):
            return (lambda data, receive_time_ns: read_control(message, data, receive_time_ns)), None
        symbol = flat_symbol(message)
        if symbol is None:
            return routes.get(locate(envelope, data)) or skip
        if isinstance(message, SnapshotMessage) and message.inside is not None:
            return routes.get(read_text(data[message.inside], symbol)) or skip
        read_text(data, symbol)
        return skip

    return resolve


def compile_explain(
    key: str, instruments: Sequence[Instrument]
) -> Callable[[Data, Entry | None, int, Exception], Exception]:
    """Explains a fault: the plain reading fails where the compiled one did, and names the field."""

    def explain(data: Data, entry: Entry | None, receive_time_ns: int, fault: Exception) -> Exception:
        if isinstance(fault, WireError) and fault.field:
            return fault
        if entry is None:
            return refusal(key, "must name a kind of message", data.get(key))
        message = entry[3]
        if isinstance(message, ControlMessage):
            return fault
        index = 0
        if isinstance(message, SnapshotMessage) and message.inside is not None:
            data = data[message.inside]
        try:
            field = flat_symbol(message)
            if field is not None:
                symbol = read_text(data, field)
                index = next(at for at, known in enumerate(instruments) if known.venue_symbol == symbol)
            read_event(message, data, index, instruments[index], receive_time_ns)
        except WireError as explained:
            return explained
        # The plain reading accepts what the compiled one refused: the fault is ours, not the message's.
        return fault

    return explain


def count_as(cause: Cause, causes: Counter[Cause]) -> Callable[[Any], Sequence[MarketEvent]]:
    """Makes the handler of a message that is only counted."""

    def count(_event: object) -> Sequence[MarketEvent]:
        causes[cause] += 1
        return ()

    return count
