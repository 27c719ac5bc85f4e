"""Rebuilds a lane's orders and positions from its journal: the state at the last whole block."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from mainspring.errors import DataError, JournalError, OrderStateError
from mainspring.journal import (
    CheckStates,
    Input,
    JournalledSession,
    LogBytes,
    Positions,
    StrategyStates,
    read_entries,
    read_session,
)
from mainspring.lane import LiftCheck, SetLimit
from mainspring.model import (
    Accepted,
    Cancelled,
    CancelRequest,
    CancelRequested,
    Discrepancy,
    DiscrepancyCleared,
    Expired,
    Fill,
    Funding,
    GroupChanged,
    Instrument,
    LogRecord,
    MarkedUnknown,
    NewOrder,
    Rejected,
    Replaced,
    ReplaceRequest,
    ReplaceRequested,
    RequestApproved,
    RequestRefused,
    SessionStarted,
    SubmitRequested,
    decode_records,
)
from mainspring.orders import Header, decode_header
from mainspring.recovery.target import Target
from mainspring.seams import Journal

__all__ = ["Recovered", "recover"]

_Decode = Callable[[bytes, int], tuple[list[LogRecord], int]]
_Happened: TypeAlias = LogRecord | SetLimit | LiftCheck

_SAID: Final = (b"set-limit", b"lift-check")
_TAG_BYTES: Final = 32
"""An input begins with its type's name."""
_DECODER: Final = msgspec.msgpack.Decoder(SetLimit | LiftCheck)


class Recovered(NamedTuple):
    """What was recovered.

    `sessions` are the journal's sessions that the state comes from, oldest first: each goes on from the one before.
    `records` is how many records of their order logs were applied, `states` what strategies saved last (see
    `mainspring.journal.StrategyStates`), empty if nothing. `time_ns` is the lane's time at the last block, and
    `messages` how many messages each feed had been fed by then.
    """

    sessions: tuple[int, ...]
    records: int
    time_ns: int
    messages: tuple[int, ...]
    states: bytes = b""


def recover(
    journal: Journal,
    session: int,
    target: Target,
    instruments: Sequence[tuple[str, Instrument]],
    decode: _Decode = decode_records,
) -> Recovered:
    """Brings a new lane's orders, positions and ids to what a session's journal says, and the sessions before it.

    `target` must be new; `instruments` are the lane's, each with its name, and have to be those of the journal.
    `decode` is that of a `mainspring.seams.Records`: by default the plain one, which is slow. Applying a record runs
    the rules that the lane itself ran, so the state is that of the lane after its last durable block. A million records
    take seconds.

    Raises `JournalError` as `mainspring.journal.read_entries` does, for other instruments, and for records that no lane
    writes in that order.
    """
    chain = _chain(journal, session)
    applied = _Applied(target)
    saved: list[bytes] = []
    checks: list[bytes] = []
    for one in chain:
        for time_ns, records in _blocks(journal, one.number, instruments, decode, saved, checks):
            try:
                applied.apply(records, time_ns)
            except OrderStateError as error:
                raise JournalError(
                    f"session {one.number}: its records can't be applied: {error}. The journal was written by another "
                    "version or changed since; `mainspring journal verify` checks it"
                ) from error
        applied.end_session()
    applied.end(checks[-1] if checks else b"")
    target.own_due_ns = min(target.own_due_ns, target.terms.due_ns)
    last = chain[-1].positions
    return Recovered(
        tuple(one.number for one in chain),
        applied.records,
        applied.time_ns,
        last.messages if last is not None else (),
        saved[-1] if saved else b"",
    )


def _chain(journal: Journal, session: int) -> list[JournalledSession]:
    """The session and those that it goes on from, oldest first."""
    found: list[JournalledSession] = []
    number: int | None = session
    while number is not None:
        found.append(read_session(journal, number))
        before = found[-1].opening.continues
        if before is not None and before >= number:
            raise JournalError(f"session {number} says that it goes on from session {before}, which is no earlier one")
        number = before
    return found[::-1]


