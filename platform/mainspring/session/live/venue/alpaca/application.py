"""Serves an exchange with Alpaca's API, as an ASGI application: REST, market data, updates of orders."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import orjson
import trio

from mainspring.session.live.venue.alpaca.assets import Asset
from mainspring.session.live.venue.alpaca.faults import ExchangeFault, FaultKind, Faults, Where
from mainspring.session.live.venue.alpaca.forms import update_form
from mainspring.session.live.venue.alpaca.rest import Rest
from mainspring.session.live.venue.alpaca.streams import DataSocket, Encoding, UpdatesSocket, decode, encode
from mainspring.session.live.venue.exchange import Exchange

__all__ = ["AlpacaVenue"]

_Scope: TypeAlias = Mapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
_Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

_NS: Final = 1_000_000_000
_MOST_WAITING: Final = 10_000
_LOOK_S: Final = 0.05
_LATE_S: Final = 1.0
_CHANGES: Final = ("POST", "PATCH", "DELETE")
_DATA: Final = {"/v1beta3/crypto/us": True, "/v2/iex": False, "/v2/sip": False}
_REFUSALS: Final[Mapping[FaultKind | None, tuple[int, Any]]] = {
    "429": (429, {"code": 42910000, "message": "too many requests."}),
    "500": (500, {"code": 50010000, "message": "internal server error occurred"}),
}


class AlpacaVenue:
    """One account at an exchange. Any key and secret are accepted.

    The market goes on for as long as the application is served. `clock_ns` is the venue's clock. What one connection is
    sent waits for it, up to 10,000 messages, after which it is closed as too slow.
    """

    def __init__(
        self,
        assets: Sequence[Asset],
        exchange: Exchange,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        faults: Sequence[ExchangeFault] = (),
    ) -> None:
        self.exchange = exchange
        self._assets = tuple(assets)
        self._read_ns = clock_ns
        self._now_ns = clock_ns()
        self._rest = Rest(assets, exchange, self._now_ns)
        self._faults = Faults(tuple(faults))
        self._data: dict[DataSocket, _Outgoing] = {}
        self._updates: dict[UpdatesSocket, _Outgoing] = {}

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """See the ASGI specification."""
        if scope["type"] == "http":
            await self._respond(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._converse(scope, receive, send)
        elif scope["type"] == "lifespan":
            async with trio.open_nursery() as nursery:
                await receive()
                nursery.start_soon(self._run)
                await send({"type": "lifespan.startup.complete"})
                await receive()
                nursery.cancel_scope.cancel()
            await send({"type": "lifespan.shutdown.complete"})

    async def _run(self) -> None:
        """Lets the market go on."""
        while True:
            self._advance()
            wait_s = (self.exchange.market.due_ns - self._clock()) / _NS
            await trio.sleep(min(max(wait_s, 0.0), _LOOK_S))

    def _clock(self) -> int:
        self._now_ns = max(self._now_ns, self._read_ns())
        return self._now_ns

    def _advance(self) -> int:
        """Lets happen what is due, says it, and returns the time."""
        now_ns = self._clock()
        events = self.exchange.advance(now_ns)
        for socket, outgoing in self._data.items():
            if messages := socket.messages(events):
                outgoing.put(messages)
        self._say_updates()
        return now_ns

    def _say_updates(self) -> None:
        for update in self.exchange.take_updates():
            form = update_form(self._assets[update.order.asked.instrument], update)
            for socket, outgoing in self._updates.items():
                if socket.listens:
                    outgoing.put(form)

    async def _respond(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        raw = b""
        while True:
            event = await receive()
            raw += event.get("body", b"")
            if not event.get("more_body"):
                break
        headers = dict(scope["headers"])
        fault: FaultKind | None = None
        if not (headers.get(b"apca-api-key-id") and headers.get(b"apca-api-secret-key")):
            status, body = 401, {"code": 40110000, "message": "request is not authorized"}
        else:
            if scope["method"] in _CHANGES:
                fault = self._faults.next("orders")
            status, body = _REFUSALS[fault] if fault in _REFUSALS else self._answer(scope, raw)
        if fault == "silent":
            await trio.sleep_forever()
        if fault == "late":
            await trio.sleep(_LATE_S)
        kind = [(b"content-type", b"application/json"), *([(b"retry-after", b"1")] if status == 429 else [])]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": b"" if body is None else orjson.dumps(body)})

    def _answer(self, scope: _Scope, raw: bytes) -> tuple[int, Any]:
        path: str = scope["path"]
        if not path.startswith("/v2/"):
            return 404, {"code": 40410000, "message": "endpoint not found"}
        try:
            body = orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError:
            return 400, {"code": 40010000, "message": "request body format is invalid"}
        query = dict(parse_qsl(scope["query_string"].decode()))
        answer = self._rest.respond(scope["method"], path.removeprefix("/v2"), query, body, self._advance())
        self._say_updates()
        return answer

    async def _converse(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        await receive()
        path = scope["path"].rstrip("/")
        if path != "/stream" and path not in _DATA:
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        kind = dict(scope["headers"]).get(b"content-type", b"")
        encoding: Encoding = "msgpack" if kind == b"application/msgpack" else "json"
        where: Where = "updates" if path == "/stream" else "data"
        outgoing = _Outgoing(where, encoding, self._faults, send)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outgoing.run, nursery.cancel_scope)
            if path == "/stream":
                await self._serve_updates(outgoing, receive)
            else:
                await self._serve_data(outgoing, receive, crypto=_DATA[path])
            nursery.cancel_scope.cancel()

    async def _serve_updates(self, outgoing: "_Outgoing", receive: _Receive) -> None:
        socket = UpdatesSocket()
        self._updates[socket] = outgoing
        try:
            while (event := await receive())["type"] == "websocket.receive":
                for answer in socket.received(decode(_payload(event), outgoing.encoding)):
                    outgoing.put(answer, counts=False)
        finally:
            del self._updates[socket]

    async def _serve_data(self, outgoing: "_Outgoing", receive: _Receive, *, crypto: bool) -> None:
        socket = DataSocket(self._assets, self.exchange, crypto=crypto)
        outgoing.put(socket.opened(), counts=False)
        self._data[socket] = outgoing
        try:
            while (event := await receive())["type"] == "websocket.receive":
                now_ns = self._advance()
                for answer in socket.received(decode(_payload(event), outgoing.encoding), now_ns):
                    outgoing.put(answer, counts=False)
        finally:
            del self._data[socket]


class _Outgoing:
    """What waits to be sent on one connection."""

    def __init__(self, where: Where, encoding: Encoding, faults: Faults, send: _Send) -> None:
        self.encoding: Encoding = encoding
        self._where: Where = where
        self._faults = faults
        self._write = send
        self._put, self._waiting = trio.open_memory_channel[tuple[Any, bool]](_MOST_WAITING)
        # Updates come in binary frames, market data in those of its encoding.
        self._text = where == "data" and encoding == "json"

    def put(self, message: Any, *, counts: bool = True) -> None:
        """Adds a message; one that doesn't count is about the connection, and no fault happens to it."""
        try:
            self._put.send_nowait((message, counts))
        except trio.WouldBlock:
            self._put.close()
        except trio.ClosedResourceError:
            return

    async def run(self, scope: trio.CancelScope) -> None:
        """Sends what is added until it is cancelled; ends `scope` with the connection."""
        held: list[bytes] = []
        async for message, counts in self._waiting:
            raw = encode(message, self.encoding)
            fault = self._faults.next(self._where) if counts else None
            if fault == "mute":
                await trio.sleep_forever()
            if fault == "close":
                await self._close(scope, 1012, "service restart")
                return
            if fault == "delay":
                await trio.sleep(_LATE_S)
            if fault == "swap":
                held.append(raw)
                continue
            if fault != "drop":
                await self._send(b'{"T' if fault == "garbage" else raw)
            for one in [raw] if fault == "double" else held:
                await self._send(one)
            held = []
        await self._close(scope, 1013, "slow client")

    async def _send(self, raw: bytes) -> None:
        frame = {"text": raw.decode()} if self._text else {"bytes": raw}
        await self._write({"type": "websocket.send", **frame})

    async def _close(self, scope: trio.CancelScope, code: int, reason: str) -> None:
        await self._write({"type": "websocket.close", "code": code, "reason": reason})
        scope.cancel()


def _payload(event: Mapping[str, Any]) -> bytes:
    return event.get("bytes") or (event.get("text") or "").encode()
