"""All connections of one feed, and the snapshots that are fetched for its books."""

import ssl
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import Final

import trio

from mainspring.errors import ConfigError
from mainspring.host.slots import ConnectConfig
from mainspring.model import Instrument
from mainspring.seams import Codec, ResyncRequest
from mainspring.session.live.backoff import Backoff
from mainspring.session.live.http import Http
from mainspring.session.live.link import Link, Sink
from mainspring.session.live.websocket import ConnectionLostError, Dial, Frames, dial
from mainspring.wire import Credentials, FrameDecoder, MessageTimes, WireFeed

__all__ = ["FeedLinks"]

_MOST_WAITING: Final = 10_000


class FeedLinks:
    """The connections that a feed's instruments need, as few as the venue's limit allows.

    `run` keeps them until it is cancelled. `request` fetches a snapshot: by HTTP, one after the other and again after
    a failure, since a GET changes nothing; or by a message on the instrument's connection. The answer is handed to the
    sink like any other message.
    """

    def __init__(
        self,
        declared: WireFeed,
        instruments: Sequence[Instrument],
        codec: Codec,
        sink: Sink,
        *,
        encoding: str,
        tls: ssl.SSLContext,
        seed: int,
        options: ConnectConfig,
        credentials: Credentials | None = None,
        first_index: int = 0,
        frames: Callable[[], Frames] = FrameDecoder,
        tell: Callable[[str], None] = lambda _said: None,
        connect: Dial = dial,
    ) -> None:
        """`first_index` is the index of the first instrument in the lane. Raises `ConfigError` for what can't connect.

        `seed` draws the waits between attempts. `tell` is handed a sentence when a snapshot can't be fetched, once for
        each reason until it is. `connect` makes connections.
        """
        connection = declared.connection
        if connection is None:
            raise ConfigError("its declaration says nothing about connecting: it is only read from recordings")
        if connection.login is not None and credentials is None:
            raise ConfigError("the venue wants a login, and no credentials were found")
        self._first_index = first_index
        self._instruments = tuple(instruments)
        self._sink = sink
        random = Random(seed)  # noqa: S311  it spreads attempts, and keeps no secret
        base = options.rest or connection.rest
        self._http = Http(base, tls) if base else None
        # Another address is one that serves everything: a venue in a box, or a test network.
        one = declared.one_connection
        connections = (one,) if options.address and one is not None else (connection, *declared.further)
        self.links = tuple(
            Link(
                connection,
                instruments[start : start + most],
                codec,
                sink,
                encoding=encoding,
                tls=tls,
                http=self._http,
                random=random,
                options=options,
                credentials=credentials,
                frames=frames,
                connect=connect,
                venue_ns=MessageTimes(declared.format, codec.decode).newest,
            )
            for connection in connections
            for most in (connection.instruments or max(len(instruments), 1),)
            for start in range(0, len(instruments), most)
        )
        # What is asked for is sent on the first connection of an instrument, which has its books.
        self._carriers = {one.symbol: link for link in reversed(self.links) for one in link.instruments}
        self._backoff = Backoff(random)
        self._tell = tell
        self._wanted, self._asked = trio.open_memory_channel[ResyncRequest](_MOST_WAITING)
        self._pending: set[str] = set()
        self.failed_requests: Counter[str] = Counter()
        """How many snapshots couldn't be fetched at first, by why."""

    def request(self, request: ResyncRequest) -> None:
        """Asks for a snapshot. One that is being fetched isn't asked for twice."""
        if request.method == "send":
            self._carriers[self._instruments[request.instrument - self._first_index].symbol].request(request)
        elif request.target not in self._pending:
            self._pending.add(request.target)
            self._wanted.send_nowait(request)

    async def run(self) -> None:
        """Keeps all connections, and fetches what is requested, until it is cancelled."""
        async with AsyncExitStack() as stack:
            if self._http is not None:
                await stack.enter_async_context(self._http)
            nursery = await stack.enter_async_context(trio.open_nursery())
            for link in self.links:
                nursery.start_soon(link.run)
            nursery.start_soon(self._fetch)

    async def _fetch(self) -> None:
        async for request in self._asked:
            carrier = self._carriers[self._instruments[request.instrument - self._first_index].symbol]
            assert self._http is not None
            said = ""
            while True:
                try:
                    message = await self._http.answer(request.target)
                except ConnectionLostError as error:
                    self.failed_requests[error.why] += 1
                    if error.why != said:
                        said = error.why
                        self._tell(f"the snapshot isn't fetched, and is asked for again: {said}")
                    await trio.sleep(self._backoff.next_s(retry_after_s=error.retry_after_s))
                    continue
                break
            self._pending.discard(request.target)
            self._sink.messages(carrier, [(time.time_ns(), message)])
