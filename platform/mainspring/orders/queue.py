"""A bounded queue of orders and order events between threads."""

from collections import deque
from threading import Lock

from mainspring.model import Recorded, decode_record, encode_record

__all__ = ["OrderQueue"]


class OrderQueue:
    """Takes records at one end and gives them at the other, in order; any thread may use either.

    Full is an answer: `push` says so, waits for nothing and drops nothing. What is pushed is copied as its record.
    """

    def __init__(self, capacity: int) -> None:
        """Raises `ValueError` for a capacity below 1."""
        if capacity < 1:
            raise ValueError(f"a queue's capacity must be at least 1, not {capacity}")
        self.capacity = capacity
        self._records: deque[bytes] = deque()
        self._pushing = Lock()

    def __len__(self) -> int:
        return len(self._records)

    def push(self, value: Recorded) -> bool:
        """Adds a value; False where the queue is full. Raises `DataError` for one that has no record."""
        record = encode_record(value)
        with self._pushing:
            if len(self._records) >= self.capacity:
                return False
            self._records.append(record)
            return True

    def pop(self) -> Recorded | None:
        """Takes the oldest value; None where there is none."""
        try:
            return decode_record(self._records.popleft())
        except IndexError:
            return None
