"""Serves an exchange with Alpaca's API, as an ASGI application: REST, market data, updates of orders."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
import trio

from mainspring.model import MarketEvent
from mainspring.session.live.venue.alpaca.assets import Asset
from mainspring.session.live.venue.alpaca.forms import update_form
from mainspring.session.live.venue.alpaca.rest import Rest
from mainspring.session.live.venue.alpaca.streams import DataSocket, Encoding, UpdatesSocket, decode, encode
from mainspring.session.live.venue.exchange import Exchange
from mainspring.session.live.venue.faults import ExchangeFault, FaultKind, Where
from mainspring.session.live.venue.outgoing import Outgoing, Receive, Scope, Send, payload
from mainspring.session.live.venue.service import Answer, ExchangeService

__all__ = ["AlpacaVenue"]

_CHANGES: Final = ("POST", "PATCH", "DELETE")
_DATA: Final = {"/v1beta3/crypto/us": True, "/v2/iex": False, "/v2/sip": False}
_TOO_MANY: Final = {"code": 42910000, "message": "too many requests."}
_REFUSALS: Final[Mapping[FaultKind, tuple[int, Any]]] = {
    "429": (429, _TOO_MANY),
    "418": (418, _TOO_MANY),
    "500": (500, {"code": 50010000, "message": "internal server error occurred"}),
}


class AlpacaVenue(ExchangeService):
    """One account at an exchange. Any key and secret are accepted. See `ExchangeService`."""

    def __init__(
        self,
        assets: Sequence[Asset],
        exchange: Exchange,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        faults: Sequence[ExchangeFault] = (),
    ) -> None:
        super().__init__(exchange, clock_ns=clock_ns, faults=faults)
        self._assets = tuple(assets)
        self._rest = Rest(assets, exchange, self.clock())
        self._data: dict[DataSocket, Outgoing] = {}
        self._updates: dict[UpdatesSocket, Outgoing] = {}

    def publish(self, events: Sequence[MarketEvent]) -> None:
        """See `ExchangeService.publish`."""
        for data, outgoing in self._data.items():
            if messages := data.messages(events):
                outgoing.put(messages)
        for update in self.exchange.take_updates():
            form = update_form(self._assets[update.order.asked.instrument], update)
            for socket, outgoing in self._updates.items():
                if socket.listens:
                    outgoing.put(form)

    def admit(self, scope: Scope) -> Answer | None:
        """See `ExchangeService.admit`."""
        headers = dict(scope["headers"])
        if headers.get(b"apca-api-key-id") and headers.get(b"apca-api-secret-key"):
            return None
        return 401, {"code": 40110000, "message": "request is not authorized"}, {}

    def changes_orders(self, scope: Scope) -> bool:
        """See `ExchangeService.changes_orders`."""
        return scope["method"] in _CHANGES

    def refuse(self, fault: FaultKind) -> Answer | None:
        """See `ExchangeService.refuse`."""
        if fault not in _REFUSALS:
            return None
        status, body = _REFUSALS[fault]
        return status, body, {"retry-after": "1"} if body is _TOO_MANY else {}

    def answer(self, scope: Scope, raw: bytes) -> Answer:
        """See `ExchangeService.answer`."""
        path: str = scope["path"]
        if not path.startswith("/v2/"):
            return 404, {"code": 40410000, "message": "endpoint not found"}, {}
        try:
            body = orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError:
            return 400, {"code": 40010000, "message": "request body format is invalid"}, {}
        query = dict(parse_qsl(scope["query_string"].decode()))
        status, said = self._rest.respond(scope["method"], path.removeprefix("/v2"), query, body, self.advance())
        self.publish(())
        return status, said, {}

    async def converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `ExchangeService.converse`."""
        await receive()
        path = scope["path"].rstrip("/")
        if path != "/stream" and path not in _DATA:
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        kind = dict(scope["headers"]).get(b"content-type", b"")
        encoding: Encoding = "msgpack" if kind == b"application/msgpack" else "json"
        where: Where = "updates" if path == "/stream" else "data"
        # Updates come in binary frames, market data in those of its encoding.
        text = where == "data" and encoding == "json"
        outgoing = Outgoing(where, self.faults, send, partial(encode, encoding=encoding), text=text)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outgoing.run, nursery.cancel_scope)
            if path == "/stream":
                await self._serve_updates(outgoing, receive, encoding)
            else:
                await self._serve_data(outgoing, receive, encoding, crypto=_DATA[path])
            nursery.cancel_scope.cancel()

    async def _serve_updates(self, outgoing: Outgoing, receive: Receive, encoding: Encoding) -> None:
        socket = UpdatesSocket()
        self._updates[socket] = outgoing
        try:
            while (event := await receive())["type"] == "websocket.receive":
                for answer in socket.received(decode(payload(event), encoding)):
                    outgoing.put(answer, counts=False)
        finally:
            del self._updates[socket]

    async def _serve_data(self, outgoing: Outgoing, receive: Receive, encoding: Encoding, *, crypto: bool) -> None:
        socket = DataSocket(self._assets, self.exchange, crypto=crypto)
        outgoing.put(socket.opened(), counts=False)
        self._data[socket] = outgoing
        try:
            while (event := await receive())["type"] == "websocket.receive":
                now_ns = self.advance()
                for answer in socket.received(decode(payload(event), encoding), now_ns):
                    outgoing.put(answer, counts=False)
        finally:
            del self._data[socket]
