"""Tracks whether one instrument's book is complete, by its update numbers."""

import enum
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from mainspring.model import NO_ID, BookDelta, BookInvalid, BookSnapshot, MarketEvent, Trade
from mainspring.wire._reach import Covered, Reach
from mainspring.wire._sequencing import Continuity, SequenceCheck
from mainspring.wire.cause import Cause
from mainspring.wire.messages import SnapshotMessage

__all__ = ["MAX_BUFFERED_DELTAS", "RENUMBERED_DELTAS", "BookSync", "snapshot_handler"]

MAX_BUFFERED_DELTAS = 1024
"""How many deltas are kept for an instrument while it waits for a snapshot: a hundred seconds of 100 ms updates."""

RENUMBERED_DELTAS = 8
"""So many deltas behind the book, each following the last, mean that the venue has restarted its numbering.

As many trades behind the last one, whose ids rise and whose times don't lie before its own, mean the same.
"""


class _State(enum.Enum):
    WAITING = enum.auto()
    VIEWED = enum.auto()
    LIVE = enum.auto()
    QUARANTINED = enum.auto()


# Looked up once: an enum's members cost a descriptor each time.
_LIVE, _CONTINUES = _State.LIVE, Continuity.CONTINUES


class BookSync:
    """Decides which deltas and snapshots of one instrument reach its book, and counts in `causes` those that don't.

    Before the first snapshot, and after a gap, deltas are kept. The next snapshot that connects to them is emitted
    together with those that it doesn't contain. If none are kept, any snapshot will do.
    """

    __slots__ = (
        "_asked",
        "_behind",
        "_book_id",
        "_buffered",
        "_causes",
        "_check",
        "_from_snapshot",
        "_index",
        "_reach",
        "_state",
        "_trade_id",
        "_trade_time_ns",
        "_trades_behind",
        "_updated",
        "gaps",
        "resyncs",
        "wants_snapshot",
    )

    def __init__(self, index: int, check: SequenceCheck, causes: Counter[Cause]) -> None:
        self._index = index
        self._check = check
        self._causes = causes
        self._state = _State.WAITING
        self._book_id = NO_ID
        self._from_snapshot = True
        self._buffered: deque[BookDelta] = deque()
        self._asked = False
        # How far the book is known; None if its snapshot was whole.
        self._reach: Reach | None = None
        # A run of deltas that lie behind the book and follow one another.
        self._behind: list[BookDelta] = []
        # Whether deltas came, so that a view of a few levels isn't the book.
        self._updated = False
        self._trade_id = NO_ID
        self._trade_time_ns = 0
        self._trades_behind: list[int] = []
        self.gaps = 0
        self.resyncs = 0
        self.wants_snapshot = False

    def on_delta(self, delta: BookDelta) -> Sequence[MarketEvent]:
        """The events that a delta gives."""
        if self._state is not _LIVE:
            return self._keep(delta)
        verdict = self._check(delta, self._book_id, self._from_snapshot)
        if verdict is _CONTINUES:
            self._book_id = delta.last_id
            self._from_snapshot = False
            self._updated = True
            if self._behind:
                self._behind.clear()
            return (delta,) if self._reach is None else self._within(delta, self._reach)
        if verdict is Continuity.LATE:
            return self._late(delta)
        return self._quarantine(delta)

    def on_snapshot(self, snapshot: BookSnapshot, *, cut: bool = False) -> Sequence[MarketEvent]:
        """The events that a snapshot gives: itself and buffered deltas; none if it is too old.

        One that was `cut` covers no more than its own prices.
        """
        known = self._state is _State.LIVE or self._state is _State.VIEWED
        if known and snapshot.last_id < self._book_id:
            self._causes[Cause.STALE] += 1
            if self._asked:
                self._asked = False
                self._ask()
            return ()
        if not known and not self._bridges(snapshot.last_id):
            self._causes[Cause.STALE] += 1
            self._asked = False
            self._ask()
            return ()
        if self._state is _State.QUARANTINED:
            self.resyncs += 1
        self._asked = self.wants_snapshot = False
        self._state = _State.LIVE
        self._book_id = snapshot.last_id
        self._from_snapshot = True
        self._reach = Reach(snapshot) if cut else None
        events: list[MarketEvent] = [snapshot]
        kept = list(self._buffered)
        self._buffered.clear()
        for delta in kept:
            if self._state is not _State.LIVE:
                self._buffered.append(delta)
            elif self._check(delta, self._book_id, self._from_snapshot) is Continuity.CONTINUES:
                self._book_id = delta.last_id
                self._from_snapshot = False
                # It happens now: what is emitted for one message has one receive time.
                now = msgspec.structs.replace(delta, receive_time_ns=snapshot.receive_time_ns)
                events += (now,) if self._reach is None else self._within(now, self._reach)
        self._behind.clear()
        return events

    def on_restart(self, snapshot: BookSnapshot) -> Sequence[MarketEvent]:
        """The events that a snapshot gives which the venue sent unasked: the numbering of deltas begins with it."""
        if self._state is _State.QUARANTINED:
            self.resyncs += 1
        self._asked = self.wants_snapshot = False
        self._state = _State.LIVE
        self._book_id = snapshot.last_id
        self._from_snapshot = True
        self._reach = None
        self._buffered.clear()
        self._behind.clear()
        return (snapshot,)

    def on_view(self, view: BookSnapshot) -> Sequence[MarketEvent]:
        """The events that a view of the best few levels gives: it is the book until deltas come."""
        if self._updated:
            self._causes[Cause.VIEW] += 1
            return ()
        if view.last_id < self._book_id:
            self._causes[Cause.STALE] += 1
            return ()
        self._state = _State.VIEWED
        self._reach = None
        self._book_id = view.last_id
        return (view,)

    def on_unknown_level(self, receive_time_ns: int) -> Sequence[MarketEvent]:
        """The events of a delta about a level that the book should have and hasn't: something was lost."""
        if self._state is _State.LIVE:
            self.gaps += 1
            return self._break(receive_time_ns, Cause.GAP)
        self._causes[Cause.PRE_SNAPSHOT if self._state is _State.WAITING else Cause.QUARANTINED] += 1
        self._ask()
        return ()

    def on_lost_messages(self, receive_time_ns: int, cause: Cause) -> Sequence[MarketEvent]:
        """The events of a message that shows that others of its connection are missing, of this book perhaps."""
        self._buffered.clear()
        self._behind.clear()
        if self._state is _State.WAITING or self._state is _State.QUARANTINED:
            return ()
        self._state = _State.QUARANTINED
        self.gaps += cause is Cause.GAP
        self._ask()
        return (BookInvalid(self._index, receive_time_ns, cause.value),)

    def on_wrong_checksum(self, receive_time_ns: int) -> Sequence[MarketEvent]:
        """The events of a message after which the book isn't what the venue's checksum says."""
        return self._break(receive_time_ns, Cause.CHECKSUM)

    def on_either(self, event: BookDelta | BookSnapshot) -> Sequence[MarketEvent]:
        """The events that a delta or a snapshot gives."""
        return self.on_snapshot(event) if isinstance(event, BookSnapshot) else self.on_delta(event)

    def on_trade(self, trade: Trade) -> Sequence[MarketEvent]:
        """The trade, unless nothing was traded: venues print such messages for other purposes."""
        if trade.size_lots and (trade.price_ticks or trade.fraction_nanoticks):
            return (trade,)
        self._causes[Cause.NO_TRADE] += 1
        return ()

    def on_numbered_trade(self, trade: Trade) -> Sequence[MarketEvent]:
        """The trade, unless nothing was traded or its id doesn't rise."""
        if trade.trade_id <= self._trade_id and not self._renumbers(trade):
            self._causes[Cause.DUPLICATE if trade.trade_id == self._trade_id else Cause.OUT_OF_ORDER] += 1
            return ()
        self._trade_id = trade.trade_id
        self._trade_time_ns = trade.event_time_ns
        if self._trades_behind:
            self._trades_behind.clear()
        return self.on_trade(trade)

    def _renumbers(self, trade: Trade) -> bool:
        """Whether a trade behind the last one is the latest of many, so that the venue has restarted its numbering."""
        behind = self._trades_behind
        if behind and trade.trade_id <= behind[-1]:
            behind.clear()
        # What is sent a second time has times from before.
        if trade.trade_id == self._trade_id or trade.event_time_ns < self._trade_time_ns:
            behind.clear()
            return False
        behind.append(trade.trade_id)
        return len(behind) >= RENUMBERED_DELTAS

    def _within(self, delta: BookDelta, reach: Reach) -> Sequence[MarketEvent]:
        """What a delta gives of which the last snapshot covers no more than its own prices."""
        covered, known = reach.take(delta)
        if reach.near:
            self._ask()
        if covered is Covered.JOINED:
            self._reach = None
        if covered is not Covered.LEFT:
            return (known,)
        self._state = _State.QUARANTINED
        self._causes[Cause.REACH] += 1
        self._buffered.append(delta)
        return (BookInvalid(self._index, delta.receive_time_ns, Cause.REACH.value),)

    def _late(self, delta: BookDelta) -> Sequence[MarketEvent]:
        """Counts a late delta; many that follow one another, and none that continues the book, are a new numbering."""
        self._count_late(delta, self._book_id, from_snapshot=self._from_snapshot)
        behind = self._behind
        if behind and self._check(delta, behind[-1].last_id, False) is not Continuity.CONTINUES:
            behind.clear()
        if delta.last_id < self._book_id and not self._from_snapshot:
            behind.append(delta)
        if len(behind) < RENUMBERED_DELTAS:
            return ()
        self._buffered.extend(behind)
        behind.clear()
        return self._quarantine(self._buffered.pop())

    def _quarantine(self, delta: BookDelta) -> Sequence[MarketEvent]:
        self._state = _State.QUARANTINED
        self.gaps += 1
        self._ask()
        self._causes[Cause.GAP] += 1
        self._buffered.append(delta)
        return (BookInvalid(self._index, delta.receive_time_ns, Cause.GAP.value),)

    def _break(self, receive_time_ns: int, cause: Cause) -> Sequence[MarketEvent]:
        """The book can't be trusted, and the message at which it showed is no use to the next snapshot."""
        self._state = _State.QUARANTINED
        self._buffered.clear()
        self._behind.clear()
        self._ask()
        self._causes[cause] += 1
        return (BookInvalid(self._index, receive_time_ns, cause.value),)

    def _keep(self, delta: BookDelta) -> Sequence[MarketEvent]:
        """Keeps an unbroken run of deltas: a snapshot can use no other. A view was the book only until they came."""
        self._updated = True
        events: Sequence[MarketEvent] = ()
        if self._state is _State.VIEWED:
            self._state = _State.WAITING
            self._book_id = NO_ID
            events = (BookInvalid(self._index, delta.receive_time_ns, Cause.PRE_SNAPSHOT.value),)
        kept = self._buffered
        verdict = self._check(delta, kept[-1].last_id, False) if kept else Continuity.CONTINUES
        if verdict is Continuity.LATE:
            self._count_late(delta, kept[-1].last_id, from_snapshot=False)
            return events
        waiting = self._state is _State.WAITING
        self._causes[Cause.PRE_SNAPSHOT if waiting else Cause.QUARANTINED] += 1
        self._ask()
        if delta.last_id == NO_ID:
            return events
        if verdict is Continuity.GAP:
            kept.clear()
        kept.append(delta)
        if len(kept) > MAX_BUFFERED_DELTAS:
            kept.popleft()
            self._causes[Cause.OVERFLOW] += 1
        return events

    def _ask(self) -> None:
        """Asks for a snapshot, unless one was asked for already and hasn't come."""
        if not self._asked:
            self._asked = self.wants_snapshot = True

    def _bridges(self, snapshot_id: int) -> bool:
        """Whether the first buffered delta that isn't in the snapshot continues it."""
        for delta in self._buffered:
            verdict = self._check(delta, snapshot_id, True)
            if verdict is not Continuity.LATE:
                return verdict is Continuity.CONTINUES
        return True

    def _count_late(self, delta: BookDelta, book_id: int, *, from_snapshot: bool) -> None:
        if from_snapshot:
            self._causes[Cause.STALE] += 1
        elif delta.last_id == book_id:
            self._causes[Cause.DUPLICATE] += 1
        else:
            self._causes[Cause.OUT_OF_ORDER] += 1


def snapshot_handler(message: SnapshotMessage, sync: BookSync) -> Callable[[BookSnapshot], Sequence[MarketEvent]]:
    """What takes the snapshots of a declaration."""
    if message.view:
        return sync.on_view
    if message.cut:
        return partial(sync.on_snapshot, cut=True)
    return sync.on_restart if message.restarts else sync.on_snapshot
