"""Records a venue's messages, with the snapshots that its books need, and says how the connections performed."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import trio

from mainspring.data.recording import RecordingWriter
from mainspring.errors import CodecError, WireError
from mainspring.host.plan import Plan
from mainspring.host.registry import Registry
from mainspring.report import ConnectionReport
from mainspring.seams import Codec, Feed, FeedContext, FeedStatistics, RawMessage
from mainspring.session.live.link import Link
from mainspring.session.live.opening import open_links
from mainspring.session.live.stopping import until_signal
from mainspring.session.signals import describe_signal

__all__ = ["Recorded", "Recording"]

_SHOW_S: Final = 0.5


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording came to. `refused` counts messages that the feed couldn't read; they are recorded as well."""

    seconds: float
    messages: int
    bytes: int
    files: tuple[str, ...]
    refused: int
    statistics: FeedStatistics
    links: tuple[ConnectionReport, ...]
    failed_requests: dict[str, int]


class Recording:
    """What one feed receives, recorded. The feed itself reads along, since it knows when a book needs a snapshot.

    `run` records until `seconds` have passed, or until `stop` is called; `counts` may be asked meanwhile. `event` is
    called with what a person should see: connections made and lost.
    """

    def __init__(
        self, plan: Plan, registry: Registry, writer: RecordingWriter, event: Callable[[str], None] = lambda _: None
    ) -> None:
        codec: Codec = registry.get("codec", plan.codec.plugin).factory()
        offer = registry.get("feed", plan.feed.plugin)
        decoder = registry.get("decoder", plan.decoder.plugin).factory
        self._feed: Feed = offer.factory(FeedContext(plan.instruments, codec, plan.source.encoding, decoder))
        self._links = open_links(plan, offer.factory, decoder, codec, self)
        self._writer = writer
        self._event = event
        self._bytes = self._refused = 0
        self._started = 0.0
        self._error: OSError | None = None
        self._scope = trio.CancelScope()

    async def run(self, seconds: float | None = None) -> None:
        """Records for that long, or until it is stopped. Raises `OSError` if the files can't be written."""
        await self._run(seconds)
        self._raise_error()

    async def _run(self, seconds: float | None) -> None:
        self._started = trio.current_time()
        with self._scope:
            if seconds is not None:
                self._scope.deadline = self._started + seconds
            await self._links.run()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def record(self, seconds: float | None, show: Callable[[Recorded], None]) -> tuple[Recorded, str]:
        """Records in an event loop of its own, for that long or until a signal, and calls `show` twice a second.

        Returns what was recorded, and the signal that ended it, as `describe_signal` says; empty if none did.
        """
        return trio.run(self._record, seconds, show)

    async def _record(self, seconds: float | None, show: Callable[[Recorded], None]) -> tuple[Recorded, str]:
        stopped = ""

        def stop(number: int) -> None:
            nonlocal stopped
            stopped = describe_signal(number)
            self.stop()

        async def keep_showing() -> None:
            while True:
                show(self.counts())
                await trio.sleep(_SHOW_S)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_signal, stop)
            nursery.start_soon(keep_showing)
            await self._run(seconds)
            found = self.counts()
            nursery.cancel_scope.cancel()
        # Out here, since a nursery would wrap it in a group.
        self._raise_error()
        return found, stopped

    def stop(self) -> None:
        """Ends the recording."""
        self._scope.cancel()

    def counts(self) -> Recorded:
        """Returns what was recorded so far."""
        return Recorded(
            seconds=trio.current_time() - self._started,
            messages=self._writer.messages,
            bytes=self._bytes,
            files=tuple(map(str, self._writer.files)),
            refused=self._refused,
            statistics=self._feed.statistics(),
            links=tuple(link.counts() for link in self._links.links),
            failed_requests=dict(self._links.failed_requests),
        )

    def messages(self, link: Link, messages: Sequence[RawMessage]) -> None:
        """See `Sink`."""
        for receive_time_ns, raw in messages:
            try:
                self._writer.write(receive_time_ns, raw)
            except OSError as error:
                # Not in a connection's own task, which would wrap it in a group.
                self._error = error
                self.stop()
                return
            self._bytes += len(raw)
            try:
                self._feed.on_message(raw, receive_time_ns)
            except (WireError, CodecError):
                self._refused += 1
        for request in self._feed.take_resync_requests():
            self._links.request(request)

    def connected(self, link: Link, now_ns: int) -> None:
        """See `Sink`: it is said when the venue has let us in."""

    def ready(self, link: Link, now_ns: int) -> None:
        """See `Sink`."""
        self._event(f"connected for {link.describe()}")

    def disconnected(self, link: Link, now_ns: int, why: str) -> None:
        """See `Sink`."""
        self._event(f"disconnected: {why}")

    def sent(self, link: Link, now_ns: int, message: bytes) -> None:
        """See `Sink`: only what was received is recorded."""
