"""The order log: every request, decision and order event of a session, encoded, counted and hashed."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from mainspring.errors import DataError
from mainspring.model import Instrument, LogRecord
from mainspring.orders.log_header import encode_header

__all__ = ["EncodedRecords", "OrderLog", "Sink", "unwritable_log"]


class EncodedRecords:
    """Records in the log's format already, one after the other: `count` of them in `data`."""

    __slots__ = ("count", "data")

    def __init__(self, data: bytes, count: int) -> None:
        self.data = data
        self.count = count


class Sink(Protocol):
    """Where the log's bytes go, such as a file opened for writing in binary mode."""

    def write(self, data: bytes, /) -> object:
        """Writes all of the bytes."""
        ...


class OrderLog:
    """Writes the header and the records of an order log, in the format that `docs/order-log.md` describes.

    The same session gives the same bytes. The log neither opens nor closes its sink; without one it only counts and
    hashes.
    """

    def __init__(
        self,
        encode: Callable[[Sequence[LogRecord]], bytes],
        instruments: Sequence[tuple[str, Instrument]],
        sink: Sink | None = None,
    ) -> None:
        """`encode` is that of a `mainspring.seams.Records`; `instruments` are the lane's, each with its name."""
        self._encode = encode
        self._sink = sink
        self._header = encode_header(instruments)
        self._digest = hashlib.sha256(self._header)
        self._records = 0
        self._bytes = len(self._header)

    def write_all(self, records: Sequence[LogRecord | EncodedRecords]) -> None:
        """Appends records, some of which may be encoded.

        Raises what the encoder raises for a record that has no form, and `DataError` if the sink can't be written.
        """
        if EncodedRecords in map(type, records):
            data, count = self._joined(records)
        else:
            # None of them is encoded, as was just seen.
            data, count = self._encode(records), len(records)  # type: ignore[arg-type]
        self._write(data)
        self._digest.update(data)
        self._records += count
        self._bytes += len(data)

    def finish(self) -> None:
        """Says that there are no more records. Raises `DataError` as `write_all` does."""
        self._write(b"")

    def _joined(self, records: Sequence[LogRecord | EncodedRecords]) -> tuple[bytes, int]:
        """Returns the bytes of records of which some are encoded, and how many there are."""
        parts: list[bytes] = []
        count = 0
        plain: list[LogRecord] = []
        for one in records:
            if isinstance(one, EncodedRecords):
                parts += (self._encode(plain), one.data)
                count += one.count + len(plain)
                plain = []
            else:
                plain.append(one)
        parts.append(self._encode(plain))
        count += len(plain)
        return b"".join(parts), count

    def _write(self, data: bytes) -> None:
        if self._sink is None:
            return
        if self._header:
            data, self._header = self._header + data, b""
        try:
            self._sink.write(data)
        except OSError as error:
            raise unwritable_log(self._sink, error) from error

    @property
    def records(self) -> int:
        """The number of records written."""
        return self._records

    @property
    def bytes_written(self) -> int:
        """The number of bytes written, the header included."""
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
