"""Checks a feed against the contract of `mainspring.seams.Feed`, on given messages."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from mainspring.errors import CodecError, WireError
from mainspring.model import MAX_UNITS, NO_ID, BookDelta, BookInvalid, BookSnapshot, Control, Instrument, MarketEvent
from mainspring.seams import LOST, NOTE, Codec, Feed, FeedContext, FeedStatistics, RawMessage
from mainspring.testing._rules import NotCheckedError, Offered, Rules, shorten
from mainspring.testing.market import INSTRUMENT
from mainspring.testing.plain_codecs import plain_codec

__all__ = ["check_feed", "check_offered"]

_MESSAGES = 300
_GARBAGE = (
    b"",
    b"\x00",
    b"{",
    b"[]",
    b"{}",
    b"null",
    b"1",
    b'"a"',
    b"[[]]",
    b"\xff\xfe",
    b"\x80",
    b"\x91\x80",
    b"\xc1",
)


def check_feed(
    factory: Callable[[FeedContext], Feed],
    messages: Sequence[RawMessage] = (),
    *,
    instruments: Sequence[Instrument] = (INSTRUMENT,),
    codec: Codec | None = None,
    seed: int = 0,
    rounds: int = 100,
) -> None:
    """Runs `messages`, of `instruments`, through feeds of `factory`: whole, with losses, and with broken ones mixed in.

    `codec` decodes them, by default a plain JSON one. Without messages, only what needs none is checked. A few hundred
    messages with a snapshot and some deltas are enough; each of the `rounds` broken messages may cost a pass over
    them.

    Raises `ConformanceError`, which names the broken rule, the message, and the seed.
    """
    rules = Rules(seed)
    context = FeedContext(tuple(instruments), plain_codec("json") if codec is None else codec)
    _check_new(rules, factory(context))
    whole = _Run(rules, factory(context), len(instruments))
    for message in messages:
        whole.take(message)
    rules.hold("some of the messages are read", bool(whole.events) or not messages, "no event came of any of them")
    again = _Run(rules, factory(context), len(instruments))
    for message in messages:
        again.take(message)
    same = whole.events == again.events and whole.feed.statistics() == again.feed.statistics()
    rules.hold("the same messages give the same events", same, "two feeds of one factory differ")
    _check_losses(rules, factory, context, messages)
    _check_broken(rules, factory, context, messages, whole, rounds)
    _check_notes(rules, whole, messages)


class _Run:
    """A feed, the events that it gave, and what they say of each book."""

    def __init__(self, rules: Rules, feed: Feed, instruments: int) -> None:
        self.feed = feed
        self.events: list[MarketEvent] = []
        self._rules = rules
        self._live = [False] * instruments
        self._invalid = [False] * instruments
        self._last_ids = [NO_ID] * instruments

    def take(self, message: RawMessage) -> bool:
        """Passes a message to the feed and checks the events against the rules. Returns False if it was rejected."""
        receive_time_ns, raw = message
        try:
            events = list(self.feed.on_message(raw, receive_time_ns))
        except (WireError, CodecError):
            return False
        except Exception as error:  # any other exception of a plugin under test is the finding
            detail = f"{shorten(raw)}: {type(error).__name__}: {error}"
            self._rules.hold("a message that can't be read is a WireError or a CodecError", False, detail)
            raise
        for event in events:
            self._assess(event, raw)
        self.events += events
        requests = list(self.feed.take_resync_requests())
        again = list(self.feed.take_resync_requests())
        self._rules.hold("a resync request is handed out once", not again, shorten(requests))
        return True

    @property
    def live(self) -> int:
        """How many books the events say to be right."""
        return sum(self._live)

    def _assess(self, event: MarketEvent, raw: bytes) -> None:
        hold, detail = self._rules.hold, f"{shorten(event)} of {shorten(raw)}"
        if isinstance(event, Control):
            return
        index = event.instrument
        hold("events are of the session's instruments", 0 <= index < len(self._live), detail)
        if isinstance(event, BookDelta | BookSnapshot):
            rows = (*event.bids, *event.asks)
            whole = all(type(unit) is int and 0 <= unit <= MAX_UNITS for row in rows for unit in row)
            hold("levels are whole ticks and lots of 64 bits", whole, detail)
        if isinstance(event, BookSnapshot):
            self._live[index], self._invalid[index], self._last_ids[index] = True, False, NO_ID
        elif isinstance(event, BookInvalid):
            hold("after a gap the book is declared invalid once", not self._invalid[index], detail)
            self._live[index], self._invalid[index] = False, True
        elif isinstance(event, BookDelta):
            hold("no delta comes before a snapshot, or after a gap", self._live[index], detail)
            if event.last_id != NO_ID:
                rising = self._last_ids[index] < event.last_id
                hold("deltas come in sequence, none twice", rising, f"{detail}, after {self._last_ids[index]}")
                self._last_ids[index] = event.last_id


def _check_new(rules: Rules, feed: Feed) -> None:
    statistics = rules.never_raises("statistics answers", feed.statistics)
    rules.hold("statistics is a frozen value", isinstance(statistics, FeedStatistics), shorten(statistics))
    rules.hold("a new feed has seen nothing", statistics.messages == 0, shorten(statistics))
    subscriptions = list(rules.never_raises("subscriptions answers", feed.subscriptions, 0))
    sendable = all(type(message) is bytes for message in subscriptions)
    rules.hold("subscriptions are bytes to send", sendable, shorten(subscriptions))


def _check_notes(rules: Rules, run: _Run, messages: Sequence[RawMessage]) -> None:
    """Checks that no book survives the loss of its connection, and that other notes are passed over."""
    at_ns, events = messages[-1][0] if messages else 0, len(run.events)
    taken = run.take((at_ns, NOTE + b"a word of the recording")) and len(run.events) == events
    rules.hold("a note of a recording is passed over", taken, "it was refused, or events came of it")
    taken = run.take((at_ns, LOST + b": the connection broke"))
    rules.hold("at the note LOST each book is declared invalid", taken and not run.live, f"{run.live} weren't")


def _check_losses(
    rules: Rules, factory: Callable[[FeedContext], Feed], context: FeedContext, messages: Sequence[RawMessage]
) -> None:
    """Checks that with messages lost, doubled and swapped, deltas still only continue a book."""
    for share in (0.01, 0.2):
        run = _Run(rules, factory(context), len(context.instruments))
        kept: list[RawMessage] = []
        for message in messages:
            kept += [message] * rules.random.choices((0, 1, 2), (share, 1 - 2 * share, share))[0]
        if len(kept) > 1:
            at = rules.random.randrange(len(kept) - 1)
            kept[at : at + 2] = [(kept[at][0], kept[at + 1][1]), (kept[at + 1][0], kept[at][1])]
        for message in kept:
            run.take(message)


def _check_broken(
    rules: Rules,
    factory: Callable[[FeedContext], Feed],
    context: FeedContext,
    messages: Sequence[RawMessage],
    whole: _Run,
    rounds: int,
) -> None:
    """Checks that a rejected message leaves the feed unchanged: the counts at once, and all later events."""
    places: dict[int, list[bytes]] = {}
    for number in range(rounds):
        place = rules.random.randrange(len(messages)) if messages else 0
        raw = messages[place][1] if messages else b""
        broken = _break(rules, raw) if messages and number >= len(_GARBAGE) else _GARBAGE[number % len(_GARBAGE)]
        places.setdefault(place, []).append(broken)
    run = _Run(rules, factory(context), len(context.instruments))
    for place, message in enumerate(messages or [(0, b"")]):
        for broken in places.get(place, ()):
            before = run.feed.statistics()
            if run.take((message[0], broken)):
                # It could be read, so it may have changed the feed; the comparison restarts before it.
                run = _Run(rules, factory(context), len(context.instruments))
                for earlier in messages[:place]:
                    run.take(earlier)
            else:
                after = run.feed.statistics()
                detail = f"{shorten(broken)}: {shorten(before)} became {shorten(after)}"
                rules.hold("a refused message leaves the feed as it was", before == after, detail)
        if messages:
            run.take(message)
    same = run.events == whole.events and (not messages or run.feed.statistics() == whole.feed.statistics())
    rules.hold("a refused message leaves the feed as it was", same, "what follows refused messages differs")


def _break(rules: Rules, raw: bytes) -> bytes:
    random = rules.random
    if random.random() < 0.4:
        return raw[: random.randrange(len(raw) or 1)]
    broken = bytearray(raw)
    at = random.randrange(len(broken) or 1)
    broken[at : at + random.randint(0, 3)] = random.choice(
        (b"", b"-", b"0", b'"', b"null", b"[", b"1e9", b"\xff", b"x")
    )
    return bytes(broken)


def check_offered(offered: Offered) -> str:
    """Checks an offered feed for `check_offer`; returns on what."""
    messages = _own_messages(offered.factory)
    for encoding in str(offered.capabilities.get("encodings", "json")).split(","):
        check_feed(offered.factory, codec=plain_codec(encoding.strip()), seed=offered.seed)
    if not messages:
        raise NotCheckedError(
            "it read nothing, as it brings no messages of its own: give it a recording with "
            "`mainspring plugins check DISTRIBUTION --capture FILE`"
        )
    check_feed(offered.factory, messages, seed=offered.seed)
    return f"on {len(messages)} messages of its own"


def _own_messages(factory: Callable[..., Any]) -> list[RawMessage]:
    """The first messages that a feed generates; none if it generates none."""
    made, options = (factory.func, factory.keywords["options"]) if isinstance(factory, partial) else (factory, None)
    source = getattr(made, "source", None)
    return [] if source is None else list(islice(source((INSTRUMENT,), options), _MESSAGES))
