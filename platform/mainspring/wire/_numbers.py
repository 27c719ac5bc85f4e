"""Numbers that a venue gives to all messages of a connection: what they say about each message."""

import enum
from typing import TYPE_CHECKING, Any

from mainspring.wire._sync import RENUMBERED_DELTAS
from mainspring.wire._tree_values import compile_integer, compile_text
from mainspring.wire.fields import Integer, Text
from mainspring.wire.formats import MessageNumbers

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Arrival", "MessageCounter"]


class Arrival(enum.Enum):
    """How a message stands to those before it on its connection."""

    NEXT = enum.auto()
    LOST = enum.auto()
    """Others before it are missing."""
    RECONNECTED = enum.auto()
    """It is the first that was seen of another connection."""
    REPEATED = enum.auto()
    LATE = enum.auto()


class MessageCounter:
    """Follows the numbers of a connection, or of each of its channels.

    A recording may hold one connection after another. Another one has begun where the numbers start again, or where so
    many messages in a row lie behind the last one that its first messages must be missing.
    """

    def __init__(self, declared: MessageNumbers) -> None:
        self._number_of: Callable[[Any, Any], int] = compile_integer(
            Integer(_from_root(declared.key), optional=True, text=declared.text)
        )
        self._channel_of: Callable[[Any, Any], str] | None = None
        if declared.channel is not None:
            self._channel_of = compile_text(Text(_from_root(declared.channel), optional=True))
        self._first = declared.first
        self._last: dict[str, int] = {}
        # How many messages in a row lie behind the last one, and the number of the latest, by channel.
        self._behind: dict[str, tuple[int, int]] = {}

    def read(self, root: Any) -> tuple[str, int]:
        """The channel and the number of a message. Raises `WireError` if it can't be read."""
        channel = "" if self._channel_of is None else self._channel_of(root, root)
        return channel, self._number_of(root, root)

    def take(self, channel: str, number: int) -> Arrival:
        """What a message's number says; one without a number is as it should be."""
        if number < 0:
            return Arrival.NEXT
        last = self._last.get(channel)
        if last is None or number == last + 1:
            arrival = Arrival.NEXT
        elif number == last:
            return Arrival.REPEATED
        elif number > last:
            arrival = Arrival.LOST
        elif number == self._first or self._starts_again(channel, number):
            arrival = Arrival.RECONNECTED
            self._last.clear()
            self._behind.clear()
        else:
            return Arrival.LATE
        self._last[channel] = number
        if self._behind:
            self._behind.pop(channel, None)
        return arrival

    def _starts_again(self, channel: str, number: int) -> bool:
        count, before = self._behind.get(channel, (0, number - 1))
        count = count + 1 if number == before + 1 else 1
        self._behind[channel] = count, number
        return count >= RENUMBERED_DELTAS


def _from_root(path: str) -> str:
    return "/" + path.removeprefix("/")
