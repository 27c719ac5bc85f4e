"""Requests of orders by HTTP/1.1, on connections that stay open: the protocol by h11, bytes by trio.

A general client takes longer to build a request than the lane takes from a message to an order, and lets a connection
go after seconds of silence, so that the next order would wait for a handshake.
"""

import select
import ssl
import sys
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import h11
import trio

from mainspring.seams import MAX_MESSAGE_BYTES
from mainspring.session.live.exact_reads import ExactReads
from mainspring.session.live.websocket import ConnectionLostError, dial
from mainspring.wire import HttpAnswer

__all__ = ["NeverSentError", "OrderHttp", "OutcomeUnknownError"]

_READ_BYTES: Final = 64 * 1024
_MOST_HEADER_BYTES: Final = 64 * 1024
_MOST_IDLE: Final = 16
_WITH_BODY: Final = ("POST", "PUT", "PATCH")


class NeverSentError(Exception):
    """The request certainly never left: there is no connection. It says why."""


class OutcomeUnknownError(Exception):
    """The request may have been carried out, and there is no answer. It says why."""


class OrderHttp:
    """Sends requests to one host, each once, and as many at a time as are asked for. `close` ends the connections."""

    def __init__(
        self, base: str, tls: ssl.SSLContext, *, headers: Mapping[str, str] | None = None, timeout_s: float = 10.0
    ) -> None:
        """`base` is https://host, perhaps with a path that all paths begin with; `headers` go with every request.

        `timeout_s` is for the connection, if one has to be made, and again for the answer.
        """
        parts = urlsplit(base)
        self._host, self._port, self._prefix = parts.hostname or "", parts.port or 443, parts.path.rstrip("/")
        tls.set_alpn_protocols(["http/1.1"])
        self._tls = tls
        self._timeout_s = timeout_s
        self._headers = [("Host", parts.netloc.removesuffix(":443")), ("User-Agent", "mainspring"), ("Accept", "*/*")]
        self._headers += list((headers or {}).items())
        self._idle: list[_Line] = []

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """Sends a request by a `method` such as "POST" and returns its answer; `body` is JSON.

        An answer's body that is too large is taken as empty. Raises `NeverSentError` or `OutcomeUnknownError`, also
        after `timeout_s`.
        """
        headers = list(self._headers)
        if body:
            headers.append(("Content-Type", "application/json"))
        if body or method in _WITH_BODY:
            headers.append(("Content-Length", str(len(body))))
        try:
            request = h11.Request(method=method, target=self._prefix + path, headers=headers)
        except h11.LocalProtocolError as error:
            raise NeverSentError(f"it can't be written: {error}") from error
        line = self._take_idle() or await self._connect()
        try:
            with trio.fail_after(self._timeout_s):
                answer = await line.exchange(request, body)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise OutcomeUnknownError(f"the connection broke: {error.__cause__ or error}") from error
        except h11.RemoteProtocolError as error:
            said = "the venue closed the connection" if line.ended else f"the answer isn't one: {error}"
            raise OutcomeUnknownError(said) from error
        except trio.TooSlowError as error:
            raise OutcomeUnknownError(f"no answer within {self._timeout_s:g} s") from error
        finally:
            if line.is_free and len(self._idle) < _MOST_IDLE:
                self._idle.append(line)
            else:
                await line.close()
        return answer

    async def close(self) -> None:
        """Ends the connections."""
        while self._idle:
            await self._idle.pop().close()

    def _take_idle(self) -> "_Line | None":
        while self._idle:
            # The one that was used last: the others may have been closed.
            line = self._idle.pop()
            if not line.says_something:
                return line
            line.drop()
        return None

    async def _connect(self) -> "_Line":
        try:
            with trio.fail_after(self._timeout_s):
                return _Line(await dial(self._host, self._port, self._tls))
        except ConnectionLostError as error:
            raise NeverSentError(error.why) from error
        except trio.TooSlowError as error:
            raise NeverSentError(f"{self._host}:{self._port} didn't answer within {self._timeout_s:g} s") from error


class _Line:
    """One connection, which carries one request at a time."""

    def __init__(self, stream: trio.SSLStream[ExactReads]) -> None:
        self._stream = stream
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADER_BYTES)

    @property
    def is_free(self) -> bool:
        """Whether it can carry another request."""
        return self._protocol.our_state is h11.IDLE and self._protocol.their_state is h11.IDLE

    @property
    def ended(self) -> bool:
        """Whether the venue has closed it."""
        return self._protocol.trailing_data[1]

    @property
    def says_something(self) -> bool:
        """Whether the venue has said something unasked, most likely that it has closed the connection."""
        return _is_readable(self._stream.transport_stream.socket.fileno())

    async def exchange(self, request: h11.Request, body: bytes) -> HttpAnswer:
        """Sends a request and reads its answer to its end."""
        send = self._protocol.send
        data = (send(request) or b"") + (send(h11.Data(data=body)) or b"" if body else b"")
        # In one piece, so that it isn't two packets.
        await self._stream.send_all(data + (send(h11.EndOfMessage()) or b""))
        status, headers, found = 0, {}, b""
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                self._protocol.receive_data(bytes(await self._stream.receive_some(_READ_BYTES)))
            elif isinstance(event, h11.Response):
                status = event.status_code
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
            elif isinstance(event, h11.Data):
                found += bytes(event.data)
                if len(found) > MAX_MESSAGE_BYTES:
                    return HttpAnswer(status, b"", headers)
            elif isinstance(event, h11.EndOfMessage):
                if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
                    self._protocol.start_next_cycle()
                return HttpAnswer(status, found, headers)

    async def close(self) -> None:
        """Closes it, without a goodbye."""
        await trio.aclose_forcefully(self._stream)

    def drop(self) -> None:
        """Closes it at once."""
        self._stream.transport_stream.socket.close()


def _is_readable(descriptor: int) -> bool:
    if sys.platform == "win32":
        return bool(select.select([descriptor], [], [], 0)[0])
    # `select` takes no descriptor above 1023, and a process with many connections and files has such.
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))
