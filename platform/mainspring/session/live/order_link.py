"""What a router asks of its venue, sent and answered, and its stream of executions, kept."""

import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from random import Random
from typing import Final

import trio

from mainspring.errors import ConfigError, MainspringError
from mainspring.host.connecting import find_credentials
from mainspring.host.slots import ConnectConfig
from mainspring.model import Instrument
from mainspring.plugin_calls import guarded
from mainspring.seams import Codec, RawMessage
from mainspring.session.live.http import Http
from mainspring.session.live.link import Link
from mainspring.session.live.opening import trusting
from mainspring.session.live.order_http import Exchange, NeverSentError, OrderHttp, OutcomeUnknownError
from mainspring.session.live.websocket import Dial, dial
from mainspring.wire import ConnectedRouter, HttpRequest, path_signer

__all__ = ["OrderLink"]

_TIMEOUT_NS: Final = 10_000_000_000
# Executions may be far apart; the connection's own silence counts.
_OPTIONS: Final = ConnectConfig(data_silence_s=86_400.0)


class OrderLink:
    """The connections of one router. `run` keeps them until it is cancelled.

    Each request of the router's is sent once, as soon as `send` is called after the router has it. `happened` is called
    when the router has taken something, `tell` with what a person should know at once, and `failed` if it raised.
    """

    def __init__(
        self,
        router: ConnectedRouter,
        instruments: Sequence[Instrument],
        codec: Codec,
        owner: tuple[str, str, str],
        *,
        now_ns: Callable[[], int],
        happened: Callable[[], None],
        tell: Callable[[str], None],
        failed: Callable[[MainspringError], None],
        connect: Dial = dial,
        answer_timeout_ns: int = 0,
    ) -> None:
        """`owner` is the router's seam, name and distribution, and `now_ns` the session's clock.

        `connect` makes connections. A request is given up once its answer has taken `answer_timeout_ns`; 0 means ten
        seconds.

        Raises `ConfigError` if there are no credentials, or what to trust can't be read.
        """
        entry = router.entry
        credentials = find_credentials(entry.credentials)
        if credentials is None:
            raise ConfigError(f"orders need credentials, and none were found for {entry.credentials!r}")
        self._take = guarded(router.take_requests, *owner)
        self._answered = guarded(router.answered, *owner)
        self._unanswered = guarded(partial(router.unanswered, sent=False), *owner)
        self._unknown = guarded(partial(router.unanswered, sent=True), *owner)
        self._connected = guarded(router.connected, *owner)
        self._received = guarded(router.received, *owner)
        self._disconnected = guarded(router.disconnected, *owner)
        self._failed = failed
        self._now_ns = now_ns
        self._happened = happened
        self._tell = tell
        tls = trusting(entry.trust)
        parts = {"key": credentials.key, "secret": credentials.secret, "passphrase": credentials.passphrase}
        headers = {name: template.format_map(parts) for name, template in entry.headers.items()}
        self._signs = path_signer(entry, credentials)
        timeout_s = (answer_timeout_ns or _TIMEOUT_NS) / 1e9
        self._client = OrderHttp(entry.rest, tls, headers=headers, connect=connect, timeout_s=timeout_s)
        self._tokens = None if entry.connection.token is None else Http(entry.rest, tls, headers=headers)
        self._nursery: trio.Nursery | None = None
        self.link = Link(
            entry.connection,
            instruments,
            codec,
            self,
            encoding="json",
            tls=tls,
            http=self._tokens,
            random=Random(time.time_ns()),  # noqa: S311  it spreads attempts, and keeps no secret
            options=_OPTIONS,
            credentials=credentials,
            connect=connect,
            ahead_ns=lambda: router.ahead_ns,
        )

    async def run(self) -> None:
        """Keeps the stream and answers what is sent, until it is cancelled."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._client.close)
            if self._tokens is not None:
                await stack.enter_async_context(self._tokens)
            nursery = await stack.enter_async_context(trio.open_nursery())
            self._nursery = nursery
            nursery.start_soon(self.link.run)
            self.send()

    def send(self) -> None:
        """Sends what the router has to send by now."""
        if self._nursery is None:
            return
        try:
            requests: Sequence[HttpRequest] = self._take(self._now_ns())
        except MainspringError as error:
            self._failed(error)
            return
        for request in requests:
            self._send(request, self._nursery)

    def _told(self, told: Callable[..., None], *what: object) -> None:
        """Tells the router something."""
        try:
            told(*what, self._now_ns())
        except MainspringError as error:
            self._failed(error)
        else:
            self._happened()

    def _send(self, request: HttpRequest, nursery: trio.Nursery) -> None:
        """Has a request leave, at once where a connection is free; another task takes its answer."""
        try:
            begun: Exchange | NeverSentError = self._client.begin(request.method, self._signs(request), request.body)
        except NeverSentError as error:
            begun = error
        nursery.start_soon(self._finish, request, begun)

    async def _finish(self, request: HttpRequest, begun: Exchange | NeverSentError) -> None:
        try:
            if isinstance(begun, NeverSentError):
                raise begun
            answer = await self._client.finish(begun)
        except (NeverSentError, OutcomeUnknownError) as error:
            self._tell(f"{request.method} {request.path.partition('?')[0]}: {error}")
            self._told(self._unanswered if isinstance(error, NeverSentError) else self._unknown, request)
        else:
            self._told(self._answered, request, answer)

    def messages(self, link: Link, messages: Sequence[RawMessage]) -> None:
        """See `Sink`."""
        for _, raw in messages:
            self._told(self._received, raw)

    def connected(self, link: Link, now_ns: int) -> None:
        """See `Sink`."""
        self._told(self._connected)

    def ready(self, link: Link, now_ns: int) -> None:
        """See `Sink`."""
        self._tell("connected for executions")

    def disconnected(self, link: Link, now_ns: int, why: str) -> None:
        """See `Sink`."""
        self._tell(f"executions are down: {why}")
        self._told(self._disconnected)

    def sent(self, link: Link, now_ns: int, message: bytes) -> None:
        """See `Sink`."""
