"""What one feed reads of a capture: for `mainspring plugins check --capture`."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from mainspring.data import VerifyReport, verify
from mainspring.errors import CodecError, ConformanceError, DataError, WireError
from mainspring.host.config import load_config
from mainspring.host.diagnostics import quoted
from mainspring.host.offers import Offer, why_unusable
from mainspring.host.plan import Plan
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire
from mainspring.model import BookSnapshot, MarketEvent
from mainspring.plugin_calls import isolated
from mainspring.seams import Codec, Feed, FeedContext, RawMessage
from mainspring.session.source import open_messages
from mainspring.testing import check_feed
from mainspring.wire import Cause, WireFeed

__all__ = ["FeedReading", "read_capture_with"]

_CONTRACT_MESSAGES = 300
_CONTRACT_ROUNDS = 30
_EXAMPLES = 3
_SHOWN_BYTES = 100
_NOT_READ = ("control", "ignored")
_VALUES = re.compile(rb"[0-9.]+")


class FeedReading(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed made of a capture. `broken` says what it got wrong; empty if nothing.

    `read` counts the messages that gave or could give market events, by kind, `controls` those about the connection.
    `refused` and `ignored` count the others, each with examples of different shape; `withheld` counts messages that
    were read and not applied, by cause. Pairs are (right, compared). `bridged` is how many of the `snapshots` connected
    to updates from before them. `decoders` are those that gave the same events.
    """

    messages: int
    read: dict[str, int]
    controls: int
    refused: int
    refused_examples: tuple[str, ...]
    ignored: int
    ignored_examples: tuple[str, ...]
    withheld: dict[str, int]
    gaps: int
    numbered: bool
    checksums: tuple[int, int]
    quotes: tuple[int, int]
    later_snapshots: tuple[int, int]
    snapshots: int
    bridged: int
    decoders: tuple[str, ...]
    broken: str

    def describe(self) -> str:
        """The reading in one line."""
        read = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.read.items())) or "nothing"
        parts = [f"{self.messages:,} messages: read {read}; control {self.controls:,}"]
        parts.append(f"refused {self.refused:,}{_shown(self.refused_examples)}")
        parts.append(f"ignored {self.ignored:,}{_shown(self.ignored_examples)}")
        if self.withheld:
            causes = ", ".join(f"{cause} {count:,}" for cause, count in sorted(self.withheld.items()))
            parts.append(f"read and not applied: {causes}")
        return "; ".join([*parts, f"proved: {self._proofs()}"])

    def _proofs(self) -> str:
        proofs = [f"{self.gaps:,} gaps in the numbers"] if self.numbered else []
        for name, (right, compared) in (
            ("checksums", self.checksums),
            ("quotes with the number of the book", self.quotes),
            ("later snapshots", self.later_snapshots),
        ):
            proofs += [f"{right:,} of {compared:,} {name}"] if compared else []
        if self.snapshots:
            proofs.append(f"{self.bridged:,} of {self.snapshots:,} snapshots bridged to updates from before them")
        if len(self.decoders) > 1:
            proofs.append(f"the same by the decoders {' and '.join(self.decoders)}")
        return ", ".join(proofs) or "nothing that these messages tell"


def _shown(examples: tuple[str, ...]) -> str:
    return f" ({' | '.join(examples)})" if examples else ""


def read_capture_with(offer: Offer, registry: Registry, captures: Iterable[str], *, seed: int = 0) -> FeedReading:
    """Reads captures, by file or catalogue name, with one feed of `registry`, by each decoder that can run it.

    `seed` is that of the contract's check, which runs on the first messages. Raises `ConfigError` or `DataError` if the
    captures can't be read or name no instrument of the feed, and `PluginError` if the feed raises what it mustn't.
    """
    wanted = ["mode=replay", "instruments=[]", f"feed.plugin={quoted(offer.name)}", "feed.skip_bad=false"]
    wanted.append(f"feed.capture=[{', '.join(map(quoted, captures))}]")
    plan = make_plan(load_config(None, wanted, {("feed", "capture"): "--capture"}), registry)
    parts = wire(plan, registry)
    owners = {"feed": (offer.name, offer.distribution), "book": (plan.book.plugin, plan.book.distribution)}
    feed = parts.lane.feeds[0].feed
    watched = _Watched(feed)
    with isolated():
        books = [market.book for market in parts.lane.markets]
        report = verify(open_messages(plan, registry), watched, books, plan.instruments, owners)
        decoders, differs = _by_each_decoder(offer, registry, plan)
        broken = differs or _broken(report) or _contract(offer, registry, plan, seed)
    return _reading(offer, report, watched, decoders, broken)


