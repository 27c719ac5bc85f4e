"""Exchanges decoders and codecs: a candidate reads what the control reads, and their events are compared."""

from collections.abc import Callable, Sequence
from typing import Any

from mainspring.errors import CodecError, WireError
from mainspring.lane.swaps.pair_times import PairTimes
from mainspring.lane.swaps.pairs import Pairs
from mainspring.lane.swaps.part import Candidate, Part, SwapRefusedError
from mainspring.model import MarketEvent
from mainspring.plugin_calls import describe_exception, is_interrupt
from mainspring.seams import Feed, FeedStatistics, ResyncRequest

__all__ = ["FeedPair", "FeedPairs"]


class FeedPairs(Pairs):
    """The slot "decoder" or "codec" of a lane's feeds, those that a flag names.

    What a decoder has buffered and counted can't be handed to another. So a candidate reads from the first message on,
    made at wiring, and serves only as long as both have given and counted the same. One that comes to differ is
    dropped, and the control's events count.
    """

    def __init__(self, slot: str, feeds: "Sequence[FeedPair]", others: Sequence[Part], *rest: Any) -> None:
        """`others` are the candidates, by the feeds' order, and `rest` is as for `Pairs`."""
        super().__init__(slot, *rest)
        self._feeds = feeds
        self.candidates = list(others)
        for at, feed in enumerate(feeds):
            feed.bind(self, at)

    def times(self, at: int) -> PairTimes | None:
        """See `SwapSlot.times`."""
        return self._feeds[at].times if self.candidates[at] is not None else None

    def shadow(self, at: int, candidate: Candidate) -> None:
        """Takes the candidate that reads already; refuses any other."""
        if self.standby(at) != candidate:
            raise SwapRefusedError(
                f"what a {self.slot} has buffered and counted can't be handed over, so {candidate.plugin!r} has to "
                "read from the session's first message on: name it in a flag and start the session again"
            )

    def _check(self, at: int, candidate: Part) -> None:
        feed = self._feeds[at]
        if feed.control.statistics() != feed.candidate.statistics():
            raise SwapRefusedError(f"{candidate.candidate.plugin!r} has counted other messages than the {self.slot}")

    def _show(self, at: int) -> None:
        feed = self._feeds[at]
        feed.active = feed.candidate if self.serving[at] else feed.control

    def _end(self, at: int) -> None:
        self._feeds[at].read_alone()

    def abandon(self, at: int, what: str, given: bytes, expected: object, found: object) -> None:
        """Drops a candidate that gave something else `at` a place: nothing it gives from there on is comparable.

        `what` says how it differs, `expected` and `found` are what the control and it gave.
        """
        as_text = given.decode("utf-8", "backslashreplace")
        self.differ(at, what, before=None, given=as_text, expected=_words(expected), found=_words(found))
        self.drop(at)


class FeedPair:
    """Two feeds that read the same messages; implements `mainspring.seams.Feed` with what the active one gives.

    `clock` times both.
    """

    def __init__(self, control: Feed, candidate: Feed, clock: Callable[[], int]) -> None:
        self.control = control
        self.candidate = candidate
        self.active = control
        self.times = PairTimes()
        self.on_message: Callable[[bytes, int], Sequence[MarketEvent]] = self._both
        self._alone = False
        self._clock = clock
        self._pairs: FeedPairs | None = None
        self._at = 0

    def bind(self, pairs: FeedPairs, at: int) -> None:
        """Takes the slot that it is of, and where it is `at` there."""
        self._pairs, self._at = pairs, at

    def read_alone(self) -> None:
        """Reads with the active feed alone from now on."""
        self._alone = True
        self.on_message = self._active_alone

    def subscriptions(self, now_ns: int) -> Sequence[bytes]:
        """See `mainspring.seams.Feed.subscriptions`."""
        return self.active.subscriptions(now_ns)

    def take_resync_requests(self) -> Sequence[ResyncRequest]:
        """See `mainspring.seams.Feed.take_resync_requests`. Both ask for the same, and each is taken once."""
        if self._alone:
            return self.active.take_resync_requests()
        requests = self.control.take_resync_requests()
        try:
            self.candidate.take_resync_requests()
        except BaseException as error:  # noqa: BLE001  a stranger's feed may raise anything
            self._drop(error, b"")
        return requests

    def statistics(self) -> FeedStatistics:
        """See `mainspring.seams.Feed.statistics`."""
        return self.active.statistics()

    def __getattr__(self, name: str) -> Any:
        """Has what the active feed has besides."""
        return getattr(self.active, name)

    def _active_alone(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        return self.active.on_message(raw, receive_time_ns)

    def _both(self, raw: bytes, receive_time_ns: int) -> Sequence[MarketEvent]:
        clock = self._clock
        started = clock()
        refused: WireError | CodecError | None = None
        expected: Sequence[MarketEvent] = ()
        try:
            expected = self.control.on_message(raw, receive_time_ns)
        except (WireError, CodecError) as error:
            refused = error
        middle = clock()
        found: Sequence[MarketEvent] | BaseException
        try:
            found = self.candidate.on_message(raw, receive_time_ns)
        except (WireError, CodecError) as error:
            found = error
        except BaseException as error:  # noqa: BLE001  a stranger's feed may raise anything
            found = error
            self._drop(error, raw)
        self.times.add(middle - started, clock() - middle)
        if not self._alone:
            # A refusal's words are for people.
            same = type(found) is type(refused) if refused is not None else _same(expected, found)
            if not same:
                assert self._pairs is not None
                self._pairs.abandon(self._at, "the events differ", raw, refused or expected, found)
        if refused is not None:
            raise refused
        return expected

    def _drop(self, error: BaseException, raw: bytes) -> None:
        if is_interrupt(error):
            raise error
        assert self._pairs is not None
        self._pairs.abandon(self._at, "it raised", raw, None, error)


def _same(expected: Sequence[MarketEvent], found: object) -> bool:
    return not isinstance(found, BaseException) and list(expected) == list(found)  # type: ignore[call-overload]


def _words(given: object) -> object:
    if isinstance(given, BaseException):
        return describe_exception(given)
    return None if given is None else [repr(one) for one in given]  # type: ignore[attr-defined]
