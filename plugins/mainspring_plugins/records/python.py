"""The order log's records in plain Python: always available."""

from collections.abc import Sequence

from mainspring.model import LogRecord, decode_records, encode_records
from mainspring.seams import Catalogue, hookimpl

__all__ = ["PythonRecords", "register_records"]


class PythonRecords:
    """A `mainspring.seams.Records` by `mainspring.model.encode_records` and `decode_records`."""

    def encode(self, records: Sequence[LogRecord]) -> bytes:
        """The bytes of the records, one after the other. Raises `DataError`."""
        return encode_records(records)

    def decode(self, data: bytes, offset: int = 0) -> tuple[list[LogRecord], int]:
        """The records at the beginning of `data`, and how many bytes they take. Raises `DataError`.

        `offset` is the place of `data` in its file.
        """
        return decode_records(data, offset)


@hookimpl
def register_records(catalogue: Catalogue) -> None:
    """Offers `python`."""
    catalogue.add("python", PythonRecords, summary="plain Python", rank=10)
