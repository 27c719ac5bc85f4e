"""Serves a capture over a WebSocket and HTTP, as the venue that it was recorded from would, as an ASGI application."""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec
import trio

from mainspring.errors import CodecError, ConfigError, WireError
from mainspring.model import BookSnapshot, Instrument
from mainspring.seams import Codec, FeedContext, RawMessage
from mainspring.session.live.venue.greeting import TOKEN, compress, greetings, token_answer
from mainspring.wire import RestSnapshot, WireFeed

__all__ = ["CaptureVenue", "Fault"]

_NS: Final = 1_000_000_000
_ANSWER: Final = re.compile(rb'\{"request":"([^"]*)","data":(.*)\}', re.DOTALL)

_Scope: TypeAlias = Mapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
_Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong once, at the message of that number (from 0) of a connection's stream.

    "close" closes the connection, "mute" leaves it open and says nothing any more, "drop" leaves the message out,
    "double" sends it twice, "swap" sends the next one first.
    """

    kind: Literal["close", "mute", "drop", "double", "swap"]
    at: int


class CaptureVenue:
    """Each connection gets the capture's stream from its beginning, once it has subscribed, at `speed` times real time.

    A snapshot that the declaration fetches by HTTP is served there: the first request for it gets the first answer of
    the capture, the next the second, and the last one again and again. An answer says of which request it is, or is
    that of the instrument that it names, or of the only one. `speed` 0 is as fast as the reader takes it. `faults`
    happen on the first connection that reaches them, once. A login is accepted, whatever its credentials, and a token
    is given to everybody who asks.

    Raises `ConfigError` for a feed without a connection.
    """

    def __init__(
        self,
        declared: WireFeed,
        instruments: Sequence[Instrument],
        codec: Codec,
        messages: Iterable[RawMessage],
        *,
        encoding: str = "json",
        speed: float = 1.0,
        faults: Sequence[Fault] = (),
    ) -> None:
        connection = declared.connection
        if connection is None:
            raise ConfigError("the feed says nothing about connecting, so its venue isn't known")
        self._connection = connection
        self._encode = codec.encode
        self._speed = speed
        self._faults = {fault.at: fault.kind for fault in faults}
        # What is compressed goes in binary frames, whatever it is.
        self._text = encoding == "json" and connection.compression == "none"
        self._answers: dict[str, list[bytes]] = defaultdict(list)
        self._asked: dict[str, int] = defaultdict(int)
        self._path_of = _paths(declared, instruments)
        self.stream: list[RawMessage] = []
        """What every connection gets."""
        self.connections = 0
        """How many were made."""
        self.received: list[bytes] = []
        """What clients have sent, the last thousand messages."""
        feed = declared(FeedContext(tuple(instruments), codec, encoding))
        for receive_time_ns, raw in messages:
            answered = _ANSWER.fullmatch(raw)
            if answered is not None:
                self._answers[answered[1].decode().replace("%22", '"')].append(answered[2])
                continue
            try:
                events = feed.on_message(raw, receive_time_ns)
            except (WireError, CodecError):
                events = ()
            snapshots = [one.instrument for one in events if isinstance(one, BookSnapshot)]
            if snapshots and self._path_of and not _streamed(raw):
                self._answers[self._path_of[snapshots[0]]].append(raw)
            else:
                self.stream.append((receive_time_ns, raw))

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """See the ASGI specification."""
        query = scope.get("query_string", b"").decode()
        if scope["type"] == "websocket":
            token = self._connection.token
            if token is not None and token.token_at and TOKEN not in query:
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._converse(receive, send)
        elif scope["type"] == "http":
            host = dict(scope["headers"]).get(b"host", b"").decode()
            await self._respond(scope["path"] + (f"?{query}" if query else ""), host, send)
        elif scope["type"] == "lifespan":
            for _ in range(2):
                phase = (await receive())["type"]
                await send({"type": f"{phase}.complete"})

    async def _respond(self, target: str, host: str, send: _Send) -> None:
        answers = self._answers.get(target, [])
        token = self._connection.token
        if token is not None and target == token.path:
            answers = [self._encode(token_answer(token, f"wss://{host}/"))]
        status, body = 404, b'{"error":"the capture has no answer to this request"}'
        if answers:
            number = self._asked[target]
            self._asked[target] += 1
            status, body = 200, answers[min(number, len(answers) - 1)]
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _converse(self, receive: _Receive, send: _Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.connections += 1
        greet = greetings(self._connection.login)
        async with trio.open_nursery() as nursery:
            started = False
            while (event := await receive())["type"] == "websocket.receive":
                said = event.get("bytes") or (event.get("text") or "").encode()
                self.received = [*self.received[-999:], said]
                if greet:
                    await self._say(send, self._encode(greet.pop(0)))
                elif not started:
                    started = True
                    nursery.start_soon(self._stream, send, nursery.cancel_scope)
            nursery.cancel_scope.cancel()

    async def _stream(self, send: _Send, scope: trio.CancelScope) -> None:
        if not self.stream:
            return
        begun, first_ns = trio.current_time(), self.stream[0][0]
        held: bytes | None = None
        for number, (receive_time_ns, raw) in enumerate(self.stream):
            if self._speed:
                await trio.sleep_until(begun + (receive_time_ns - first_ns) / _NS / self._speed)
            fault = self._faults.pop(number, None)
            if fault == "mute":
                await trio.sleep_forever()
            if fault == "close":
                await send({"type": "websocket.close", "code": 1012, "reason": "service restart"})
                scope.cancel()
                return
            if fault == "swap":
                held = raw
                continue
            if fault != "drop":
                await self._say(send, raw)
            if fault == "double":
                await self._say(send, raw)
            if held is not None:
                await self._say(send, held)
                held = None

    async def _say(self, send: _Send, raw: bytes) -> None:
        if self._text:
            await send({"type": "websocket.send", "text": raw.decode()})
        else:
            await send({"type": "websocket.send", "bytes": compress(self._connection, raw)})


def _paths(declared: WireFeed, instruments: Sequence[Instrument]) -> dict[int, str]:
    """The path of each instrument's snapshot, by its index; empty where none is fetched by HTTP."""
    if not isinstance(declared.resync, RestSnapshot):
        return {}
    path = declared.resync.path
    return {index: path.replace("{venue_symbol}", one.venue_symbol) for index, one in enumerate(instruments)}


def _streamed(raw: bytes) -> bool:
    """Whether a message has the envelope of a combined stream: it isn't the bare answer of a request."""
    return raw.startswith(b'{"stream":')
