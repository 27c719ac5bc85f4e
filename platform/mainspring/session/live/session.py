"""Runs a lane on live connections: what a socket receives is run at once, on the same thread, as a replay would."""

import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

import trio

from mainspring.data.recording import RecordingWriter
from mainspring.errors import ConfigError, DataError, MainspringError
from mainspring.host.plan import LanePlan, Plan
from mainspring.host.registry import Registry
from mainspring.plugin_calls import isolated
from mainspring.report import LiveFeedReport, LiveReport
from mainspring.seams import LOST, NOTE, Codec, RawMessage, Receiver
from mainspring.session.lane_run import LaneRun
from mainspring.session.live.book_watch import BookWatch
from mainspring.session.live.channel import Channel
from mainspring.session.live.link import Link, steady_ns
from mainspring.session.live.opening import open_links
from mainspring.session.live.order_link import OrderLink
from mainspring.session.live.source import LiveSource, SteadyClock
from mainspring.session.live.trading import LiveTrading
from mainspring.session.live.websocket import Dial, dial
from mainspring.session.source import MessageSource, OpenBlocks

if TYPE_CHECKING:
    from mainspring.session.live.feed_links import FeedLinks
    from mainspring.wire import ConnectedRouter

__all__ = ["LiveSession", "Notice"]

Notice: TypeAlias = Callable[[str], None]
"""Called with what a person should know at once."""


class ReceivingDial(Protocol):
    """Makes a connection: see `mainspring.session.live.websocket.dial`."""

    def __call__(self, host: str, port: int, tls: SSLContext, receiver: Receiver | None) -> Awaitable[Channel]:
        """Connects to a `host` and `port`, whose bytes a `receiver` waits for."""
        ...


_NS: Final = 1_000_000_000
_LOOK_S: Final = 0.25
_LOOK_NS: Final = 250_000_000
_END_S: Final = 10.0
_END_LOOK_S: Final = 0.05
_LOST: Final = LOST.removeprefix(NOTE).decode()


