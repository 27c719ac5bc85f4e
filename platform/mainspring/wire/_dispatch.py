"""Finds the declared kind of a message, with one dict lookup if one key distinguishes the kinds."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from mainspring.wire._flat import compile_matches
from mainspring.wire._values import Data, refusal
from mainspring.wire.messages import Message, SnapshotMessage

__all__ = [
    "StreamKinds",
    "choosing_key",
    "compile_chooser",
    "compile_direct",
    "compile_likely",
    "compile_test",
    "names_stream",
]

if TYPE_CHECKING:
    from mainspring.wire.formats import Format

Entry = TypeVar("Entry")

_MAX_STREAMS = 4096


class StreamKinds(Generic[Entry]):
    """The kinds of message that only the stream's name in the envelope tells, remembered by that name.

    `needs` is a key that the object of each of them has: an object without it needn't be asked about. It is None if
    they share no key, and one that no object has if there are no such kinds.
    """

    def __init__(
        self, key: str, kinds: Sequence[tuple[Callable[[str], bool], Callable[[Data], bool], Entry]], needs: object
    ) -> None:
        self.needs = needs
        self._key = key
        self._kinds = kinds
        self._known: dict[str, list[tuple[Callable[[Data], bool], Entry]]] = {}

    @classmethod
    def of(cls, declared: "Format", entries: Sequence[Entry]) -> "StreamKinds[Entry]":
        """Those of a format."""
        key = "" if declared.stream is None else declared.stream.key
        path = f"/{key}"
        named = [pair for pair in zip(declared.messages, entries, strict=True) if path in pair[0].when]
        if not named or declared.stream is None:
            return cls(key, (), object())
        kinds = [(compile_matches(str(message.when[path])), compile_test(message), entry) for message, entry in named]
        shared = set.intersection(*(_needed_keys(message) for message, _ in named))
        return cls(key, kinds, min(shared, default=None))

    def entry_of(self, envelope: Data, data: Data) -> Entry | None:
        """The entry of the message in an envelope, if its stream has a kind of its own."""
        name = envelope.get(self._key)
        if type(name) is not str:
            return None
        kinds = self._known.get(name)
        if kinds is None:
            if len(self._known) >= _MAX_STREAMS:
                self._known.clear()
            kinds = self._known[name] = [(fits, entry) for matches, fits, entry in self._kinds if matches(name)]
        for fits, entry in kinds:
            if fits(data):
                return entry
        return None


def names_stream(message: Message) -> bool:
    """Whether a declaration of a format without paths names the stream."""
    return any(key.startswith("/") for key in message.when)


def _needed_keys(message: Message) -> set[str]:
    """The keys without which an object isn't of that kind."""
    if isinstance(message, SnapshotMessage) and message.inside is not None:
        return {message.inside}
    # A null that is asked for may be missing.
    own = {key for key, value in message.when.items() if value is not None and not key.startswith("/")}
    return own | set(message.has)


def choosing_key(messages: Sequence[Message]) -> str:
    """The key that most declarations name in `when`; empty if none names one."""
    keys = Counter(key for message in messages for key in message.when)
    return keys.most_common(1)[0][0] if keys else ""


def compile_direct(messages: Sequence[Message], entries: Sequence[Entry]) -> dict[object, Entry]:
    """The entries of the messages that the text under the choosing key identifies, by that text."""
    key = choosing_key(messages)
    named = Counter(message.when[key] for message in messages if key in message.when)
    return {
        message.when[key]: entry
        for message, entry in zip(messages, entries, strict=True)
        if set(message.when) == {key}
        and isinstance(message.when[key], str)
        and not message.has
        and named[message.when[key]] == 1
    }


def compile_likely(messages: Sequence[Message], entries: Sequence[Entry]) -> tuple[object, Entry | None]:
    """The likeliest kind of a message without the choosing key, and the key that identifies it.

    So a frequent kind that doesn't name itself, such as a quote of Binance spot, is found without a call.
    """
    key = choosing_key(messages)
    keyless = [(message, entry) for message, entry in zip(messages, entries, strict=True) if key not in message.when]
    if keyless and not keyless[0][0].when and len(keyless[0][0].has) == 1:
        return keyless[0][0].has[0], keyless[0][1]
    # No message holds this key.
    return object(), None


def compile_chooser(messages: Sequence[Message], entries: Sequence[Entry]) -> Callable[[Data], Entry | None]:
    """Finds the entry of a message that `compile_direct` doesn't know, or None for a kind that isn't declared.

    A message with text under the choosing key names itself: only declarations that name that key in `when` can fit.
    One that fits no declaration and has no such text is malformed, not of another kind: that is a `WireError`.
    """
    key = choosing_key(messages)
    reported = sorted(zip(messages, entries, strict=True), key=lambda pair: not pair[0].when)
    tests = [(compile_test(message), entry) for message, entry in reported]
    keyless_tests = [(compile_test(message), entry) for message, entry in reported if key not in message.when]
    named_tests = [(compile_test(message), entry) for message, entry in reported if key in message.when]

    def choose(data: Data) -> Entry | None:
        kind = data.get(key)
        named = type(kind) is str
        for fits, entry in named_tests if named else tests if key in data else keyless_tests:
            if fits(data):
                return entry
        if not named:
            raise refusal(key, "must name a kind of message, as no declaration fits without", kind)
        return None

    return choose


def compile_test(message: Message) -> Callable[[Data], bool]:
    """Whether an object is of that kind, by its own keys."""
    wanted = tuple((key, value) for key, value in message.when.items() if not key.startswith("/"))
    has = message.has
    inside = message.inside if isinstance(message, SnapshotMessage) else None
    if inside is not None:
        fits_inside = compile_test(msgspec.structs.replace(message, inside=None))
        return lambda data: type(data.get(inside)) is dict and fits_inside(data[inside])
    if not wanted and len(has) == 1:
        only = has[0]
        return lambda data: only in data

    def fits(data: Data) -> bool:
        for key in has:
            if key not in data:
                return False
        for key, value in wanted:
            found = data.get(key)
            if type(found) is not type(value) or found != value:
                return False
        return True

    return fits
