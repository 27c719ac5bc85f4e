"""What a journal's blocks hold: the kinds of entries, and their bytes."""

from collections.abc import Iterable
from typing import Final, TypeAlias

import msgspec

from mainspring.errors import JournalError

__all__ = [
    "CheckStates",
    "ConfigText",
    "Ending",
    "Entry",
    "Input",
    "LaneState",
    "LogBytes",
    "Opening",
    "Positions",
    "StrategyStates",
    "decode_entries",
    "encode_entries",
]


class ConfigText(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration that a session was made of, as it was given.

    `text` is the TOML, `origin` where it came from, `folder` what its relative paths are resolved against, and
    `overrides` the `key=value` pairs of the command line.
    """

    text: str
    origin: str
    folder: str
    overrides: tuple[str, ...] = ()


class Opening(msgspec.Struct, frozen=True, kw_only=True, tag="opening"):
    """A session's first entry.

    `opened_at` is the wall clock's time in UTC, as text; `version` the release that wrote it; `lane` the lane's name;
    `instruments` the names of its instruments; `captures` the files that are replayed, with their sizes in bytes.
    `continues` is the session whose orders and positions it went on from; None if it began without any.
    """

    opened_at: str
    version: str
    lane: str
    mode: str
    config: ConfigText | None
    instruments: tuple[str, ...]
    captures: tuple[tuple[str, int], ...] = ()
    continues: int | None = None


class LogBytes(msgspec.Struct, frozen=True):
    """Bytes of the session's order log: its header, then records, in the format that `docs/order-log.md` describes."""

    data: bytes


class Positions(msgspec.Struct, frozen=True, tag="positions"):
    """Where the lane stood when a block was committed.

    `time_ns` is the lane's time; `messages` how many messages each feed had been fed, the last one included.
    """

    time_ns: int
    messages: tuple[int, ...]


class Input(msgspec.Struct, frozen=True, array_like=True):
    """Something from outside that no capture has: a command, or in a live session a venue's word on an order.

    `messages` says how many messages each feed had been fed before it. `event` is the event, as
    `mainspring.session.inputs` encodes it.
    """

    messages: tuple[int, ...]
    event: bytes


class LaneState(msgspec.Struct, frozen=True, array_like=True):
    """The lane's mode changed at `time_ns`, to "running", "cancel-only" or "halted". `why` is for people."""

    time_ns: int
    mode: str
    why: str


class StrategyStates(msgspec.Struct, frozen=True, array_like=True):
    """What the strategies saved at `time_ns`: `states` is JSON, an object with each one's state by its name."""

    time_ns: int
    states: bytes


class CheckStates(msgspec.Struct, frozen=True, array_like=True):
    """What risk checks measure from, as they saved it when it last changed.

    `states` is JSON: an object with each one's state by its name and the index of its first instrument.
    """

    states: bytes


class Ending(msgspec.Struct, frozen=True, kw_only=True, tag="ending"):
    """A session's last entry. Without one, the process was killed or the journal failed.

    `sha256` is the order log's digest, `records` the number of its records; `failure` is the error that ended the
    session, `stopped_early` why it ended before its input did, such as a signal; empty if nothing did.
    """

    sha256: str
    records: int
    failure: str = ""
    stopped_early: str = ""


Entry: TypeAlias = Opening | LogBytes | Positions | Input | LaneState | StrategyStates | CheckStates | Ending
"""What a block holds."""

_LOG: Final = 1
_KINDS: Final[dict[type, int]] = {
    Opening: 2,
    Positions: 2,
    Ending: 2,
    Input: 3,
    LaneState: 4,
    StrategyStates: 5,
    CheckStates: 6,
}
"""The byte for each kind. What a later release adds gets a byte of its own, which this one then names as unknown."""
_HEAD_BYTES: Final = 5
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODERS: Final[dict[int, msgspec.msgpack.Decoder[Entry]]] = {
    2: msgspec.msgpack.Decoder(Opening | Positions | Ending),
    3: msgspec.msgpack.Decoder(Input),
    4: msgspec.msgpack.Decoder(LaneState),
    5: msgspec.msgpack.Decoder(StrategyStates),
    6: msgspec.msgpack.Decoder(CheckStates),
}


def encode_entries(entries: Iterable[Entry]) -> bytes:
    """Returns the bytes of entries: for each a byte for its kind, its length in 4 bytes, little-endian, and itself."""
    parts = []
    for entry in entries:
        if isinstance(entry, LogBytes):
            kind, data = _LOG, entry.data
        else:
            kind, data = _KINDS[type(entry)], _ENCODER.encode(entry)
        parts.append(kind.to_bytes(1, "little") + len(data).to_bytes(4, "little") + data)
    return b"".join(parts)


def decode_entries(data: bytes) -> list[Entry]:
    """Returns the entries. Raises `JournalError` if the bytes are anything else: a later release's kinds, say."""
    found: list[Entry] = []
    at = 0
    while at < len(data):
        end = at + _HEAD_BYTES + int.from_bytes(data[at + 1 : at + _HEAD_BYTES], "little")
        if end > len(data) or at + _HEAD_BYTES > len(data):
            raise JournalError(f"an entry at byte {at} of the block's body doesn't end within it")
        body = data[at + _HEAD_BYTES : end]
        if data[at] == _LOG:
            found.append(LogBytes(body))
        elif data[at] in _DECODERS:
            try:
                found.append(_DECODERS[data[at]].decode(body))
            except msgspec.MsgspecError as error:
                raise JournalError(f"the entry at byte {at} of the block's body can't be read: {error}") from error
        else:
            raise JournalError(f"the entry at byte {at} has the unknown kind {data[at]}: a later release wrote it")
        at = end
    return found
