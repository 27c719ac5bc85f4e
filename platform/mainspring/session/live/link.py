"""Keeps one connection to a venue: dials, logs in, subscribes, reads, notices silence, and dials again."""

import ssl
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, Protocol

import msgspec
import trio

from mainspring.errors import ConfigError, WireError
from mainspring.host.slots import ConnectConfig
from mainspring.model import Instrument
from mainspring.report import ConnectionReport
from mainspring.seams import Codec, RawMessage, ResyncRequest
from mainspring.session.live.backoff import Backoff
from mainspring.session.live.http import Http
from mainspring.session.live.meter import LinkMeter
from mainspring.session.live.websocket import ConnectionLostError, Dial, Frames, WebSocket, dial
from mainspring.wire import Connection, Conversation, Credentials, FrameDecoder, dials

__all__ = ["Link", "Sink", "steady_ns"]

_NS: Final = 1_000_000_000


def steady_ns() -> int:
    """Returns the time of the event loop's clock, which never goes back, in nanoseconds."""
    return round(trio.current_time() * _NS)


class Sink(Protocol):
    """Takes what happens on a link, in order, at once: nothing is queued between a socket and it.

    Times are nanoseconds of the wall clock.
    """

    def messages(self, link: "Link", messages: Sequence[RawMessage]) -> None:
        """Takes messages, each with the time at which it was read."""
        ...

    def connected(self, link: "Link", now_ns: int) -> None:
        """The connection stands. A login may follow."""
        ...

    def ready(self, link: "Link", now_ns: int) -> None:
        """The venue has let us in, or wants no login: the subscriptions are being sent."""
        ...

    def disconnected(self, link: "Link", now_ns: int, why: str) -> None:
        """The connection was lost, or couldn't be made; `why` is a sentence for people."""
        ...

    def sent(self, link: "Link", now_ns: int, message: bytes) -> None:
        """A message was sent. Those of a login aren't reported: they hold secrets."""
        ...


