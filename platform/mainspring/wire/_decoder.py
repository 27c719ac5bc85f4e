"""The Python decoder: a format compiled, once, for the instruments of a session, and the feed that runs it."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mainspring.model import Instrument
from mainspring.seams.feed import FeedContext, FeedStatistics, ResyncRequest
from mainspring.wire._receive import OnMessage, compile_receiver
from mainspring.wire._routes import compile_entries
from mainspring.wire._sequencing import sequence_check
from mainspring.wire._sync import BookSync
from mainspring.wire.formats import Format, RestSnapshot, Subscribe

if TYPE_CHECKING:
    from mainspring.wire.cause import Cause

__all__ = ["CompiledFeed"]


class CompiledFeed:
    """A `mainspring.seams.Feed` made of a format's declarations."""

    __slots__ = ("_causes", "_context", "_counts", "_resync", "_subscribe", "_syncs", "on_message")

    on_message: OnMessage

    def __init__(
        self, declared: Format, context: FeedContext, resync: RestSnapshot | None, subscribe: tuple[Subscribe, ...]
    ) -> None:
        self._context = context
        self._resync = resync
        self._subscribe = subscribe
        self._causes: Counter[Cause] = Counter()
        instruments = context.instruments
        check = sequence_check(declared.sequencing)
        self._syncs = [BookSync(index, check, self._causes) for index in range(len(instruments))]
        entries = compile_entries(declared.messages, instruments, self._syncs)
        decode = context.codec.decode
        self.on_message, ignored = compile_receiver(
            declared, entries, instruments, self._causes, decode, alone=context.alone
        )
        self._counts = [(str(message.__struct_config__.tag), count) for _, _, count, message in entries]
        self._counts.append(("ignored", ignored))

    def subscriptions(self) -> Sequence[bytes]:
        """See `mainspring.seams.Feed`."""
        encode = self._context.codec.encode
        return [encode(_filled(subscribe, self._context.instruments)) for subscribe in self._subscribe]

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
        path, instruments = self._resync.path, self._context.instruments
        return [ResyncRequest(index, "http-get", _fill(path, instruments[index])) for index in wanted]

    def statistics(self) -> FeedStatistics:
        """See `mainspring.seams.Feed`. Each message of a batch counts as one."""
        by_kind: Counter[str] = Counter()
        for kind, count in self._counts:
            by_kind[kind] += count[0]
        return FeedStatistics(
            messages=by_kind.total(),
            by_kind=dict(+by_kind),
            by_cause={cause.value: count for cause, count in self._causes.items()},
            gaps=sum(sync.gaps for sync in self._syncs),
            resyncs=sum(sync.resyncs for sync in self._syncs),
        )


def _filled(subscribe: Subscribe, instruments: Sequence[Instrument]) -> dict[str, object]:
    lists = {
        key: list(dict.fromkeys(_fill(template, instrument) for instrument in instruments for template in templates))
        for key, templates in subscribe.lists.items()
    }
    return {**subscribe.message, **lists}


def _fill(template: str, instrument: Instrument) -> str:
    venue_symbol = instrument.venue_symbol
    return template.replace("{venue_symbol_lower}", venue_symbol.lower()).replace("{venue_symbol}", venue_symbol)
