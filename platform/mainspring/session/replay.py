"""The driver for captures and generated sessions: merges feeds by receive time, with everything that falls due."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from mainspring.errors import CaptureError, CodecError, WireError
from mainspring.host.plan import Plan
from mainspring.host.wiring import Wired
from mainspring.journal import JournalWriter
from mainspring.lane import ClockCompared, FeedHandler, Messages, OrderManager
from mainspring.report import RecoveryReport
from mainspring.report.figures import utc_text
from mainspring.seams import NEVER_NS, RawMessage
from mainspring.session.driver import Driver, Recorder
from mainspring.session.outcome import count_understood
from mainspring.session.source import MessageSource
from mainspring.session.takeover import TakeOver
from mainspring.session.totals import SessionTotals

if TYPE_CHECKING:
    from mainspring.recovery import Recovered
    from mainspring.session.script import Script

__all__ = ["Replay", "ReplayFeed"]


_COMPARE_NS = 1_000_000_000
_VALID_NS = 3 * _COMPARE_NS


class ReplayFeed:
    """One feed's messages in a replay, and how far it has come.

    `head_ns` is the receive time of the next message, `NEVER_NS` after the last. `script` says where to stop: before
    the next journalled input of a session that runs again, or where an earlier session ended.
    """

    def __init__(self, plan: Plan, index: int, handler: FeedHandler, source: MessageSource) -> None:
        """`index` is the feed's place in the lane."""
        self.plan = plan
        self.index = index
        self.source = source
        self.totals = SessionTotals()
        self.chunk: Sequence[RawMessage] = ()
        self.at = 0
        self.head_ns = NEVER_NS
        self.script: Script | TakeOver | None = None
        self._handler = handler
        self._counted = 0

    def refill(self) -> None:
        """Takes the next chunk, empty if there is none, or none before the next input of `script`."""
        self.count()
        most = self.plan.chunk.value
        if self.script is not None:
            most = min(most, self.script.left(self.index, self.totals.messages))
        self.chunk = self.source.take(most) if most else ()
        self.at = self._counted = 0
        self._set_head()

    @property
    def fed(self) -> int:
        """How many messages have been run, those that aren't counted in `totals` yet included."""
        return self.totals.messages + self.at - self._counted

    def advance(self, at: int) -> None:
        """Goes on to index `at` of the chunk."""
        self.at = at
        self._set_head()

    def count(self) -> None:
        """Brings `totals` up to date."""
        if self.at > self._counted:
            self.totals.count(self.chunk, self._counted, self.at)
            self._counted = self.at

    def refuse(self, error: WireError | CodecError) -> None:
        """Passes over the message at hand, which can't be read. Raises `CaptureError` unless the plan allows that."""
        back = len(self.chunk) - 1 - self.at
        self.at += 1
        self.count()
        if not self.plan.source.skip_bad:
            raise CaptureError(*self.source.here(back=back), f"{error}. {self._remedy()}") from error
        self.source.skipped += 1
        self._set_head()

    def place(self) -> str:
        """Says where the last message that was run came from."""
        at = max(self.at - 1, 0)
        if at >= len(self.chunk):
            return ""
        path, line = self.source.here(back=len(self.chunk) - 1 - at)
        where = f", line {line:,} of {path}" if line else ""
        return f"It happened at message {self.totals.messages:,}{where}, received {utc_text(self.chunk[at][0])}."

    def _set_head(self) -> None:
        self.head_ns = self.chunk[self.at][0] if self.at < len(self.chunk) else NEVER_NS

    def _remedy(self) -> str:
        """What to do about a message that can't be read: one of many, or one of nothing but such messages."""
        statistics = self._handler.feed.statistics()
        if count_understood(statistics.by_kind, statistics.by_cause):
            return "The lane stopped there; --skip-bad counts such messages and goes on."
        return (
            f"No message before it means anything to the feed {self.plan.feed.plugin!r} either: name the feed that "
            "this was recorded from with --feed, or leave --feed out to have it recognised."
        )


