"""A venue's format: its messages, their envelope and numbering."""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from mainspring.wire._flat import is_flat
from mainspring.wire.fields import ORDER_EXECUTES, ORDER_REDUCES
from mainspring.wire.messages import DeltaMessage, Message, SnapshotMessage, When, has_orders, sides_of

__all__ = [
    "Chained",
    "ChannelNumbers",
    "Contiguous",
    "Format",
    "MessageNumbers",
    "Rising",
    "Sequencing",
    "StreamName",
    "Unsequenced",
]


class Contiguous(msgspec.Struct, frozen=True, tag=True):
    """Each delta starts at or before the id that follows the book's, and ends beyond it.

    With L the book's id, a delta with `last <= L` is late, one with `first <= L + 1` continues the book, and any
    other shows a gap. So a snapshot bridges where `first <= L + 1 <= last`. Binance spot: "How to manage a local order
    book correctly".
    """


class Chained(msgspec.Struct, frozen=True, tag=True):
    """Each delta names the one before it.

    With L the id of a snapshot, deltas with `last < L` are stale and the first one applied has `first <= L <= last`,
    or names L itself as `previous`, when the snapshot was taken just between two deltas. From then on `previous` must
    be the `last` of the delta before; one that names it and ends before it goes back, and is late. Binance USD-M and
    COIN-M futures: "How to manage a local order book correctly".
    """


class Rising(msgspec.Struct, frozen=True, tag=True):
    """The ids of an instrument's deltas rise, with holes between them: one that doesn't is late. No gap can be seen."""


class Unsequenced(msgspec.Struct, frozen=True, tag=True):
    """Nothing is numbered: a snapshot starts the book, and every delta after it continues it. No gap can be seen."""


Sequencing: TypeAlias = Contiguous | Chained | Rising | Unsequenced


class StreamName(msgspec.Struct, frozen=True):
    """Where the envelope names the stream: the venue symbol, in either case, behind `after` and up to `until`."""

    key: str
    until: str
    after: str = ""


class MessageNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """The number that each message of a connection has, whatever it is about: one more than the message before it.

    It is an integer under `key` of the whole message, or the text of one with `text`. With `channel`, the path of a
    text, the messages of each channel are numbered apart. `first` is the number of a connection's first message. A
    message without a number, as an answer to a request by HTTP, is passed over.

    A number left out means that messages were lost, of books or others: every book of the connection is quarantined and
    a snapshot asked for. A number that came already is a repetition, and its message isn't applied. Where the numbers
    start again, another connection has begun: what the books missed between the two isn't known, so they are
    quarantined too.
    """

    key: str
    channel: str | None = None
    text: bool = False
    first: int = 0


class ChannelNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """The number by which messages name their channel, whose meaning the answer to a subscription gave.

    `answer` recognises such answers, as `when` does messages; `number` is the path of the number in them, and `at` its
    path in the messages of the channel. A message that has a number there, of 0 to 2**64 - 1, is read as
    `{"channel": ANSWER, "message": MESSAGE}`: so the paths of its declaration begin with "channel." or "message.". An
    answer that never came is null, and other messages are read as they are.
    """

    answer: When
    number: str
    at: str


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue sends.

    `unwrap` is the key of the message in its envelope; a message without the envelope is taken as well. `stream` says
    which instrument the envelope names, and `answers` where that of a recorded answer to a request does instead. With
    `batch`, a message is an array of messages, applied whole or not at all. `sequencing` is how the updates of each
    book are numbered, and `numbers` how all messages of a connection are. `channels` says what messages mean that name
    their channel by a number. If `mixed`, a message may be of several kinds at once: one for each array that has items,
    and one of itself.
    """

    messages: tuple[Message, ...]
    unwrap: str | None = None
    stream: StreamName | None = None
    answers: StreamName | None = None
    batch: bool = False
    sequencing: Sequencing = Unsequenced()
    numbers: MessageNumbers | None = None
    channels: ChannelNumbers | None = None
    mixed: bool = False

    @property
    def flat(self) -> bool:
        """Whether all values stand under keys of one object, so that a message is read in one pass."""
        return is_flat(self)

    def __post_init__(self) -> None:
        if self.batch and (self.unwrap is not None or self.stream is not None):
            raise ValueError("a batch has no envelope: batch goes with neither unwrap nor stream")
        if not self.flat and (self.batch or self.unwrap is not None or self.stream is not None):
            raise ValueError("where messages are found by paths, these replace batch (each), unwrap and stream")
        books = [message for message in self.messages if isinstance(message, DeltaMessage | SnapshotMessage)]
        if len({has_orders(message) for message in books}) > 1:
            raise ValueError("the books of a format are made of levels or of orders, not of both")
        if any(one.unnumbered for one in books if isinstance(one, SnapshotMessage)):
            _check_unnumbered(books)
        for message in self.messages:
            if not self.flat and isinstance(message, SnapshotMessage) and message.inside is not None:
                raise ValueError("where messages are found by paths, these replace inside")
            if isinstance(self.sequencing, Unsequenced):
                continue
            if isinstance(message, SnapshotMessage) and message.last_id is None and not message.unnumbered:
                raise ValueError("sequencing needs the last_id of a snapshot")
            if isinstance(message, DeltaMessage) and message.sequence is None:
                raise ValueError("sequencing needs the sequence of a delta")
            if isinstance(self.sequencing, Chained) and isinstance(message, DeltaMessage):
                assert message.sequence is not None
                if message.sequence.previous is None:
                    raise ValueError("chained sequencing needs the previous id of a delta")


def _check_unnumbered(books: Sequence[DeltaMessage | SnapshotMessage]) -> None:
    """Raises `ValueError` where updates take something off, which can't be applied a second time."""
    for side in (side for message in books for side in sides_of(message)):
        actions = (side.action,) if isinstance(side.action, int) else tuple(does for _, does in side.action.values)
        if ORDER_REDUCES in actions or ORDER_EXECUTES in actions:
            raise ValueError(
                "an unnumbered snapshot goes with updates that say how things stand, not what is taken off"
            )
