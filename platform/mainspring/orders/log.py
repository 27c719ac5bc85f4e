"""The order log: every request, decision and order event of a session, encoded, counted and hashed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

import msgspec

from mainspring.errors import CodecError, DataError, PluginError
from mainspring.model import (
    Accepted,
    Cancelled,
    Expired,
    Fill,
    Funding,
    NewOrder,
    OrderEvent,
    Rejected,
    Replaced,
    RequestKind,
)
from mainspring.orders.discrepancy import Discrepancy
from mainspring.seams import MAX_MESSAGE_BYTES, Codec

__all__ = [
    "CancelRequested",
    "DiscrepancyCleared",
    "LogRecord",
    "MarkedUnknown",
    "OrderLog",
    "ReplaceRequested",
    "RequestApproved",
    "RequestRefused",
    "SessionStarted",
    "Sink",
    "SubmitRequested",
    "read_order_log",
    "unwritable_log",
]

_PREFIX_BYTES = 4


class SessionStarted(msgspec.Struct, frozen=True, gc=False, tag="session"):
    """Before the first request: the session's part of client order ids, and the lane's number in it.

    `mainspring.orders.client_order_id` makes an order's id of these and its `order_id`.
    """

    time_ns: int
    session: str
    lane: int


class SubmitRequested(msgspec.Struct, frozen=True, gc=False, tag="submit"):
    """A strategy asked for a new order."""

    time_ns: int
    order: NewOrder


class CancelRequested(msgspec.Struct, frozen=True, gc=False, tag="cancel"):
    """A strategy asked for an order to be cancelled."""

    time_ns: int
    order_id: int


class ReplaceRequested(msgspec.Struct, frozen=True, gc=False, tag="replace"):
    """A strategy asked for an order to stand at another price or total size."""

    time_ns: int
    order_id: int
    price_ticks: int
    size_lots: int


class RequestApproved(msgspec.Struct, frozen=True, gc=False, tag="approved"):
    """The risk gate approved a request, which goes to the router."""

    time_ns: int
    order_id: int
    request: RequestKind = "new"


class RequestRefused(msgspec.Struct, frozen=True, gc=False, tag="refused"):
    """A request was refused, for this reason, before it reached the router."""

    time_ns: int
    order_id: int
    reason: str
    detail: str = ""
    request: RequestKind = "new"


class MarkedUnknown(msgspec.Struct, frozen=True, gc=False, tag="unknown"):
    """The state of an order isn't known any more: `reason` is "no-answer" or "connection-down"."""

    time_ns: int
    order_id: int
    reason: str


class DiscrepancyCleared(msgspec.Struct, frozen=True, gc=False, tag="discrepancy-cleared"):
    """A command let new orders go out again in an instrument where a discrepancy had stopped them."""

    time_ns: int
    instrument: int


LogRecord: TypeAlias = (
    SessionStarted
    | SubmitRequested
    | CancelRequested
    | ReplaceRequested
    | RequestApproved
    | RequestRefused
    | Accepted
    | Rejected
    | Fill
    | Cancelled
    | Expired
    | Replaced
    | Discrepancy
    | DiscrepancyCleared
    | MarkedUnknown
    | Funding
)


class Sink(Protocol):
    """Where the log's bytes go, such as a file opened for writing in binary mode."""

    def write(self, data: bytes, /) -> object:
        """Writes all of the bytes."""
        ...


class OrderLog:
    """Encodes records with a codec and writes each after its length in 4 bytes, little-endian.

    A record is an object with the key "type". The same session gives the same bytes. The log neither opens nor closes
    `sink`; if it is None, the log only counts and hashes.
    """

    def __init__(self, codec: Codec, sink: Sink | None = None) -> None:
        self._encode = codec.encode
        self._sink = sink
        self._digest = hashlib.sha256()
        self._records = 0
        self._bytes = 0

    def write(self, record: LogRecord | OrderEvent) -> None:
        """Appends a record.

        Raises `PluginError` if the codec can't encode it, `DataError` if the sink can't be written.
        """
        try:
            body = self._encode(msgspec.to_builtins(record))
        except CodecError as error:
            raise PluginError("", f"the order log's codec can't encode a record: {error}") from error
        data = len(body).to_bytes(_PREFIX_BYTES, "little") + body
        if self._sink is not None:
            try:
                self._sink.write(data)
            except OSError as error:
                raise unwritable_log(self._sink, error) from error
        self._digest.update(data)
        self._records += 1
        self._bytes += len(data)

    @property
    def records(self) -> int:
        """The number of records written."""
        return self._records

    @property
    def bytes_written(self) -> int:
        """The number of bytes written, lengths included."""
        return self._bytes

    @property
    def sha256(self) -> str:
        """The digest of all bytes so far, in hex."""
        return self._digest.hexdigest()


def unwritable_log(sink: object, error: OSError) -> DataError:
    """Makes the error for a log that the system can't write, such as on a full disk. It names the file of `sink`."""
    name = getattr(sink, "name", "its file")
    return DataError(
        f"the order log can't be written to {name}: {error.strerror}. The lane stopped there; orders that the venue "
        "had taken may still be open."
    )


def read_order_log(path: Path, codec: Codec) -> Iterator[LogRecord]:
    """Yields the records of a log file in order, in constant memory.

    `codec` must read the format that wrote them. Raises `DataError`, with the record's number and byte offset, if the
    file ends within a record or a record can't be read.
    """
    offset = 0
    with path.open("rb") as file:
        number = 1
        while prefix := file.read(_PREFIX_BYTES):
            where = f"{path}: record {number}, at byte {offset}"
            if len(prefix) < _PREFIX_BYTES:
                raise DataError(f"{where}: the file ends within the record's length")
            length = int.from_bytes(prefix, "little")
            if length > MAX_MESSAGE_BYTES:
                raise DataError(f"{where}: a length of {length} bytes; the file is damaged or isn't an order log")
            body = file.read(length)
            if len(body) < length:
                raise DataError(f"{where}: the file ends after {len(body)} of the record's {length} bytes")
            yield _decode(body, codec, where)
            offset += _PREFIX_BYTES + length
            number += 1


def _decode(body: bytes, codec: Codec, where: str) -> LogRecord:
    try:
        record: LogRecord = msgspec.convert(codec.decode(body), LogRecord)
    except CodecError as error:
        raise DataError(f"{where}: {error}; was the log written with another codec?") from error
    except msgspec.ValidationError as error:
        raise DataError(f"{where}: not an order record: {error}") from error
    return record
