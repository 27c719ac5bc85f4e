"""Runs messages of a feed: one by one, or as one where nothing has to see each event."""

from collections.abc import Callable, Sequence

from mainspring.errors import CodecError, WireError
from mainspring.lane.clock import LaneClock
from mainspring.lane.events import Effects, Messages
from mainspring.lane.feed_handler import FeedHandler
from mainspring.lane.reaction import Reaction, RunTrading
from mainspring.lane.reactions import Reactions
from mainspring.lane.timing import LaneStages
from mainspring.seams import RawMessage

__all__ = ["MessageLoop"]

_LOOK_AGAIN = 64
"""How many messages are run one by one before it looks whether they can be fused; a look costs as a quote does."""


class MessageLoop:
    """The data plane of a lane.

    `at` is the index after the last message that was run, or that of one that can't be read. `next_due_ns` returns
    when the lane next has to do something else; `clock` returns nanoseconds and times the stages. Markouts are measured
    before the message that may move the mid.
    """

    def __init__(
        self,
        feeds: Sequence[FeedHandler],
        reactions: Reactions,
        effects: Effects,
        time: LaneClock,
        stages: LaneStages,
        *,
        next_due_ns: Callable[[], int],
        clock: Callable[[], int],
    ) -> None:
        self.at = self._start = 0
        self._wants_runs = self._journalled = False
        self._feeds = feeds
        self._reactions = reactions
        self._fused_reactions: dict[FeedHandler, Reaction] = {}
        self._sends = effects.sends
        self._resyncs = effects.resyncs
        self._time = time
        self._record_whole_path = stages.whole_path
        self._markouts = reactions.markouts
        self._next_due_ns = next_due_ns
        self._clock = clock
        self.renew_runs()

    def trade_in_runs(self, *, journalled: bool = False) -> None:
        """Lets fused runs trade without ending, where the feed's router is simulated and shown the market in them.

        Without it, and where a router sends real orders, a run ends with what strategies ask for, and what is approved
        is among the effects.

        `journalled` says whether what risk checks save is journalled: runs end where that may have changed, then.

        What they do has no events of its own: records are among the effects at the end of a run, and what was sent is
        with the router.
        """
        self._wants_runs, self._journalled = True, journalled
        self.renew_runs()

    def renew_runs(self) -> None:
        """Lets fused runs trade by the rules as they are now, or not at all where a rule is Python's alone."""
        manager = self._reactions.order_manager
        # A run reads its reaction once, so that only another one makes it trade differently.
        for feed in self._feeds:
            self._fused_reactions[feed] = Reaction(feed.own, feed.changed, self._reactions, self._time)
        # What a run does by itself, other checks aren't told.
        if manager is None or manager.risk.kills or not manager.gate.hears_in_runs:
            return
        goes_on = self._wants_runs and not manager.waits_for_journal
        for index, feed in enumerate(self._feeds):
            # A simulated venue that is idle has to be shown the market before anything is asked of it.
            if feed.can_fuse and (feed.attached or feed.observer is None):
                self._fused_reactions[feed].trading = RunTrading(
                    feed.observer if goes_on else None,
                    index,
                    reactions=self._reactions,
                    order_manager=manager,
                    sends=self._sends,
                    time=self._time,
                    journalled=self._journalled,
                )

    def trades_in_runs(self, feed: int) -> bool:
        """Whether the feed's runs take by themselves what its router has to report."""
        handler = self._feeds[feed]
        trading = self._fused_reactions[handler].trading
        return trading is not None and trading.router is not None and handler.runs_fused

    def run(self, event: Messages) -> None:
        """Runs messages of one feed. See `Lane.handle`."""
        feed, messages, until_ns = self._feeds[event.feed], event.messages, event.until_ns
        self.at = self._start = event.start
        if (trading := self._fused_reactions[feed].trading) is not None:
            # Whatever there was to save was seen between the events.
            trading.unsaved = trading.paused = False
        if not event.start:
            # The sequence may be one that was run before and has been filled again.
            feed.forget_batch()
        try:
            self._run(feed, messages, until_ns)
        finally:
            for request in feed.take_resyncs():
                self._resyncs.append((event.feed, request))

    def _run(self, feed: FeedHandler, messages: Sequence[RawMessage], until_ns: int) -> None:
        if not feed.can_fuse:
            self._run_each(feed, messages, len(messages), until_ns)
            return
        while self.at < len(messages) and not self._sends:
            trading = self._fused_reactions[feed].trading
            if feed.runs_fused:
                ran = self._run_fused(feed, messages, until_ns)
                if trading is not None and trading.paused:
                    return
                if ran:
                    continue
            if trading is not None:
                trading.unsaved = True
            # One message is run even if the observer is due and has nothing to report.
            until = until_ns if self.at == self._start else min(until_ns, feed.observer_due_ns)
            if not self._run_each(feed, messages, min(self.at + _LOOK_AGAIN, len(messages)), until):
                return

    def _run_fused(self, feed: FeedHandler, messages: Sequence[RawMessage], until_ns: int) -> bool:
        """Runs messages without looking at each, until something else has to; returns whether any was run."""
        start, count, sends = self.at, len(messages), self._sends
        reactions, changed, run, batch = self._reactions, feed.changed, feed.run, feed.batch(messages)
        react, markouts, measures = self._fused_reactions[feed], self._markouts, feed.measures
        trading = react.trading
        while self.at < count and not sends:
            # A message of `until_ns` or later isn't run now: those of other feeds may come before it.
            react.end_ns, react.until_ns = until_ns, min(until_ns, self._next_due_ns())
            if not measures:
                if markouts.due_ns < until_ns and markouts.due_ns <= (next_ns := messages[self.at][0]) < until_ns:
                    markouts.measure(next_ns)
                react.until_ns = min(react.until_ns, markouts.due_ns)
            try:
                at = run(batch, self.at, react.until_ns, None if reactions.silent else react)
            except (WireError, CodecError):
                self.at = feed.raised_at
                self._advance(messages[self.at][0])
                raise
            except BaseException:
                self.at = feed.raised_at
                raise
            if at == self.at:
                # A run may have ended for what checks save, before a message.
                break
            self.at = at
            # Nobody was called about a message that changed nothing, yet it is that late.
            self._advance(messages[at - 1][0])
            if changed or reactions.requests:
                # Out of the run, since an observer that was idle has to catch up with it.
                started = self._clock()
                reactions.work()
                reactions.on_changed(changed)
                self._record_whole_path(feed.last_ns + self._clock() - started)
                if trading is not None:
                    trading.unsaved = True
            if trading is not None and trading.paused:
                break
            if feed.marked:
                # A venue that is idle may have learned of funding to settle.
                break
        return self.at > start

    def _advance(self, now_ns: int) -> None:
        if now_ns > self._time.now_ns:
            self._time.now_ns = now_ns

    def _run_each(self, feed: FeedHandler, messages: Sequence[RawMessage], stop: int, until_ns: int) -> bool:  # noqa: C901  one loop, for its speed
        """Runs messages one by one up to index `stop`; returns whether it came that far.

        Costs a reading of the clock a message, and one append.
        """
        clock, record, time, sends = self._clock, self._record_whole_path, self._time, self._sends
        observer, on_message, changed, markouts = feed.observer, feed.on_message, feed.changed, self._markouts
        react, next_due_ns = self._reactions.on_changed, self._next_due_ns
        groups, follow_up = self._reactions.groups, self._reactions.follow_up
        # The earliest of what ends the run and of what is measured in it, so that a message costs one comparison.
        due_ns = min(until_ns, next_due_ns(), markouts.due_ns)
        for at in range(self.at, stop):
            now_ns, raw = messages[at]
            if now_ns >= due_ns:
                if now_ns >= min(until_ns, next_due_ns()):
                    return False
                markouts.measure(now_ns)
                due_ns = min(until_ns, next_due_ns(), markouts.due_ns)
            if now_ns > time.now_ns:
                time.now_ns = now_ns
            # Whatever a plugin raises, this message has been run; one that can't be read hasn't.
            self.at = at + 1
            try:
                entered = on_message(now_ns, raw)
            except (WireError, CodecError):
                self.at = at
                raise
            if feed.prints:
                self._reactions.on_prints(feed)
                due_ns = min(due_ns, next_due_ns())
            if changed:
                # Only what a strategy does can bring the next instant nearer.
                if react(changed):
                    due_ns = min(due_ns, next_due_ns())
                elif time.timer_ns < due_ns:
                    due_ns = time.timer_ns
            if groups:
                follow_up()
                due_ns = min(due_ns, next_due_ns())
            record(clock() - entered)
            if sends:
                return False
            if observer is not None and observer.due_ns < until_ns:
                until_ns = observer.due_ns
                due_ns = min(due_ns, until_ns)
        return True
