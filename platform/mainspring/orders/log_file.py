"""Reads order logs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from mainspring.errors import DataError
from mainspring.model import LogRecord, decode_records, find_record
from mainspring.orders.log_header import Header, decode_header

__all__ = ["OrderLogFile", "read_order_log"]

_CHUNK_BYTES = 1 << 20


class OrderLogFile:
    """An order log on disk. Iterating over it yields its records in order, in constant memory.

    `version` is that of the format, and `instruments` those that the records count from 0. A session that was killed
    may have left a record half written: the log then ends before it, and `torn_at` is the byte where it begins once
    the last record was read; None if there is none.

    Raises `DataError` for a file that can't be read or isn't an order log, and while iterating, naming the byte, for
    one that is damaged anywhere but at its end.
    """

    def __init__(
        self, path: Path, decode: Callable[[bytes, int], tuple[list[LogRecord], int]] = decode_records
    ) -> None:
        """`decode` is that of a `mainspring.seams.Records`: by default the plain one, which is slow."""
        self.path = path
        self.torn_at: int | None = None
        self._decode = decode
        with self._open() as file:
            header = self._header(file)
        self.version, self.instruments, self._start = header

    def __iter__(self) -> Iterator[LogRecord]:
        at, rest = self._start, b""
        with self._open() as file:
            file.seek(at)
            while chunk := file.read(_CHUNK_BYTES):
                data = rest + chunk
                try:
                    records, used = self._decode(data, at)
                except DataError as error:
                    raise DataError(f"{self.path}: {error}; the file isn't what was written") from error
                yield from records
                at, rest = at + used, data[used:]
        if rest and (following := find_record(rest, 1)) is not None:
            raise DataError(
                f"{self.path}: damaged record at byte {at}: another one begins at byte {at + following}, within its "
                "length; the file isn't what was written"
            )
        self.torn_at = at if rest else None

    def _header(self, file: BinaryIO) -> Header:
        data = b""
        while chunk := file.read(_CHUNK_BYTES):
            data += chunk
            try:
                header = decode_header(data)
            except DataError as error:
                raise DataError(f"{self.path}: {error}") from error
            if header is not None:
                return header
        raise DataError(f"{self.path}: the file ends within the header of an order log, after {len(data)} bytes")

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise DataError(f"the order log {self.path} can't be read: {error.strerror}") from error


def read_order_log(path: Path) -> Iterator[LogRecord]:
    """Yields the records of an order log, as `OrderLogFile` does."""
    return iter(OrderLogFile(path))