def _blocks(
    journal: Journal,
    session: int,
    instruments: Sequence[tuple[str, Instrument]],
    decode: _Decode,
    saved: list[bytes],
    checks: list[bytes],
) -> Iterator[tuple[int, list[_Happened]]]:
    """The records of each commit and what people said of checks in between, with the lane's time of it.

    What strategies saved last is put into `saved`, and what risk checks did into `checks`.
    """
    pending: list[_Happened] = []
    header: Header | None = None
    at = time_ns = 0
    for number, entry in read_entries(journal, session):
        if type(entry) is LogBytes:
            data = entry.data
            where = f"block {number} of session {session}"
            try:
                if header is None:
                    header = decode_header(data)
                    if header is None:
                        raise JournalError(f"{where}: its order log ends within its header")
                    _check_instruments(header, instruments, session)
                    at, data = header.length, data[header.length :]
                records, used = decode(data, at)
            except DataError as error:
                raise JournalError(f"{where}: {error}") from error
            if used < len(data):
                raise JournalError(f"{where}: it ends within a record of the log")
            at += used
            pending += records
        elif type(entry) is StrategyStates:
            saved[:] = [entry.states]
        elif type(entry) is CheckStates:
            checks[:] = [entry.states]
        elif type(entry) is Input and any(name in entry.event[:_TAG_BYTES] for name in _SAID):
            pending.append(_DECODER.decode(entry.event))
        elif type(entry) is Positions:
            time_ns = entry.time_ns
            yield time_ns, pending
            pending = []
    if pending:
        yield time_ns, pending


def _check_instruments(header: Header, instruments: Sequence[tuple[str, Instrument]], session: int) -> None:
    was = [(one.name, one.tick_size, one.lot_size) for one in header.instruments]
    now = [(name, one.tick_size, one.lot_size) for name, one in instruments]
    if was != now:
        raise JournalError(
            f"session {session} traded {_grids(was)}, and this one trades {_grids(now)}: its orders and positions are "
            "in ticks and lots of those instruments. Run the same instruments in the same order, or start without "
            "--recover on a journal of its own"
        )


def _grids(instruments: Sequence[tuple[str, Any, Any]]) -> str:
    return ", ".join(f"{name} (tick {tick}, lot {lot})" for name, tick, lot in instruments) or "nothing"


