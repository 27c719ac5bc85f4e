"""A preallocated pool of order records."""

from mainspring.model import RECORD_BYTES, Recorded, decode_record, encode_record

__all__ = ["OrderPool"]

_INDEX_BITS = 32
_PLACES: int = 2**_INDEX_BITS


class OrderPool:
    """A fixed number of slots for orders and order events. `take` returns None if all are taken.

    A handle names a slot and how often it has been taken, so that a stale handle is recognised.
    """

    def __init__(self, capacity: int) -> None:
        """`capacity` is the number of slots. Raises `ValueError` unless it is 1 to 2**32 - 1."""
        if not 1 <= capacity < _PLACES:
            raise ValueError(f"a pool's capacity must be 1 to 2**32 - 1, not {capacity}")
        self.capacity = capacity
        self._records = bytearray(capacity * RECORD_BYTES)
        # Odd while the slot is taken.
        self._generations = [0] * capacity
        self._free = list(range(capacity - 1, -1, -1))

    def __len__(self) -> int:
        """The number of slots taken."""
        return self.capacity - len(self._free)

    def take(self, value: Recorded) -> int | None:
        """Stores a value in a free slot and returns its handle, or None if all slots are taken.

        Raises `DataError` if the value has no record.
        """
        record = encode_record(value)
        if not self._free:
            return None
        index = self._free.pop()
        self._generations[index] = (self._generations[index] + 1) % _PLACES
        self._write(index, record)
        return self._generations[index] << _INDEX_BITS | index

    def get(self, handle: int) -> Recorded:
        """Returns the value of a slot. Raises `ValueError` if the handle is invalid or was released."""
        index = self._index(handle)
        start = index * RECORD_BYTES
        return decode_record(bytes(self._records[start : start + RECORD_BYTES]))

    def put(self, handle: int, value: Recorded) -> None:
        """Replaces the value of a slot. Raises `DataError` and `ValueError` as `take` and `get` do."""
        record = encode_record(value)
        self._write(self._index(handle), record)

    def release(self, handle: int) -> None:
        """Frees a slot. Raises `ValueError` if the handle is invalid or was already released."""
        index = self._index(handle)
        self._generations[index] = (self._generations[index] + 1) % _PLACES
        self._free.append(index)

    def _write(self, index: int, record: bytes) -> None:
        self._records[index * RECORD_BYTES : (index + 1) * RECORD_BYTES] = record

    def _index(self, handle: int) -> int:
        index, generation = handle & (_PLACES - 1), handle >> _INDEX_BITS
        if index >= self.capacity or generation % 2 == 0 or self._generations[index] != generation:
            raise ValueError(f"handle {handle} isn't in use: it was released, or never returned by take()")
        return index