class Replay(Driver):
    """Runs the feeds of a lane from captures or generators.

    Messages are merged by receive time, and those of one instant in the order of the feeds. A single feed runs in
    blocks; several are cut wherever one overtakes another, so that strategies see all markets in order.
    """

    def __init__(
        self,
        wired: Wired,
        feeds: Sequence[ReplayFeed],
        session: str,
        recorder: Recorder | None = None,
        journal: JournalWriter | None = None,
        script: "Script | None" = None,
        takeover: TakeOver | None = None,
    ) -> None:
        """`session` is the session's part of client order ids. `script` has inputs to feed between messages.

        `takeover` is an earlier session whose orders, positions and place in the feeds this one takes over.
        """
        super().__init__(wired, recorder, journal)
        self.feeds = tuple(feeds)
        self._script = script
        self._takeover = takeover
        for feed in self.feeds:
            feed.script = script
        self._session = session
        self._chunk = max((feed.plan.chunk.value for feed in feeds), default=1)
        self._last: ReplayFeed | None = None
        self._compared_ns = self._lag_ns = 0
        # How many messages were run since what was measured and sampled of them was folded.
        self._unfolded = 0

    def prepare(self) -> None:
        """Reads the beginning of each feed, and starts the session at the time of the first message.

        Raises `ConfigError` if a strategy refuses its options, and the first of `failures`.
        """
        if self._takeover is not None:
            self._take_over(self._takeover)
        for feed in self.feeds:
            feed.refill()
        first_ns = min((feed.head_ns for feed in self.feeds if feed.chunk), default=0)
        self.start(first_ns if self.took_over is None else self.lane.now_ns, self._session)
        self._raise_failures()

    def step(self) -> bool:
        """Runs about a chunk of messages. Returns False if nothing is left. Prepares first, if that wasn't done.

        Raises `CaptureError` for a message that can't be read, and the first of `failures` once the orders that were
        open have ended; further ones are its notes.
        """
        if not self.started:
            self.prepare()
        left = self._chunk
        while True:
            if self._script is not None:
                self._follow(self._script)
            following, until_ns = self._next()
            if following is None:
                if self._script is not None:
                    self._script.check_end()
                return False
            feed = following
            self._last = feed
            self.settle(feed.head_ns)
            self._raise_failures()
            # A router may be due at any time, yet one message is run at least.
            until_ns = max(min(until_ns, self.due_ns(feed.index)), feed.head_ns + 1)
            begun = feed.at
            self._run_messages(feed, until_ns)
            self._raise_failures()
            left -= feed.at - begun
            self._unfolded += feed.at - begun
            if whole := feed.at >= len(feed.chunk):
                feed.refill()
            if whole or left <= 0:
                for one in self.feeds:
                    one.count()
                # Messages that come one by one, as in a live session, are folded together.
                if self._unfolded >= self._chunk:
                    self._unfolded = 0
                    self.lane.fold()
                return True

    def _follow(self, script: "Script") -> None:
        """Feeds the inputs that are next, and then lets the feeds go on to the one after them."""
        for event in script.due([feed.fed for feed in self.feeds]):
            self.feed(event)
            self._raise_failures()
        for feed in self.feeds:
            if feed.at >= len(feed.chunk):
                feed.refill()

    def catch_up(self, now_ns: int) -> None:
        """Runs what the sources have by now, and then does what is due by `now_ns`: for sources that go on.

        Raises as `step` does.
        """
        for feed in self.feeds:
            if feed.head_ns == NEVER_NS:
                feed.refill()
        self._compare_clocks(now_ns)
        while self.step():
            pass
        self.settle(now_ns)
        self._raise_failures()

    def _compare_clocks(self, now_ns: int) -> None:
        """Says how long messages have waited: each second, and at once when they wait longer than was said."""
        manager = self.lane.order_manager
        if manager is None or not manager.gate.wants_clock or not self.started:
            return
        lag_ns = max(now_ns - min((feed.head_ns for feed in self.feeds), default=NEVER_NS), 0)
        if lag_ns > self._lag_ns or now_ns >= self._compared_ns + _COMPARE_NS:
            self._compared_ns, self._lag_ns = now_ns, lag_ns
            # The lane's time stays that of its last event: what waits was received before now.
            self.feed(ClockCompared(self.lane.now_ns, lag_ns, None, now_ns + _VALID_NS))

    def _run_messages(self, feed: ReplayFeed, until_ns: int) -> None:
        refused: WireError | CodecError | None = None
        try:
            self.feed(Messages(feed.index, feed.chunk, feed.at, until_ns))
        except (WireError, CodecError) as error:
            refused = error
        finally:
            # What was run counts, whatever ends the session here.
            feed.advance(self.lane.at)
        if refused is not None:
            feed.refuse(refused)

    def _take_over(self, takeover: TakeOver) -> None:
        """Brings the lane to where the earlier session ended, and to what its venues say has happened since.

        Its messages are fed again, so that books and markets are those of then; no strategy is called.
        """
        lane, manager = self.lane, self.lane.order_manager
        assert manager is not None
        lane.strategies.hold()
        for feed in self.feeds:
            feed.script = takeover
            feed.refill()
        following, until_ns = self._next()
        while following is not None:
            self._run_messages(following, until_ns)
            if following.at >= len(following.chunk):
                following.refill()
            following, until_ns = self._next()
        takeover.check(self.feeds)
        for feed in self.feeds:
            feed.script = self._script
        recovered = self._recover(takeover, manager)
        self.resume(recovered.time_ns, self._session, recovered.states)
        if self._script is None:
            # In a session that runs again, the script has them.
            self._follow_people(takeover)

    def _recover(self, takeover: TakeOver, manager: OrderManager) -> "Recovered":
        """Brings orders and positions to what the journal says."""
        recovered = takeover.apply(manager)
        self.took_over = RecoveryReport(
            sessions=list(recovered.sessions),
            records=recovered.records,
            messages=list(recovered.messages),
            open_orders=self.lane.open_orders,
        )
        return recovered

    def _follow_people(self, takeover: TakeOver) -> None:
        """Takes what people had said about risk, which still holds."""
        for said in takeover.orders_of_people():
            self.feed(msgspec.structs.replace(said, now_ns=self.lane.now_ns))

    def finish(self) -> None:
        """Ends the session at the time of its last message. Raises the first of `failures`."""
        self.stop(self.lane.now_ns)
        self._raise_failures()
        self.close()

    def close(self) -> None:
        """Brings all counts up to date. Calls no plugin."""
        for feed in self.feeds:
            feed.count()
        self.lane.fold()

    def fed(self) -> tuple[int, ...]:
        """See `Driver.fed`."""
        running = self._running
        if running is None:
            return tuple(feed.fed for feed in self.feeds)
        # The feed at hand advances only after the event.
        more = self.lane.at - running.start
        return tuple(feed.fed + (more if feed.index == running.feed else 0) for feed in self.feeds)

    def _next(self) -> tuple[ReplayFeed | None, int]:
        """The feed whose message is next, and the time up to which it has the lane for itself."""
        first: ReplayFeed | None = None
        until_ns = NEVER_NS
        for feed in self.feeds:
            if feed.head_ns == NEVER_NS:
                continue
            if first is None or feed.head_ns < first.head_ns:
                if first is not None:
                    until_ns = min(until_ns, first.head_ns)
                first = feed
            else:
                # Of one instant, the feed that stands first in the config comes first.
                until_ns = min(until_ns, feed.head_ns + 1)
        return first, until_ns

    def _raise_failures(self) -> None:
        if not self.failures:
            return
        self.drain()
        self.close()
        first, *others = self.failures
        if self._last is not None and (place := self._last.place()):
            first.add_note(place)
        for other in others:
            first.add_note(f"Then {other}")
        raise first
