"""The records seam: the order log's records to bytes and back."""

from collections.abc import Sequence
from typing import Protocol

from mainspring.model import LogRecord
from mainspring.seams.catalogue import Catalogue, hookspec

__all__ = ["Records", "register_records"]


class Records(Protocol):
    """Writes and reads the records of the order log in the format that `docs/order-log.md` describes.

    All of them write the same bytes for the same records, and read or refuse the same bytes: those of
    `mainspring.model.encode_records`. A session's log doesn't depend on which one it runs with.
    """

    def encode(self, records: Sequence[LogRecord]) -> bytes:
        """Returns the bytes of the records, one after the other.

        Raises `DataError`, naming the field, for a record that has no form: an integer that exceeds 64 bits, say.
        """
        ...

    def decode(self, data: bytes, offset: int = 0) -> tuple[list[LogRecord], int]:
        """Returns the records at the beginning of `data`, and how many bytes they take.

        What follows them is the beginning of a record that `data` ends within. `offset` is the place of `data` in its
        file. Raises `DataError`, naming the byte of the file, if there is anything but a record.
        """
        ...


@hookspec
def register_records(catalogue: Catalogue) -> None:
    """Offers ways of writing and reading the order log's records.

    Called once, when the registry loads. Add each one with `catalogue.add(name, factory, summary=...)`; the factory is
    called as `factory()`, with `options=` if the offer declares them, once for each lane, and returns an object that
    implements `mainspring.seams.Records`. `mainspring.testing.check_records` checks that it does.

    Capabilities: none.
    """
