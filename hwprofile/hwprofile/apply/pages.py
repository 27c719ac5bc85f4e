"""The pages of a buffer, whatever object of Python's holds it."""

import ctypes
import mmap
from dataclasses import dataclass

__all__ = ["Buffer", "Pages", "pages_of", "still_there"]

Buffer = bytearray | memoryview | mmap.mmap
"""A writable buffer. Others that give one (an array of numpy's) come in as `memoryview(array)`."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Whole pages of memory that lie inside a buffer: the first one's address, and their length in bytes."""

    address: int
    length: int

    @property
    def addresses(self) -> tuple[int, ...]:
        """The address of each page."""
        return tuple(range(self.address, self.address + self.length, mmap.PAGESIZE))

    def __str__(self) -> str:
        return f"{self.length // mmap.PAGESIZE} pages at {self.address:#x}"


def pages_of(buffer: Buffer, *, size: int = mmap.PAGESIZE) -> Pages:
    """The pages, of `size` bytes, that lie wholly inside the buffer: their neighbours may hold other data.

    The pages are there for as long as the buffer is. Raises `ValueError` for a buffer that is closed, and `TypeError`
    for one that can't be written.
    """
    with memoryview(buffer).cast("B") as view:
        length = view.nbytes
        start = ctypes.addressof(ctypes.c_char.from_buffer(view)) if length else 0
    first = -(-start // size) * size
    return Pages(address=first, length=max(0, (start + length) // size * size - first))


def still_there(buffer: Buffer, pages: Pages) -> bool:
    """Whether the buffer still has these pages: not, once it was closed or has grown elsewhere."""
    try:
        return pages_of(buffer) == pages
    except ValueError:
        return False