class LiveSession:
    """The connections of a lane's feeds, and the clock, around a `LaneRun`.

    `open_source` is what the run opens its messages with; `run` then keeps the connections until the run is to stop, or
    an error ends it. Everything is done by one thread: between a socket and the lane there is no queue and no lock.
    """

    def __init__(
        self, plan: LanePlan, registry: Registry, notice: Notice | None = None, *, connect: ReceivingDial = dial
    ) -> None:
        self._plan = plan
        self._connects = connect
        self._registry = registry
        self._notice = notice or (lambda _: None)
        self._clock = SteadyClock()
        self._sources: list[LiveSource] = []
        self._links: list[FeedLinks] = []
        self._orders: list[OrderLink] = []
        self._books: list[BookWatch] = []
        self._performed: LiveReport | None = None
        self._error: MainspringError | None = None
        self._ending = False
        self._connect: Dial = dial
        self._scope = trio.CancelScope()
        self._wake = trio.Event()
        # When the task that keeps time looks again, unless something wakes it before.
        self._looks_ns = 0

    def open_source(
        self,
        plan: Plan,
        registry: Registry,
        open_blocks: OpenBlocks | None = None,
    ) -> MessageSource:
        """The messages of one feed: see `mainspring.session.source.open_messages`."""
        connect = plan.source.connect
        assert connect is not None
        recording = RecordingWriter(Path(connect.record)) if connect.record else None
        source = LiveSource(plan.source.name, self._clock, recording)
        self._sources.append(source)
        return source

    def run(self, lane: LaneRun, look: Callable[[], None], seconds: float | None = None) -> None:
        """Runs until `lane.stopped_early` is set, `seconds` have passed, or an error ends it, which is raised.

        `look` is called four times a second.
        """
        try:
            # Here, so that the lane's own scopes, one a message, are within it and cost little.
            with isolated():
                trio.run(self._main, lane, look, seconds)
        finally:
            lane.connections = lambda: self._performed
        if self._error is not None:
            raise self._error
        for source in self._sources:
            # So that the recording is as long as the session was.
            source.note("stopped")
        lane.catch_up(self._clock.now_ns())
        lane.look()

    async def _main(self, lane: LaneRun, look: Callable[[], None], seconds: float | None) -> None:
        receiver: Receiver | None = lane.lane.parts.get("receiver")
        self._connect = partial(self._connects, receiver=receiver)
        for index, part in enumerate(self._plan.parts):
            codec: Codec = self._registry.get("codec", part.codec.plugin).factory()
            declared = self._registry.get("feed", part.feed.plugin).factory
            first = sum(len(before.instruments) for before in self._plan.parts[:index])
            sink = _FeedSink(self, lane, index, part)
            decoder = self._registry.get("decoder", part.decoder.plugin).factory
            tell = partial(self.tell, part)
            self._links.append(
                open_links(part, declared, decoder, codec, sink, first_index=first, tell=tell, connect=self._connect)
            )
            self._link_orders(part, codec, index, lane)
            markets = [(part.label(one.instrument), one) for one in lane.handlers[index].own]
            self._books.append(BookWatch(markets, steady_ns))
        lane.connections = lambda: self._perform(lane)
        if lane.trading is not None:
            # At once, from within the event that led to them: no order waits for what else is to be done.
            lane.trading.on_sent = self._send_orders
        lane.ask_for_snapshots(lambda feed, request: self._links[feed].request(request))
        with self._scope:
            async with trio.open_nursery() as nursery:
                for run in (*(one.run for one in self._links), *(one.run for one in self._orders)):
                    nursery.start_soon(run)
                nursery.start_soon(self._keep_time, lane)
                try:
                    with trio.move_on_after(math.inf if seconds is None else seconds):
                        await self._watch(lane, look)
                    if lane.trading is not None:
                        await self._end(lane.trading)
                finally:
                    self._performed = self._perform(lane)
                    self._scope.cancel()

    def _perform(self, lane: LaneRun) -> LiveReport:
        """Reports how the connections performed so far."""
        return LiveReport(
            feeds=[
                LiveFeedReport(
                    feed=part.name or part.feed.plugin,
                    gaps=lane.handlers[index].statistics().gaps,
                    connections=[
                        *(link.counts() for link in self._links[index].links),
                        *(orders.link.counts() for orders in self._orders[index : index + 1]),
                    ],
                    books=self._books[index].report(),
                    failed_requests=dict(self._links[index].failed_requests),
                )
                for index, part in enumerate(self._plan.parts)
            ]
        )

    def _link_orders(self, part: Plan, codec: Codec, index: int, lane: LaneRun) -> None:
        """Connects a router that sends real orders. Raises `ConfigError` if it can't be."""
        if lane.trading is None:
            return
        router = lane.routers[index]
        assert part.router is not None
        if not hasattr(router, "entry"):
            raise ConfigError(f"the router {part.router.plugin!r} doesn't say how its venue is reached")
        owner = ("router", part.router.plugin, part.router.distribution)
        self._orders.append(
            OrderLink(
                cast("ConnectedRouter", router),
                part.instruments,
                codec,
                owner,
                now_ns=self._clock.now_ns,
                happened=lambda: self.catch_up(lane),
                tell=lambda said: self.tell(part, said),
                failed=self.fail,
                connect=self._connect,
                answer_timeout_ns=part.answer_timeout_ns,
            )
        )

    async def _end(self, trading: LiveTrading) -> None:
        """Cancels what is open, and waits until the venues say that it has ended.

        After a failure the lane has asked for that already: its requests leave here.
        """
        self._ending = True
        with isolated(), trio.move_on_after(_END_S):
            if self._error is None:
                trading.end(self._clock.now_ns())
            while True:
                trading.settle(self._clock.now_ns())
                self._send_orders()
                if not trading.lane.open_orders:
                    break
                await trio.sleep(_END_LOOK_S)

    async def _keep_time(self, lane: LaneRun) -> None:
        """Does what falls due in silence."""
        while self._error is None and not self._ending:
            self._wake = trio.Event()
            now_ns = self._clock.now_ns()
            wait_ns = min(lane.next_ns - now_ns, _LOOK_NS)
            if wait_ns > 0:
                self._looks_ns = now_ns + wait_ns
                with trio.move_on_after(wait_ns / _NS):
                    await self._wake.wait()
            else:
                await trio.lowlevel.checkpoint()
                self.catch_up(lane)

    async def _watch(self, lane: LaneRun, look: Callable[[], None]) -> None:
        while lane.stopped_early is None and self._error is None:
            await trio.sleep(_LOOK_S)
            # People's commands are taken in silence too.
            self.catch_up(lane)
            lane.look()
            look()

    def catch_up(self, lane: LaneRun) -> None:
        """Runs what has arrived and what is due."""
        if self._error is not None or self._ending:
            return
        try:
            lane.catch_up(self._clock.now_ns())
        except MainspringError as error:
            self.fail(error)
        else:
            if lane.next_ns < self._looks_ns:
                self._wake.set()
            self._send_orders()

    def _send_orders(self) -> None:
        for one in self._orders:
            one.send()

    def fail(self, error: MainspringError) -> None:
        """Ends the session by an error, at once unless there are orders at a venue."""
        self._error = self._error or error
        if not self._orders:
            self._scope.cancel()

    def tell(self, feed: Plan, said: str) -> None:
        """Passes on what a person should know at once about a feed: `said` is a sentence."""
        self._notice(f"{feed.name or feed.feed.plugin}: {said}")

    def push(self, feed: int, messages: Sequence[RawMessage]) -> None:
        """Hands messages to a feed's source."""
        self._sources[feed].push(messages)

    def record(self, feed: int) -> None:
        """Has a feed's source record what it was handed."""
        try:
            self._sources[feed].record()
        except OSError as error:
            self.fail(DataError(f"the recording {error.filename or ''} can't be written: {error.strerror}"))

    def look_at_books(self, feed: int) -> None:
        """Takes down which books of a feed are lost or found."""
        self._books[feed].look()

    def note(self, feed: int, said: str) -> None:
        """Hands a note to a feed's source: `said` without the sign that notes begin with."""
        self.push(feed, [(self._clock.now_ns(), NOTE + said.encode())])
        self.record(feed)


class _FeedSink:
    """Takes what happens on a feed's connections: see `Sink`."""

    def __init__(self, session: LiveSession, lane: LaneRun, index: int, plan: Plan) -> None:
        self._session = session
        self._lane = lane
        self._index = index
        self._plan = plan

    def messages(self, link: Link, messages: Sequence[RawMessage]) -> None:
        self._session.push(self._index, messages)
        self._session.catch_up(self._lane)
        # Behind the lane: an order doesn't wait for what is recorded.
        self._session.record(self._index)
        self._session.look_at_books(self._index)

    def connected(self, link: Link, now_ns: int) -> None:
        self._session.note(self._index, f"connected for {link.describe()}")

    def ready(self, link: Link, now_ns: int) -> None:
        self._session.tell(self._plan, f"connected for {link.describe()}")

    def disconnected(self, link: Link, now_ns: int, why: str) -> None:
        self._session.note(self._index, f"{_LOST}: {why}")
        self._session.tell(self._plan, f"disconnected: {why}")
        self._session.catch_up(self._lane)
        self._session.look_at_books(self._index)

    def sent(self, link: Link, now_ns: int, message: bytes) -> None:
        self._session.note(self._index, f"sent {message.decode(errors='replace')}")
