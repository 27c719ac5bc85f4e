"""The order log's records by the native codec: straight from the objects' fields to bytes, and back."""

from collections.abc import Sequence

from mainspring.model import LogRecord
from mainspring.seams import Catalogue, hookimpl
from mainspring_native import BUILD, NEEDS

__all__ = ["NativeRecords", "register_records"]


class NativeRecords:
    """A `mainspring.seams.Records` in Rust."""

    def __init__(self) -> None:
        from mainspring_native._native import decode_records, encode_records

        self._encode, self._decode = encode_records, decode_records

    def encode(self, records: Sequence[LogRecord]) -> bytes:
        """The bytes of the records, one after the other. Raises `DataError`."""
        return self._encode(records)

    def decode(self, data: bytes, offset: int = 0) -> tuple[list[LogRecord], int]:
        """The records at the beginning of `data`, and how many bytes they take. Raises `DataError`.

        `offset` is the place of `data` in its file.
        """
        return self._decode(data, offset)


@hookimpl
def register_records(catalogue: Catalogue) -> None:
    """Offers `native`."""
    catalogue.add(
        "native",
        NativeRecords,
        rank=20,
        summary="Rust: from the objects' fields to bytes, and back",
        needs=NEEDS,
        build=BUILD,
    )
