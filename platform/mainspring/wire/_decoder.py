"""The Python decoder: a format compiled, once, for the instruments of a session, and the feed that runs it."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mainspring.seams.feed import FeedContext, FeedStatistics, ResyncRequest
from mainspring.wire._notes import compile_note
from mainspring.wire._receive import OnMessage, compile_receiver
from mainspring.wire._routes import compile_entries
from mainspring.wire._sequencing import sequence_check
from mainspring.wire._sync import BookSync
from mainspring.wire._templates import fill, fill_text, of_symbol
from mainspring.wire._tree import TreeReceiver
from mainspring.wire.connection import Connection, RestSnapshot, SocketSnapshot
from mainspring.wire.dialling import subscriptions
from mainspring.wire.formats import Format

if TYPE_CHECKING:
    from mainspring.wire.cause import Cause

__all__ = ["CompiledFeed"]


class CompiledFeed:
    """A `mainspring.seams.Feed` made of a format's declarations."""

    __slots__ = (
        "_causes",
        "_connection",
        "_context",
        "_counts",
        "_proved",
        "_receiver",
        "_resync",
        "_syncs",
        "on_message",
    )

    on_message: OnMessage

    def __init__(
        self,
        declared: Format,
        context: FeedContext,
        resync: RestSnapshot | SocketSnapshot | None,
        connection: Connection | None,
    ) -> None:
        self._context = context
        self._resync = resync
        self._connection = connection
        self._causes: Counter[Cause] = Counter()
        instruments, first = context.instruments, context.first_index
        check = sequence_check(declared.sequencing)
        self._syncs = [BookSync(first + index, check, self._causes) for index in range(len(instruments))]
        decode = context.codec.decode
        notes = [0]
        note = compile_note(self._syncs, self._causes, notes)
        self._proved = [0, 0]
        self._receiver: TreeReceiver | None = None
        if declared.flat:
            entries = compile_entries(declared.messages, instruments, first, self._syncs)
            self.on_message, ignored = compile_receiver(
                declared, entries, instruments, self._causes, decode, note, alone=context.alone
            )
            self._counts = [(str(message.__struct_config__.tag), count) for _, _, count, message in entries]
        else:
            receiver = TreeReceiver(
                declared, instruments, first, self._syncs, self._causes, decode, note, alone=context.alone
            )
            self.on_message, ignored, self._proved = receiver.on_message, receiver.ignored, receiver.proved
            self._counts = [(str(kind.message.__struct_config__.tag), kind.count) for kind in receiver.kinds]
            self._receiver = receiver
        self._counts += [("ignored", ignored), ("note", notes)]

    def subscriptions(self, now_ns: int) -> Sequence[bytes]:
        """See `mainspring.seams.Feed`."""
        if self._connection is None:
            return []
        context = self._context
        return subscriptions(self._connection.subscribe, context.instruments, context.codec.encode, now_ns)

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        """See `mainspring.seams.Feed`."""
        if self._resync is None:
            return []
        wanted = [index for index, sync in enumerate(self._syncs) if sync.wants_snapshot]
        for index in wanted:
            self._syncs[index].wants_snapshot = False
        return self.resync_requests(wanted)

    def resync_requests(self, wanted: Sequence[int]) -> Sequence[ResyncRequest]:
        """The requests for snapshots of these instruments; none if the format has no such request."""
        if self._resync is None:
            return []
        resync, context = self._resync, self._context
        requests = []
        for place in wanted:
            index, instrument = context.first_index + place, context.instruments[place]
            if isinstance(resync, RestSnapshot):
                requests.append(
                    ResyncRequest(index, "http-get", fill_text(resync.path, of_symbol(instrument.venue_symbol)))
                )
            else:
                message = context.codec.encode(fill(resync.message, of_symbol(instrument.venue_symbol)))
                requests.append(ResyncRequest(index, "send", message.decode()))
        return requests

    def statistics(self) -> FeedStatistics:
        """See `mainspring.seams.Feed`. Each message of a batch counts as one."""
        by_kind: Counter[str] = Counter()
        for kind, count in self._counts:
            by_kind[kind] += count[0]
        return FeedStatistics(
            messages=by_kind.total(),
            by_kind=dict(+by_kind),
            by_cause={cause.value: count for cause, count in self._causes.items()},
            gaps=sum(sync.gaps for sync in self._syncs) + (0 if self._receiver is None else self._receiver.gaps),
            resyncs=sum(sync.resyncs for sync in self._syncs),
            checksums=self._proved[0],
            checksums_right=self._proved[1],
        )
