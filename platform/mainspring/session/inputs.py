"""Records what a lane was fed, in order, and reads it again."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self, TypeAlias

import msgspec

from mainspring import __version__
from mainspring.errors import DataError
from mainspring.lane import (
    BookFill,
    CancelAll,
    ClearDiscrepancy,
    ClockCompared,
    Connection,
    Disputed,
    Durable,
    Event,
    Execution,
    Flatten,
    FundingSettled,
    Kill,
    LiftCheck,
    LiftKill,
    Messages,
    ResolveOrder,
    RouterFailed,
    SetFlag,
    SetLimit,
    SetMode,
    Started,
    Stopped,
    SwapPart,
    Time,
)
from mainspring.seams import MAX_MESSAGE_BYTES, RawMessage

__all__ = ["InputFile", "RecordedInputs", "decode_event", "encode_event", "read_inputs"]

_FORMAT = 1
_LENGTH_BYTES = 4
_MOST_BYTES = 64 * MAX_MESSAGE_BYTES
_MOST_HEADER_BYTES = 1_024
"""Four bytes of any other file are most likely a length far above this."""


class _Header(msgspec.Struct, frozen=True, tag="mainspring-inputs"):
    """The first record of a file: its format, and the version that wrote it."""

    format: int
    version: str


class _Run(msgspec.Struct, frozen=True, tag="messages"):
    """Messages of one feed that were run one after another."""

    feed: int
    messages: list[tuple[int, bytes]]


_NotMessages: TypeAlias = (
    Started
    | Execution
    | ResolveOrder
    | BookFill
    | RouterFailed
    | Time
    | SetFlag
    | SwapPart
    | SetLimit
    | SetMode
    | Kill
    | LiftKill
    | LiftCheck
    | CancelAll
    | ClearDiscrepancy
    | ClockCompared
    | Disputed
    | Flatten
    | FundingSettled
    | Connection
    | Durable
    | Stopped
)
_Record = _Header | _Run | _NotMessages
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_NotMessages)


class RecordedInputs(msgspec.Struct, frozen=True):
    """Recorded inputs to run: the first `until` events of a file, or all of them if it is None."""

    path: Path
    until: int | None = None

    def events(self) -> Iterator[Event]:
        """Yields the events. Raises `DataError` as `read_inputs` does."""
        return islice(read_inputs(self.path), self.until)


class InputFile:
    """Writes the events that one lane is fed to a file, each as msgpack after its length in 4 bytes, little-endian.

    What was written can be read even if the process is killed: only an event that was cut short is lost. It is a
    context manager, and raises `DataError` if the file can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def record(self, event: Event, messages: Sequence[RawMessage]) -> None:
        """Writes an event. Of `Messages`, `messages` are those that were run."""
        if type(event) is Messages:
            if len(messages):
                self._write(_Run(event.feed, [(now_ns, bytes(raw)) for now_ns, raw in messages]))
        else:
            self._write(event)

    def _write(self, record: object) -> None:
        body = _ENCODER.encode(record)
        assert self._file is not None
        try:
            self._file.write(len(body).to_bytes(_LENGTH_BYTES, "little") + body)
        except OSError as error:
            raise DataError(f"the inputs can't be recorded in {self._path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("wb")
        except OSError as error:
            raise DataError(f"the inputs can't be recorded in {self._path}: {error.strerror}") from error
        self._write(_Header(_FORMAT, __version__))
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def encode_event(event: Event) -> bytes:
    """Returns any event but `Messages` as msgpack."""
    return _ENCODER.encode(event)


def decode_event(data: bytes) -> Event:
    """Returns the event that `encode_event` made these bytes of. Raises `DataError` for others."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise DataError(f"not a recorded input: {error}") from error


def read_inputs(path: Path) -> Iterator[Event]:
    """Yields the events of a file in order, in constant memory.

    The last one may have been cut short, by a crash: it is left out. Raises `DataError`, with the record's number and
    byte offset, for a file that isn't one of recorded inputs, or a record that can't be read.
    """
    decoder = msgspec.msgpack.Decoder(_Record)
    offset = 0
    try:
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    with file:
        number = 0
        while len(prefix := file.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
            length = int.from_bytes(prefix, "little")
            where = f"{path}: record {number}, at byte {offset}"
            if length > (_MOST_BYTES if number else _MOST_HEADER_BYTES):
                raise DataError(f"{where}: a length of {length} bytes; the file is damaged or holds no recorded inputs")
            body = file.read(length)
            if len(body) < length:
                return
            try:
                record = decoder.decode(body)
            except msgspec.MsgspecError as error:
                raise DataError(f"{where}: not a recorded input: {error}") from error
            if (number == 0) != (type(record) is _Header):
                raise DataError(f"{where}: the file doesn't begin as recorded inputs do; name one of --record-inputs")
            if isinstance(record, _Header):
                if record.format != _FORMAT:
                    raise DataError(f"{where}: format {record.format}, of version {record.version}; this one reads 1")
            elif isinstance(record, _Run):
                yield Messages(record.feed, record.messages)
            else:
                yield record
            number += 1
            offset += _LENGTH_BYTES + length
