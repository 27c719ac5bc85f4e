"""The hot path: a message's bytes to its events.

For each message it does: decode, unwrap, one lookup for the kind, one for the instrument, the parser's reading, and for
snapshots and deltas the book's numbering. Everything else was decided when it was compiled.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from mainspring.errors import CodecError
from mainspring.model import Instrument, MarketEvent
from mainspring.wire._dispatch import (
    StreamKinds,
    choosing_key,
    compile_chooser,
    compile_direct,
    compile_likely,
    names_stream,
)
from mainspring.wire._notes import Note
from mainspring.wire._parsers import FAULTS
from mainspring.wire._routes import Apply, Entry, Route, compile_explain, compile_resolve, count_as
from mainspring.wire._values import Data, refusal
from mainspring.wire.cause import Cause
from mainspring.wire.formats import Format
from mainspring.wire.messages import Message

__all__ = ["OnMessage", "Receiver", "compile_receiver"]

Decode: TypeAlias = Callable[[bytes], Any]

_Step: TypeAlias = tuple[list[int], Any, Apply]
"""A message that was read and not yet applied: its counter, its event, and what happens to it."""


class OnMessage(Protocol):
    """`mainspring.seams.Feed.on_message`."""

    def __call__(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]: ...


class Receiver(NamedTuple):
    """The hot path of a feed, and a count of messages of an undeclared kind."""

    on_message: OnMessage
    ignored: list[int]


class _Compiled(NamedTuple):
    """What receiving single messages and batches have in common."""

    key: str
    direct: Callable[[object], Entry | None]
    likely_key: object
    likely: Entry | None
    by_stream: StreamKinds[Entry]
    choose: Callable[[Data], Entry | None]
    resolve: Callable[[Data, Data, Message, dict[object, Route]], Route]
    explain: Callable[[Data, Entry | None, int, Exception], Exception]
    ignored: list[int]
    ignore: Callable[[Any], Sequence[MarketEvent]]
    note: Note


def compile_receiver(
    declared: Format,
    entries: Sequence[Entry],
    instruments: Sequence[Instrument],
    causes: Counter[Cause],
    decode: Decode,
    note: Note,
    *,
    alone: bool,
) -> Receiver:
    """The hot path for a format.

    A message is read completely before anything is counted or changed, so that a refused one leaves no trace.
    """
    by_stream = StreamKinds.of(declared, entries)
    entries = [entry for entry in entries if not names_stream(entry[3])]
    messages = [entry[3] for entry in entries]
    key = choosing_key(messages)
    likely_key, likely = compile_likely(messages, entries)
    compiled = _Compiled(
        key=key,
        direct=compile_direct(messages, entries).get,
        likely_key=likely_key,
        likely=likely,
        by_stream=by_stream,
        choose=compile_chooser(messages, entries),
        resolve=compile_resolve(declared, instruments, causes, alone=alone),
        explain=compile_explain(key, instruments),
        ignored=[0],
        ignore=count_as(Cause.IGNORED, causes),
        note=note,
    )
    receive = _batches(compiled, decode) if declared.batch else _singles(compiled, decode, declared.unwrap)
    return Receiver(receive, compiled.ignored)


def _singles(compiled: _Compiled, decode: Decode, unwrap: str | None) -> OnMessage:
    key, direct, likely_key, likely, by_stream, choose, resolve, explain, ignored, ignore, note = compiled
    # A key that no decoded object holds spares the hot path the question whether there is an envelope at all.
    inside: object = object() if unwrap is None else unwrap
    needs = by_stream.needs

    def on_message(raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        try:
            envelope = decode(raw)
        except CodecError as error:
            return note(raw, receive_time_ns, error)
        try:
            data = envelope.get(inside, envelope)
        except AttributeError:
            raise refusal("", "must be an object", envelope) from None
        if type(data) is not dict:
            raise refusal(str(unwrap), "must be an object", data)
        entry = likely if likely_key in data and key not in data else None
        try:
            if (needs is None or needs in data) and envelope is not data:
                entry = by_stream.entry_of(envelope, data) or entry
            if entry is None:
                entry = direct(data.get(key)) or choose(data)
                if entry is None:
                    ignored[0] += 1
                    return ignore(None)
            symbol_key, routes, count, message = entry
            parse, apply = routes.get(data.get(symbol_key)) or resolve(envelope, data, message, routes)
            event: Any = parse(data, receive_time_ns)
        except FAULTS as error:
            raise explain(data, entry, receive_time_ns, error) from None
        count[0] += 1
        return (event,) if apply is None else apply(event)

    return on_message


def _batches(compiled: _Compiled, decode: Decode) -> OnMessage:
    key, direct, _, _, _, choose, resolve, explain, ignored, ignore, note = compiled

    def read(data: Data, receive_time_ns: int) -> _Step:
        entry = None
        try:
            entry = direct(data.get(key)) or choose(data)
            if entry is None:
                return ignored, None, ignore
            symbol_key, routes, count, message = entry
            parse, apply = routes.get(data.get(symbol_key)) or resolve(data, data, message, routes)
            return count, parse(data, receive_time_ns), apply
        except FAULTS as error:
            raise explain(data, entry, receive_time_ns, error) from None

    def on_message(raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        try:
            batch = decode(raw)
        except CodecError as error:
            return note(raw, receive_time_ns, error)
        if type(batch) is not list:
            raise refusal("", "must be an array of messages", batch)
        for data in batch:
            if type(data) is not dict:
                raise refusal("", "must be an array of objects", data)
        events: list[MarketEvent] = []
        for count, event, apply in [read(data, receive_time_ns) for data in batch]:
            count[0] += 1
            if apply is None:
                events.append(event)
            else:
                events.extend(apply(event))
        return events

    return on_message
