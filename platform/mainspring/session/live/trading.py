"""Drives a lane whose routers send real orders: nothing trades before the venues have answered what there is."""

from collections.abc import Sequence
from typing import get_args

from mainspring.host.wiring import Wired
from mainspring.journal import JournalWriter
from mainspring.lane import CancelAll, Event, Messages, Time
from mainspring.session.driver import Recorder
from mainspring.session.reconciling import PATIENCE_NS
from mainspring.session.replay import Replay, ReplayFeed
from mainspring.session.takeover import TakeOver

__all__ = ["LiveTrading"]


class LiveTrading(Replay):
    """Takes over what an earlier session left, asks the venues, and then starts the strategies.

    Until then market data runs, so that books are there, and no strategy is called. It starts once every stream of
    executions is up and every venue has answered everything. The journal takes all that the lane is fed but messages.
    """

    inputs = frozenset(get_args(Event)) - {Messages}

    def __init__(
        self,
        wired: Wired,
        feeds: Sequence[ReplayFeed],
        session: str,
        recorder: Recorder | None = None,
        journal: JournalWriter | None = None,
        takeover: TakeOver | None = None,
    ) -> None:
        """`session` is the session's part of client order ids; `takeover` is the earlier session, if there is one."""
        super().__init__(wired, feeds, session, recorder, journal)
        self._earlier = takeover
        self._known_ns: int | None = None
        self._asked_ns: int | None = None
        self._ended = False
        self.trading = False
        """Whether the strategies were started."""

    def prepare(self) -> None:
        """Brings orders and positions to what the journal says."""
        # Of the messages, not of the strategies.
        self.started = True
        manager = self.lane.order_manager
        assert manager is not None
        self.lane.strategies.hold()
        if self._earlier is not None:
            recovered = self._recover(self._earlier, manager)
            self._known_ns = recovered.time_ns
            self.take_up(recovered.time_ns, self._session, recovered.states)
        self._raise_failures()

    def catch_up(self, now_ns: int) -> None:
        """See `Replay.catch_up`. Raises `DataError` if a venue doesn't answer at the start."""
        if self._asked_ns is None:
            self._ask(now_ns)
        super().catch_up(now_ns)
        if self.trading or self._ended:
            return
        manager = self.lane.order_manager
        assert manager is not None
        assert self._asked_ns is not None
        if self.reconciling.done and not manager.risk.session.down:
            self.trading = True
            if self._earlier is not None:
                self._follow_people(self._earlier)
            self.start(max(now_ns, self.lane.now_ns), self._session)
            self._raise_failures()
        elif now_ns > self._asked_ns + PATIENCE_NS:
            self.reconciling.raise_silence()

    def end(self, now_ns: int) -> None:
        """Stops the strategies and cancels what is open: nobody watches it any more. The venue's word on it follows."""
        self._ended = True
        self.stop(max(now_ns, self.lane.now_ns))
        self.feed(CancelAll(self.lane.now_ns))

    def finish(self) -> None:
        """Ends the session. Raises the first of `failures`."""
        if not self._ended:
            self.stop(self.lane.now_ns)
        self._raise_failures()
        self.close()

    def _ask(self, now_ns: int) -> None:
        self._asked_ns = now_ns
        manager = self.lane.order_manager
        assert manager is not None
        manager.outbox.session = self._session
        self.feed(Time(max(now_ns, self.lane.now_ns)))
        self.reconciling.start(now_ns if self._known_ns is None else self._known_ns)
