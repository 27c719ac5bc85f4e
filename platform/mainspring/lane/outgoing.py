"""What leaves the order manager: records, requests for routers, and refusals for strategies."""

from collections import deque

from mainspring.lane.events import Answer, Effects, Send
from mainspring.orders import EncodedRecords, LogRecord
from mainspring.seams import NEVER_NS

__all__ = ["REFUSAL_NS", "Outgoing"]

REFUSAL_NS = 1_000_000
"""How long after a request its refusal reaches the strategy, in nanoseconds."""


class Outgoing:
    """Puts records and sends among the effects, a send where the config says so once its record is durable.

    A refusal is answered `REFUSAL_NS` after its request; `due_ns` is when the next one is. `waits` says whether sends
    wait for the journal.
    """

    def __init__(self, effects: Effects, *, waits: bool) -> None:
        self.due_ns = NEVER_NS
        self.waits = waits
        self._effects = effects
        self._records = 0
        self._held: deque[tuple[int, Send]] = deque()
        self._refusals: deque[tuple[int, Answer]] = deque()

    def record(self, record: LogRecord) -> None:
        """Hands a record to the log and the journal."""
        self._records += 1
        self._effects.records.append(record)

    def record_all(self, records: EncodedRecords) -> None:
        """Hands records that were encoded elsewhere to the log and the journal."""
        self._records += records.count
        self._effects.records.append(records)

    def send(self, send: Send) -> None:
        """Sends a request, now or when the latest record is durable."""
        if self.waits:
            self._held.append((self._records, send))
        else:
            self._effects.sends.append(send)

    def on_durable(self, record: int) -> None:
        """Releases what has waited for its record."""
        while self._held and self._held[0][0] <= record:
            self._effects.sends.append(self._held.popleft()[1])

    def refuse(self, answer: Answer, now_ns: int) -> None:
        """Answers a request of this time later."""
        self._refusals.append((now_ns + REFUSAL_NS, answer))
        self.due_ns = self._refusals[0][0]

    def take_refusals(self, now_ns: int) -> list[Answer]:
        """Returns the refusals that strategies get by a time, oldest first."""
        taken = []
        while self._refusals and self._refusals[0][0] <= now_ns:
            taken.append(self._refusals.popleft()[1])
        self.due_ns = self._refusals[0][0] if self._refusals else NEVER_NS
        return taken