class _Applied:
    """Applies records to a target, in the order in which the lane wrote them."""

    def __init__(self, target: Target) -> None:
        self.records = 0
        self.time_ns = 0
        self._target = target
        self._tracker = target.tracker
        self._submitted: NewOrder | None = None
        self._replace: ReplaceRequested | None = None
        self._session: tuple[str, int] | None = None
        # What the tracker found, and the log must have.
        self._expected: deque[Discrepancy] = deque()
        risk = target.risk
        self._checks = None if risk is None else risk.history
        # Those that count, if any does.
        self._counting = self._checks if self._checks is not None and self._checks.counts else None
        self._apply: dict[type, Callable[..., None]] = {
            **dict.fromkeys((SetLimit, LiftCheck), self._on_said),
            SessionStarted: self._on_session,
            SubmitRequested: self._on_submit,
            CancelRequested: _nothing,
            ReplaceRequested: self._on_replace,
            RequestApproved: self._on_approved,
            RequestRefused: _nothing,
            **dict.fromkeys((Accepted, Rejected, Fill, Cancelled, Expired, Replaced), self._on_event),
            Discrepancy: self._on_discrepancy,
            DiscrepancyCleared: self._on_cleared,
            MarkedUnknown: self._on_unknown,
            Funding: self._on_funding,
            GroupChanged: target.terms.take_group,
        }

    def apply(self, records: Sequence[_Happened], time_ns: int) -> None:
        """Applies the records of one commit, which was made at that time of the lane."""
        self.time_ns = time_ns
        self.records += len(records)
        apply = self._apply
        for record in records:
            apply[type(record)](record)

    def end_session(self) -> None:
        """Says that the records so far are of one session, and those of the next follow."""
        if self._session is not None:
            self._target.outbox.earlier.append((self._target.outbox.next_order_id - 1, *self._session))
            self._session = None

    def end(self, checks: bytes) -> None:
        """Says that there is nothing more. `checks` is what risk checks saved last."""
        if self._checks is not None:
            self._checks.restore(checks)

    def _on_said(self, command: SetLimit | LiftCheck) -> None:
        if self._checks is not None:
            self._checks.said(command, self.time_ns)

    def _on_session(self, record: SessionStarted) -> None:
        self._session = (record.session, record.lane)

    def _on_submit(self, record: SubmitRequested) -> None:
        self._submitted = order = record.order
        outbox = self._target.outbox
        outbox.next_order_id = max(outbox.next_order_id, order.order_id + 1)

    def _on_replace(self, record: ReplaceRequested) -> None:
        self._replace = record

    def _on_approved(self, record: RequestApproved) -> None:
        order_id, now_ns = record.order_id, self.time_ns
        if record.request == "new":
            order, self._submitted = self._submitted, None
            if order is None or order.order_id != order_id:
                raise OrderStateError(f"order {order_id} was approved without a request")
            sent = self._target.terms.take_up(order, now_ns)
            self._tracker.add(sent)
            self._tracker.send(order_id, now_ns)
            if self._counting is not None:
                self._counting.sent(sent, now_ns)
        elif record.request == "cancel":
            known = self._tracker.request_cancel(order_id, now_ns).order
            if self._counting is not None:
                self._counting.sent(CancelRequest(order_id, known.instrument, now_ns, known.strategy), now_ns)
        else:
            wanted, self._replace = self._replace, None
            if wanted is None or wanted.order_id != order_id:
                raise OrderStateError(f"a replace of order {order_id} was approved without a request")
            price_ticks, size_lots = wanted.price_ticks, wanted.size_lots
            known = self._tracker.request_replace(order_id, price_ticks, size_lots, now_ns).order
            if self._counting is not None:
                self._counting.sent(
                    ReplaceRequest(order_id, known.instrument, price_ticks, size_lots, now_ns, known.strategy), now_ns
                )

    def _on_event(self, event: Any) -> None:
        tracker = self._tracker
        tracker.apply(event, self.time_ns)
        if tracker.fills:
            for fill, strategy in tracker.take_fills():
                self._target.portfolio.on_fill(fill, strategy)
        if self._counting is not None:
            self._counting.reported(event, self.time_ns)
        if tracker.discrepancies:
            self._expected += tracker.take_discrepancies()

    def _on_discrepancy(self, record: Discrepancy) -> None:
        self._target.discrepancies[record.what] += 1
        expected = self._expected.popleft() if self._expected else None
        if expected is None:
            # Reconciliation found it, not the tracker.
            self._tracker.dispute(record.what, record.order_id, record.instrument, record.detail, record.time_ns)
            self._tracker.take_discrepancies()
        elif (expected.what, expected.order_id, expected.detail) != (record.what, record.order_id, record.detail):
            raise OrderStateError(f"the log has the discrepancy {record.detail!r}, where {expected.detail!r} follows")

    def _on_cleared(self, record: DiscrepancyCleared) -> None:
        self._tracker.clear_discrepancy(record.instrument)

    def _on_unknown(self, record: MarkedUnknown) -> None:
        self._tracker.mark_unknown(record.order_id)

    def _on_funding(self, record: Funding) -> None:
        self._target.portfolio.on_funding(record)


def _nothing(record: LogRecord) -> None:
    """A cancel or refusal changes nothing before it is approved, or at all."""
