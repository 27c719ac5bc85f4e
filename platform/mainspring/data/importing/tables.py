"""Tables in files: CSV (plain, gzip, zstd, or in a zip) and Parquet, row by row, every value as text."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from mainspring.data.compression import BrokenCompressionError, InputFile, decompressed
from mainspring.errors import DataError

__all__ = ["Table", "members_of", "open_table"]

_PARQUET = b"PAR1"
_ZIP = b"PK\x03\x04"
_MAX_FIELD = 2**20
_BATCH_ROWS = 65_536
_DAMAGE = (BrokenCompressionError, zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, csv.Error)


class Table(NamedTuple):
    """`rows` are the values of each row as text, absent ones empty.

    `head` is empty if the table doesn't name its columns. `name` is for messages: the file, and the member of a zip.
    """

    name: str
    form: str
    head: list[str]
    rows: Iterator[list[str]]


def members_of(path: Path) -> list[str]:
    """The files in a zip; for any other file, one of an empty name, which stands for itself. Raises `DataError`."""
    if _magic(path) != _ZIP:
        return [""]
    with _as_data_error(path), zipfile.ZipFile(path) as archive:
        return [one for one in archive.namelist() if not one.endswith("/")]


@contextmanager
def open_table(path: Path, member: str = "") -> Iterator[Table]:
    """Opens the table of a file, or of a member of a zip.

    Raises `DataError`, which names the file, if it can't be read, and while its rows are read for damage.
    """
    with _as_data_error(path), ExitStack() as stack:
        if member:
            archive = stack.enter_context(zipfile.ZipFile(path))
            stream: Any = stack.enter_context(archive.open(member))
            yield _csv(f"{path.name}: {member}", "CSV in a zip", stream)
        elif _magic(path) == _PARQUET:
            yield _parquet(path)
        else:
            file = stack.enter_context(InputFile(path))
            yield _csv(path.name, "CSV", decompressed(file, path))


def _magic(path: Path) -> bytes:
    with _as_data_error(path), InputFile(path) as file:
        return file.magic


@contextmanager
def _as_data_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    except _DAMAGE as error:
        raise DataError(f"{path}: it is damaged, or no table: {error}") from error


def _csv(name: str, form: str, stream: Any) -> Table:
    """The table of a stream. A byte order mark and the line ends of any system are taken."""
    csv.field_size_limit(_MAX_FIELD)
    rows = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline=""))
    first = next(rows, None)
    if first is None:
        return Table(name, form, [], iter(()))
    if any(one[:1].isalpha() and one.lower() not in ("true", "false") for one in first):
        return Table(name, form, first, rows)
    return Table(name, form, [], chain([first], rows))


def _parquet(path: Path) -> Table:
    try:
        parquet = import_module("pyarrow.parquet")
    except ImportError as error:
        raise DataError(f"{path}: Parquet needs a package that isn't installed: install mainspring[parquet]") from error
    arrow = import_module("pyarrow")
    with _as_parquet_error(path, arrow):
        file = parquet.ParquetFile(path)
        head = list(file.schema_arrow.names)
    return Table(path.name, "Parquet", head, _parquet_rows(path, file, arrow))


def _parquet_rows(path: Path, file: Any, arrow: Any) -> Iterator[list[str]]:
    with _as_parquet_error(path, arrow):
        for batch in file.iter_batches(_BATCH_ROWS):
            columns = [[_text(value) for value in _plain(column, arrow).to_pylist()] for column in batch.columns]
            yield from map(list, zip(*columns, strict=True))


@contextmanager
def _as_parquet_error(path: Path, arrow: Any) -> Iterator[None]:
    try:
        yield
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError, arrow.ArrowKeyError) as error:
        raise DataError(f"{path}: it can't be read as Parquet: {error}") from error


def _plain(column: Any, arrow: Any) -> Any:
    """A column whose times are integers of nanoseconds, so that none is cut to microseconds."""
    if arrow.types.is_timestamp(column.type):
        return column.cast(arrow.timestamp("ns")).cast(arrow.int64())
    return column


def _text(value: object) -> str:
    """A value as a table of text has it. A float has the fewest digits that mean it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f") if value - value == 0 else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
