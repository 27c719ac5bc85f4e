"""A bounded queue of orders and order events between threads."""

from collections import deque
from threading import Lock

from mainspring.model import Recorded, decode_record, encode_record

__all__ = ["OrderQueue"]


class OrderQueue:
    """A bounded first-in, first-out queue of records; any thread may push or pop.

    `push` returns False if the queue is full; it never blocks and never drops a value. Values are copied as records.
    """

    def __init__(self, capacity: int) -> None:
        """`capacity` is the most values that it holds. Raises `ValueError` if it is below 1."""
        if capacity < 1:
            raise ValueError(f"a queue's capacity must be at least 1, not {capacity}")
        self.capacity = capacity
        self._records: deque[bytes] = deque()
        self._pushing = Lock()

    def __len__(self) -> int:
        return len(self._records)

    def push(self, value: Recorded) -> bool:
        """Appends a value; returns False if the queue is full. Raises `DataError` if the value has no record."""
        record = encode_record(value)
        with self._pushing:
            if len(self._records) >= self.capacity:
                return False
            self._records.append(record)
            return True

    def pop(self) -> Recorded | None:
        """Removes and returns the oldest value, or None if the queue is empty."""
        try:
            return decode_record(self._records.popleft())
        except IndexError:
            return None
