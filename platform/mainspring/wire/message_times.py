"""The times that a venue gives its messages, read without the rest of them."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from mainspring.errors import CodecError, WireError
from mainspring.wire._channels import joining
from mainspring.wire._dispatch import compile_test, names_stream
from mainspring.wire._flat import compile_matches
from mainspring.wire._source import Source
from mainspring.wire._tree_kinds import Kind, compile_kinds, unfold
from mainspring.wire._tree_values import write_time
from mainspring.wire.formats import Format
from mainspring.wire.messages import BarMessage, ControlMessage, Message, SnapshotMessage

__all__ = ["MessageTimes"]

_Find: TypeAlias = Callable[[Any, Any], int]
"""The time of an item of a message, in nanoseconds; raises `WireError` where there is none."""


class MessageTimes:
    """Reads the times of single messages of a format, some left out between them, and keeps nothing of any message."""

    def __init__(self, declared: Format, decode: Callable[[bytes], Any]) -> None:
        """`decode` is the codec's."""
        self._decode = decode if declared.channels is None else joining(declared.channels, decode)
        self._times = partial(_flat_times, declared, _flat_kinds(declared)) if declared.flat else _tree_times(declared)

    def newest(self, raw: bytes) -> int | None:
        """The newest time that a message says of itself, in nanoseconds since the Unix epoch.

        None if it says none, or can't be read. A bar's time is the start of what it tells of, which doesn't count.
        """
        try:
            return max(self._times(self._decode(raw)), default=None)
        except (CodecError, WireError):
            return None


def _time_of(message: Message) -> _Find | None:
    """What reads the time of a message of that kind; None if it says none."""
    if isinstance(message, ControlMessage | BarMessage) or message.event_time is None:
        return None
    source: Source[None] = Source("read_time", ("root", "item"), whole=message.each is None)
    inside = message.inside if isinstance(message, SnapshotMessage) else None
    if inside is not None:
        source.start_at(source.at(inside))
    source.write(f"return {write_time(source, message.event_time)}")
    return source.make(None)


def _tree_times(declared: Format) -> Callable[[Any], list[int]]:
    _, tried = compile_kinds(declared.messages)
    finds: dict[Kind | None, _Find | None] = {kind: _time_of(kind.message) for kind in tried}

    def times(root: Any) -> list[int]:
        items = unfold(tried, root, mixed=declared.mixed)
        return [find(root, item) for kind, item in items if (find := finds.get(kind)) is not None]

    return times


def _flat_kinds(declared: Format) -> list[tuple[Callable[[Any, Any], bool], _Find | None]]:
    """Whether an object is of a kind, by its envelope and itself, with what reads its time: in the order of trial."""
    stream = "" if declared.stream is None else declared.stream.key

    def compiled(message: Message) -> Callable[[Any, Any], bool]:
        fits = compile_test(message)
        if not names_stream(message):
            return lambda _envelope, data: fits(data)
        matches = compile_matches(str(message.when[f"/{stream}"]))

        def fits_both(envelope: Any, data: Any) -> bool:
            name = None if envelope is data else envelope.get(stream)
            return type(name) is str and matches(name) and fits(data)

        return fits_both

    tried = sorted(declared.messages, key=lambda message: (not names_stream(message), not message.when))
    return [(compiled(message), _time_of(message)) for message in tried]


def _flat_times(declared: Format, kinds: list[tuple[Callable[[Any, Any], bool], _Find | None]], root: Any) -> list[int]:
    found = []
    for envelope in root if declared.batch and type(root) is list else (root,):
        if type(envelope) is not dict:
            continue
        data = envelope if declared.unwrap is None else envelope.get(declared.unwrap, envelope)
        if type(data) is not dict:
            continue
        find = next((find for fits, find in kinds if fits(envelope, data)), None)
        if find is not None:
            found.append(find(envelope, data))
    return found
