"""Requests of orders by HTTP/1.1, on connections that stay open: the protocol by h11, bytes by trio.

A general client takes longer to build a request than the lane takes from a message to an order, and lets a connection
go after seconds of silence, so that the next order would wait for a handshake. Here a request is bytes that were
prepared with h11, and they leave at once where a connection is free.
"""

import re
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import h11
import trio

from mainspring.seams import MAX_MESSAGE_BYTES
from mainspring.session.live.channel import Channel
from mainspring.session.live.websocket import ConnectionLostError, Dial, dial
from mainspring.wire import HttpAnswer

__all__ = ["Exchange", "NeverSentError", "OrderHttp", "OutcomeUnknownError"]

_MOST_HEADER_BYTES: Final = 64 * 1024
_MOST_IDLE: Final = 16
_WITH_BODY: Final = ("POST", "PUT", "PATCH")
# What a request's target may be made of.
_TARGET: Final = re.compile(r"[!-~]+").fullmatch


class NeverSentError(Exception):
    """The request certainly never left: there is no connection. It says why."""


class OutcomeUnknownError(Exception):
    """The request may have been carried out, and there is no answer. It says why."""


class OrderHttp:
    """Sends requests to one host, each once, and as many at a time as are asked for. `close` ends the connections."""

    def __init__(
        self,
        base: str,
        tls: ssl.SSLContext,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        connect: Dial = dial,
    ) -> None:
        """`base` is https://host, perhaps with a path that all paths begin with; `headers` go with every request.

        `timeout_s` is for the connection, if one has to be made, and again for the answer; `connect` makes it.
        """
        parts = urlsplit(base)
        self._host, self._port, self._prefix = parts.hostname or "", parts.port or 443, parts.path.rstrip("/")
        tls.set_alpn_protocols(["http/1.1"])
        self._tls = tls
        self._connects = connect
        self._timeout_s = timeout_s
        self._headers = [("Host", parts.netloc.removesuffix(":443")), ("User-Agent", "mainspring"), ("Accept", "*/*")]
        self._headers += list((headers or {}).items())
        self._forms: dict[tuple[str, bool], _Form] = {}
        self._idle: list[_Line] = []

    async def request(self, method: str, path: str, body: bytes = b"") -> HttpAnswer:
        """Sends a request by a `method` such as "POST" and returns its answer; `body` is JSON.

        Raises as `begin` and `finish` do.
        """
        return await self.finish(self.begin(method, path, body))

    def begin(self, method: str, path: str, body: bytes = b"") -> "Exchange":
        """Sends a request on a connection that is free, as far as the system takes it at once; `finish` does the rest.

        `method`, `path` and `body` are those of `request`. Raises `NeverSentError` if it can't be written.
        """
        form = self._forms.get((method, bool(body))) or self._form(method, with_body=bool(body))
        if not _TARGET(path):
            raise NeverSentError(f"it can't be written: {path!r} is no path")
        exchange = Exchange(form, form.write(path, body))
        exchange.start(self._take_idle())
        return exchange

    async def finish(self, exchange: "Exchange") -> HttpAnswer:
        """Returns the answer to a request that was begun, on a new connection if none was free.

        An answer's body that is too large is taken as empty. Raises `NeverSentError` or `OutcomeUnknownError`, also
        after the time that an answer may take.
        """
        if exchange.line is None:
            exchange.start(await self._connect())
        line = exchange.line
        assert line is not None
        try:
            with trio.fail_after(self._timeout_s):
                answer = await line.exchange(exchange)
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
                # What is given up mustn't arrive later, when its order may count as one that never did.
                line.channel.abort()
        return answer

    async def close(self) -> None:
        """Ends the connections."""
        # All of them, cancelled or not.
        while self._idle:
            self._idle.pop().channel.close()
        await trio.lowlevel.checkpoint()

    def _form(self, method: str, *, with_body: bool) -> "_Form":
        headers = list(self._headers)
        if with_body:
            headers.append(("Content-Type", "application/json"))
        counted = with_body or method in _WITH_BODY
        if counted:
            headers.append(("Content-Length", "0"))
        try:
            made = _Form(h11.Request(method=method, target="/", headers=headers), self._prefix, counted=counted)
        except h11.LocalProtocolError as error:
            raise NeverSentError(f"it can't be written: {error}") from error
        self._forms[method, with_body] = made
        return made

    def _take_idle(self) -> "_Line | None":
        while self._idle:
            # The one that was used last: the others may have been closed.
            line = self._idle.pop()
            # What it says unasked is most likely that the venue has closed it.
            if not line.channel.is_readable:
                return line
            line.channel.close()
        return None

    async def _connect(self) -> "_Line":
        try:
            with trio.fail_after(self._timeout_s):
                channel = await self._connects(self._host, self._port, self._tls)
                channel.give_up_after(self._timeout_s)
                return _Line(channel)
        except ConnectionLostError as error:
            raise NeverSentError(error.why) from error
        except trio.TooSlowError as error:
            raise NeverSentError(f"{self._host}:{self._port} didn't answer within {self._timeout_s:g} s") from error


class _Form:
    """What requests of one method have in common: h11 has written it once, with its headers checked."""

    def __init__(self, request: h11.Request, prefix: str, *, counted: bool) -> None:
        """`counted` says whether it has the length of its body, which then is the last header."""
        written = h11.Connection(h11.CLIENT).send(request)
        assert written is not None
        before, slash, after = written.partition(b"/")
        self.request = request
        self._before = before + prefix.encode()
        self._after = (slash + after)[1:]
        if counted:
            self._after = self._after.removesuffix(b"0\r\n\r\n")
        self._counted = counted

    def write(self, path: str, body: bytes) -> bytes:
        """Returns the bytes of a request: in one piece, so that it isn't two packets."""
        head = b"%b%b%b" % (self._before, path.encode(), self._after)
        return b"%b%d\r\n\r\n%b" % (head, len(body), body) if self._counted else head


class Exchange:
    """A request, as far as it has been sent. `line` is its connection, None if it has none yet."""

    __slots__ = ("_data", "broken", "form", "line", "rest")

    def __init__(self, form: _Form, data: bytes) -> None:
        self.form = form
        self.line: _Line | None = None
        self.broken: trio.BrokenResourceError | trio.ClosedResourceError | None = None
        self.rest = b""
        """What the system didn't take at once."""
        self._data = data

    def start(self, line: "_Line | None") -> None:
        """Sends what can be sent at once, if there is a connection."""
        self.line = line
        if line is None:
            return
        try:
            sent = line.channel.send_now(self._data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self.broken = error
        else:
            self.rest = self._data[sent:]


class _Line:
    """One connection, which carries one request at a time."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADER_BYTES)

    @property
    def is_free(self) -> bool:
        """Whether it can carry another request."""
        return self._protocol.our_state is h11.IDLE and self._protocol.their_state is h11.IDLE

    @property
    def ended(self) -> bool:
        """Whether the venue has closed it."""
        return self._protocol.trailing_data[1]

    async def exchange(self, exchange: Exchange) -> HttpAnswer:
        """Sends what is left of a request and reads its answer to its end."""
        # The protocol is told only now of what has left: it reads the answer by the kind of the request, and a line on
        # which a request has begun is free again only with its answer.
        self._protocol.send(exchange.form.request)
        self._protocol.send(h11.EndOfMessage())
        if exchange.broken is not None:
            raise exchange.broken
        if exchange.rest:
            await self.channel.send_all(exchange.rest)
        status, headers, found = 0, {}, b""
        while True:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA:
                self._protocol.receive_data(await self.channel.receive_some())
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
