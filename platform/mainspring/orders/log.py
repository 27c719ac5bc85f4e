"""The order log: every request, decision and order event of a session, encoded, counted and hashed."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

from mainspring.errors import DataError
from mainspring.model import Instrument, LogRecord
from mainspring.orders.log_header import encode_header

__all__ = ["OrderLog", "Sink", "unwritable_log"]


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

    def write_all(self, records: Sequence[LogRecord]) -> None:
        """Appends records.

        Raises what the encoder raises for a record that has no form, and `DataError` if the sink can't be written.
        """
        data = self._encode(records)
        self._write(data)
        self._digest.update(data)
        self._records += len(records)
        self._bytes += len(data)

    def finish(self) -> None:
        """Says that there are no more records. Raises `DataError` as `write_all` does."""
        self._write(b"")

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