def _reading(
    offer: Offer, report: VerifyReport, watched: "_Watched", decoders: tuple[str, ...], broken: str
) -> FeedReading:
    read = {kind: count for kind, count in report.by_kind.items() if kind not in _NOT_READ}
    unknown = report.by_cause.get(Cause.UNKNOWN_SYMBOL, 0)
    if not sum(read.values()) - unknown:
        broken = "some of the capture is read: none of its messages means anything to this feed"
    withheld = {cause: count for cause, count in report.by_cause.items() if cause != Cause.IGNORED}
    quotes = [tally for one in report.instruments for tally in (one.quotes_ahead, one.quotes_behind)]
    later = [one.later_snapshots for one in report.instruments]
    return FeedReading(
        messages=report.messages,
        read=read,
        controls=report.by_kind.get("control", 0),
        refused=report.refused,
        refused_examples=tuple(watched.refused.values()),
        ignored=report.by_kind.get("ignored", 0),
        ignored_examples=tuple(watched.ignored.values()),
        withheld=withheld,
        gaps=sum(one.gaps or 0 for one in report.instruments),
        numbered="sequence" in getattr(offer.factory, "proves", ()),
        checksums=(report.checksums.matched, report.checksums.compared),
        quotes=(sum(one.matched for one in quotes), sum(one.compared for one in quotes)),
        later_snapshots=(sum(one.matched for one in later), sum(one.compared for one in later)),
        snapshots=sum(one.snapshots for one in report.instruments),
        bridged=watched.bridged,
        decoders=decoders,
        broken=broken,
    )


def _broken(report: VerifyReport) -> str:
    """What the capture itself says that the feed got wrong."""
    truths = report.truths
    if report.refused:
        return f"every message is read or ignored: {report.refused} were refused"
    if truths.matched < truths.compared:
        return f"the books are what the venue says: {truths.compared - truths.matched} of {truths.compared} aren't"
    crossed = sum(one.crossed for one in report.instruments)
    return f"the books don't cross: they did {crossed} times" if crossed else ""


class _Watched:
    """A feed, with examples of what it refuses and ignores."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._ignored = 0
        self._number = 0
        self.bridged = 0
        self.refused: dict[bytes, str] = {}
        self.ignored: dict[bytes, str] = {}
        self.subscriptions = feed.subscriptions
        self.take_resync_requests = feed.take_resync_requests
        self.statistics = feed.statistics

    def on_message(self, raw: bytes, receive_time_ns: int) -> Any:
        """See `mainspring.seams.Feed`."""
        self._number += 1
        try:
            events = self._feed.on_message(raw, receive_time_ns)
        except (CodecError, WireError) as error:
            self._keep(self.refused, raw, f": {error}")
            raise
        if not len(events) and len(self.ignored) < _EXAMPLES:
            ignored = self._feed.statistics().by_kind.get("ignored", 0)
            if ignored > self._ignored:
                self._keep(self.ignored, raw, "")
            self._ignored = ignored
        elif len(events) > 1 and isinstance(events[0], BookSnapshot):
            self.bridged += events[0].instrument == getattr(events[1], "instrument", -1)
        return events

    def _keep(self, examples: dict[bytes, str], raw: bytes, why: str) -> None:
        if len(examples) < _EXAMPLES:
            shown = raw[:_SHOWN_BYTES].decode(errors="replace") + ("..." if len(raw) > _SHOWN_BYTES else "")
            examples.setdefault(_VALUES.sub(b"0", raw[:_SHOWN_BYTES]), f"message {self._number}: {shown}{why}")


def _messages(plan: Plan, registry: Registry) -> Iterator[RawMessage]:
    return iter(open_messages(plan, registry))


def _codec(plan: Plan, registry: Registry) -> Codec:
    codec: Codec = registry.get("codec", plan.codec.plugin).factory()
    return codec


def _by_each_decoder(offer: Offer, registry: Registry, plan: Plan) -> tuple[tuple[str, ...], str]:
    """The decoders that can run the feed, and where two of them differ; nothing where they don't."""
    if not isinstance(offer.factory, WireFeed):
        return (), ""
    usable = {name: one for name, one in registry.offers("decoder").items() if not why_unusable(one.needs)}
    codec = _codec(plan, registry)
    feeds = {
        name: offer.factory(FeedContext(plan.instruments, codec, plan.source.encoding, one.factory))
        for name, one in sorted(usable.items())
        if one.options is None
    }
    for number, (receive_time_ns, raw) in enumerate(_messages(plan, registry), 1):
        given = {name: _events(feed, raw, receive_time_ns) for name, feed in feeds.items()}
        if any(one != next(iter(given.values())) for one in given.values()):
            return (), f"all decoders give the same events: {' and '.join(given)} differ at message {number}"
    return tuple(feeds), ""


def _events(feed: Feed, raw: bytes, receive_time_ns: int) -> list[MarketEvent] | None:
    try:
        return list(feed.on_message(raw, receive_time_ns))
    except (CodecError, WireError):
        return None


def _contract(offer: Offer, registry: Registry, plan: Plan, seed: int) -> str:
    """The rule of the seam's contract that breaks on the first messages; nothing if none does."""
    if offer.options is not None:
        return ""
    first = list(islice(_messages(plan, registry), _CONTRACT_MESSAGES))
    if not first:
        raise DataError("the capture has no messages")
    try:
        check_feed(
            offer.factory,
            first,
            instruments=plan.instruments,
            codec=_codec(plan, registry),
            seed=seed,
            rounds=_CONTRACT_ROUNDS,
        )
    except ConformanceError as error:
        return f"{error.rule}: {error.detail} (seed {seed})"
    return ""
