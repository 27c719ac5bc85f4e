"""Finds the memory pages of any Python buffer."""

import ctypes
import mmap
from dataclasses import dataclass

__all__ = ["Buffer", "Pages", "pages_of", "still_there"]

Buffer = bytearray | memoryview | mmap.mmap
"""A writable buffer. Pass other objects that export one (a NumPy array) as `memoryview(array)`."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Whole pages inside a buffer: the address of the first, and their total length in bytes."""

    address: int
    length: int

    @property
    def addresses(self) -> tuple[int, ...]:
        """The address of each page."""
        return tuple(range(self.address, self.address + self.length, mmap.PAGESIZE))

    def __str__(self) -> str:
        return f"{self.length // mmap.PAGESIZE} pages at {self.address:#x}"


def pages_of(buffer: Buffer, *, size: int = mmap.PAGESIZE) -> Pages:
    """Returns the pages of `size` bytes that are wholly inside the buffer; partial ones may hold other data.

    They are valid as long as the buffer is. Raises `ValueError` if the buffer is closed, and `TypeError` if it is
    read-only.
    """
    with memoryview(buffer).cast("B") as view:
        length = view.nbytes
        start = ctypes.addressof(ctypes.c_char.from_buffer(view)) if length else 0
    first = -(-start // size) * size
    return Pages(address=first, length=max(0, (start + length) // size * size - first))


def still_there(buffer: Buffer, pages: Pages) -> bool:
    """Whether the buffer still has these pages: not if it was closed or moved when it grew."""
    try:
        return pages_of(buffer) == pages
    except ValueError:
        return False