class Link:
    """One connection of a declared feed, for some of its instruments. `run` keeps it until it is cancelled."""

    def __init__(
        self,
        connection: Connection,
        instruments: Sequence[Instrument],
        codec: Codec,
        sink: Sink,
        *,
        encoding: str,
        tls: ssl.SSLContext,
        http: Http | None,
        random: Random,
        options: ConnectConfig,
        credentials: Credentials | None = None,
        frames: Callable[[], Frames] = FrameDecoder,
        connect: Dial = dial,
        ahead_ns: Callable[[], int] = lambda: 0,
        venue_ns: Callable[[bytes], int | None] | None = None,
    ) -> None:
        """`encoding` is that of the messages; `http` asks for tokens, None if the venue has none.

        `connect` makes the TCP connection. `ahead_ns` is how far the venue's clock is ahead of ours. `venue_ns` returns
        the venue's time of a message: see `LinkMeter`. None if its messages are of executions.
        """
        self.instruments = tuple(instruments)
        self._connection = connection
        self._codec = codec
        self._sink = sink
        self._kind = "text" if encoding == "json" else "binary"
        self._tls = tls
        self._http = http
        self._options = options
        self._credentials = credentials
        self._frames = frames
        self._connect = connect
        self._ahead_ns = ahead_ns
        self._backoff = Backoff(random)
        self._conversation: Conversation | None = None
        self._wake = trio.Event()
        self._carries = "executions" if venue_ns is None else "market data"
        self._meter = LinkMeter(steady_ns) if venue_ns is None else LinkMeter(steady_ns, venue_ns)

    def describe(self) -> str:
        """Its instruments, in few words."""
        first, *others = (one.symbol for one in self.instruments)
        return first + (f" and {len(others)} more" if others else "")

    def counts(self) -> ConnectionReport:
        """Returns how the connection performed so far."""
        return self._meter.report([one.symbol for one in self.instruments], self._carries)

    def request(self, request: ResyncRequest) -> None:
        """Sends what asks for a snapshot on the connection. A link that is down drops it: it will subscribe again."""
        if self._conversation is not None:
            self._conversation.send(request.target.encode())
            self._wake.set()

    async def run(self) -> None:
        """Keeps the connection until it is cancelled."""
        self._meter.begin()
        while True:
            lasted_s = 0.0
            try:
                socket, conversation = await self._dial()
            except ConnectionLostError as error:
                self._meter.fail()
                lost = error
            else:
                lost = await self._converse(socket, conversation)
                lasted_s = self._meter.lose(lost.why)
            self._sink.disconnected(self, time.time_ns(), lost.why)
            await trio.sleep(self._backoff.next_s(lasted_s=lasted_s, retry_after_s=lost.retry_after_s))

    async def _dial(self) -> tuple[WebSocket, Conversation]:
        address, token = self._options.address, ""
        if self._connection.token is not None and self._http is not None:
            its_own, token = await self._http.token(self._connection.token, self._codec)
            address = address or its_own
        (found,) = dials(
            msgspec.structs.replace(self._connection, instruments=None),
            self.instruments,
            self._codec.encode,
            time.time_ns(),
            address=address,
            token=token,
        )
        conversation = Conversation(
            self._connection,
            found,
            self._codec,
            credentials=self._credentials,
            silence_s=self._options.silence_s,
            data_silence_s=self._options.data_silence_s,
            ahead_ns=self._ahead_ns,
        )
        socket = await WebSocket.open(found.address, tls=self._tls, frames=self._frames, connect=self._connect)
        return socket, conversation

    async def _converse(self, socket: WebSocket, conversation: Conversation) -> ConnectionLostError:
        """Reads and writes until the connection is lost; returns why. Closes it when it is cancelled."""
        self._meter.connect()
        self._conversation = conversation
        now_ns = time.time_ns()
        lost: list[ConnectionLostError] = []
        try:
            conversation.opened(now_ns)
            self._sink.connected(self, now_ns)
            if conversation.ready:
                self._sink.ready(self, now_ns)
            async with trio.open_nursery() as nursery:

                async def until_lost(task: Callable[[WebSocket, Conversation], object]) -> None:
                    try:
                        await task(socket, conversation)  # type: ignore[misc]
                    except ConnectionLostError as error:
                        lost.append(error)
                        nursery.cancel_scope.cancel()

                nursery.start_soon(until_lost, self._write)
                nursery.start_soon(until_lost, self._read)
        except ConfigError as error:
            # A secret of a wrong form.
            lost.append(ConnectionLostError(str(error)))
        finally:
            self._conversation = None
            await socket.close()
        return lost[0]

    async def _read(self, socket: WebSocket, conversation: Conversation) -> None:
        while True:
            now_ns, events = await socket.receive()
            was_ready, messages = conversation.ready, []
            for kind, _, payload in events:
                if kind in ("text", "binary"):
                    try:
                        message = conversation.received(payload, now_ns)
                    except (WireError, ConfigError) as error:
                        raise ConnectionLostError(str(error)) from error
                    if message:
                        messages.append((now_ns, message))
                else:
                    conversation.heard(now_ns)
            if conversation.ready and not was_ready:
                self._sink.ready(self, now_ns)
            if messages:
                self._sink.messages(self, messages)
                # Behind the lane: an order doesn't wait for what is counted.
                self._meter.read(messages)
            if conversation.due_ns <= now_ns:
                self._wake.set()

    async def _write(self, socket: WebSocket, conversation: Conversation) -> None:
        while True:
            now_ns = time.time_ns()
            logging_in = not conversation.ready
            for kind, message in conversation.take(now_ns):
                if kind == "ping":
                    await socket.send("ping", b"")
                else:
                    await socket.send(self._kind, message)
                    if not logging_in:
                        self._sink.sent(self, now_ns, message)
            why = conversation.why_dead(now_ns)
            if why is not None:
                raise ConnectionLostError(why)
            self._wake = trio.Event()
            with trio.move_on_after(max(conversation.due_ns - time.time_ns(), 0) / _NS):
                await self._wake.wait()
