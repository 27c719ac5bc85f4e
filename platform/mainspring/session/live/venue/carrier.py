"""Carries an ASGI application on trio: HTTP/1.1 by h11, WebSockets by our frame decoder.

A WebSocket's messages reach the application when it asks for them, one at a time, so that it answers what came before a
broken frame before the connection is failed.
"""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import h11
import trio

from mainspring.session.live.venue.carried_socket import CarriedSocket
from mainspring.session.live.venue.outgoing import Receive, Scope, Send
from mainspring.session.live.websocket import Frames

__all__ = ["Application", "carry", "run_lifespan"]

Application = Callable[[Scope, Receive, Send], Any]

_log: Final = logging.getLogger(__name__)

_READ_BYTES: Final = 16 * 1024
_MOST_BODY_BYTES: Final = 4 * 1024 * 1024
_VERSIONS: Final = {"version": "3.0", "spec_version": "2.4"}


async def run_lifespan(
    application: Application, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Runs what the application does for as long as it is served.

    Started with `nursery.start`, returns once it is ready. Raises `RuntimeError` if the application says that it can't
    start.
    """
    asked = iter(["lifespan.startup"])

    async def receive() -> Mapping[str, Any]:
        for kind in asked:
            return {"type": kind}
        # It ends by being cancelled, as the server does.
        return await trio.sleep_forever()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "lifespan.startup.failed":
            raise RuntimeError(message.get("message") or "the application didn't start")
        task_status.started()

    await application({"type": "lifespan", "asgi": _VERSIONS}, receive, send)


async def carry(application: Application, frames: Callable[[], Frames], stream: trio.abc.Stream) -> None:
    """Serves one connection until it ends. `frames` makes a decoder of what a client sends; the stream may be TLS's."""
    tls = isinstance(stream, trio.SSLStream)
    try:
        if isinstance(stream, trio.SSLStream):
            await stream.do_handshake()
        await _Connection(application, frames, stream, tls=tls).run()
    except (OSError, trio.BrokenResourceError, trio.ClosedResourceError) as error:
        # The client has gone, or doesn't speak the protocol: that is no fault of the server.
        _log.debug("a connection ended: %s", error)
    finally:
        await trio.aclose_forcefully(stream)


class _Connection:
    """Requests one after the other, and a WebSocket at the end if one is asked for."""

    def __init__(
        self, application: Application, frames: Callable[[], Frames], stream: trio.abc.Stream, *, tls: bool
    ) -> None:
        self._application = application
        self._frames = frames
        self._stream = stream
        self._tls = tls
        self._h11 = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        """Serves until either side has enough."""
        try:
            while isinstance(request := await self._next(), h11.Request):
                if _wants_websocket(request):
                    await self._converse(request)
                    return
                await self._respond(request, await self._body())
                if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
                    return
                self._h11.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                await self._say(error.error_status_hint, str(error).encode())

    async def _next(self) -> Any:
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            if self._h11.they_are_waiting_for_100_continue:
                await self._stream.send_all(self._send(h11.InformationalResponse(status_code=100, headers=[])))
            self._h11.receive_data(bytes(await self._stream.receive_some(_READ_BYTES)))
        return event

    async def _body(self) -> bytes:
        body = bytearray()
        while isinstance(event := await self._next(), h11.Data):
            body += event.data
            if len(body) > _MOST_BODY_BYTES:
                raise h11.RemoteProtocolError(f"a body of more than {_MOST_BODY_BYTES} bytes", error_status_hint=413)
        return bytes(body)

    async def _respond(self, request: h11.Request, body: bytes) -> None:
        answer = _Answer(self._stream, self._send, head=request.method == b"HEAD")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._until_gone, nursery.cancel_scope)
            given = iter([{"type": "http.request", "body": body, "more_body": False}])

            async def receive() -> Mapping[str, Any]:
                for event in given:
                    return event
                return await trio.sleep_forever()

            try:
                await self._application(self._scope("http", request), receive, answer.take)
            except Exception:  # noqa: BLE001  one request of one client doesn't end the exchange for all
                _log.exception("%s %s failed", request.method.decode(), request.target.decode())
                if not answer.begun:
                    await self._say(HTTPStatus.INTERNAL_SERVER_ERROR, b"the application failed: see its log")
            nursery.cancel_scope.cancel()

    async def _until_gone(self, scope: trio.CancelScope) -> None:
        """Reads ahead, so that an answer that nobody waits for any more is given up."""
        while data := bytes(await self._stream.receive_some(_READ_BYTES)):
            self._h11.receive_data(data)
        self._h11.receive_data(b"")
        scope.cancel()

    async def _converse(self, request: h11.Request) -> None:
        early = self._h11.trailing_data[0]
        socket = CarriedSocket(self._stream, self._frames, early)
        if not await socket.shake_hands(request):
            return
        try:
            await self._application(self._scope("websocket", request), socket.receive, socket.take)
        except Exception:  # noqa: BLE001  as above
            _log.exception("the WebSocket %s failed", request.target.decode())
            await socket.close(1011)
        else:
            await socket.close(1000)

    async def _say(self, status: int, text: bytes) -> None:
        """Answers in our own words, and ends the connection."""
        headers = [("content-type", "text/plain"), ("content-length", str(len(text))), ("connection", "close")]
        data = self._send(h11.Response(status_code=status, headers=headers)) + self._send(h11.Data(data=text))
        await self._stream.send_all(data + self._send(h11.EndOfMessage()))

    def _send(self, event: Any) -> bytes:
        return self._h11.send(event) or b""

    def _scope(self, kind: str, request: h11.Request) -> Scope:
        path, _, query = bytes(request.target).partition(b"?")
        scheme = "http" if kind == "http" else "ws"
        return {
            "type": kind,
            "asgi": _VERSIONS,
            "http_version": request.http_version.decode(),
            "method": request.method.decode(),
            "scheme": scheme + "s" * self._tls,
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [(bytes(name), bytes(value)) for name, value in request.headers],
        }


class _Answer:
    """One answer on its way out."""

    def __init__(self, stream: trio.abc.Stream, encode: Callable[[Any], bytes], *, head: bool) -> None:
        """With `head` no body is sent, as the answer to a HEAD has none."""
        self._stream = stream
        self._encode = encode
        self._head = head
        self._start: Mapping[str, Any] | None = None
        self.begun = False

    async def take(self, message: Mapping[str, Any]) -> None:
        """See `send` of the ASGI specification."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        more, body = message.get("more_body", False), bytes(message.get("body", b""))
        data = b""
        if not self.begun:
            assert self._start is not None
            data = self._encode(_response(self._start, None if more else len(body)))
            self.begun = True
        if body and not self._head:
            data += self._encode(h11.Data(data=body))
        if not more:
            data += self._encode(h11.EndOfMessage())
        await self._stream.send_all(data)


def _response(start: Mapping[str, Any], length: int | None) -> h11.Response:
    headers: list[tuple[bytes, bytes]] = list(start.get("headers", ()))
    if length is not None and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(length).encode()))
    return h11.Response(status_code=start["status"], headers=headers)


def _wants_websocket(request: h11.Request) -> bool:
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in request.headers)
