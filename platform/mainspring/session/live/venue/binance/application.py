"""Serves an exchange with Binance's API, as an ASGI application: REST, market streams, the account's events."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl

import orjson
import trio

from mainspring.model import Instrument, MarketEvent
from mainspring.session.live.venue.binance.account_stream import ListenKey, SubscribedAccount
from mainspring.session.live.venue.binance.forms import update_form
from mainspring.session.live.venue.binance.market import OF_MARKET, Market
from mainspring.session.live.venue.binance.rest import Rest
from mainspring.session.live.venue.binance.security import RefusedError, Security
from mainspring.session.live.venue.binance.streams import MarketSocket, MarketWords, decode
from mainspring.session.live.venue.exchange import Exchange
from mainspring.session.live.venue.faults import ExchangeFault, FaultKind
from mainspring.session.live.venue.outgoing import Outgoing, Receive, Scope, Send, payload
from mainspring.session.live.venue.service import Answer, ExchangeService

__all__ = ["BinanceVenue"]

_CHANGES: Final = ("POST", "PUT", "DELETE")
_OPEN: Final = ("time", "ping", "exchangeInfo", "depth")
_TOO_MANY: Final = {"code": -1003, "msg": "Too many requests."}
_REFUSALS: Final[Mapping[FaultKind, tuple[int, Any]]] = {
    "429": (429, _TOO_MANY),
    "418": (418, _TOO_MANY),
    "500": (500, {"code": -1000, "msg": "An unknown error occurred while processing the request."}),
}


class BinanceVenue(ExchangeService):
    """One account at a market of Binance's. Any key is accepted. See `ExchangeService`."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        exchange: Exchange,
        market: Market,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        faults: Sequence[ExchangeFault] = (),
        secret: str = "",
    ) -> None:
        """`secret` is what must be signed with; where it is empty, any signature of the right form is accepted."""
        super().__init__(exchange, clock_ns=clock_ns, faults=faults)
        self._instruments = tuple(instruments)
        self._market: Market = market
        self._rules = OF_MARKET[market]
        self._security = Security(self._rules, secret)
        self._rest = Rest(instruments, exchange, market)
        self._words = MarketWords(instruments, market, self._rest.last_ids)
        self._listen_key = ListenKey()
        self._said = 0
        self._sockets: dict[MarketSocket, Outgoing] = {}
        self._accounts: dict[SubscribedAccount, Outgoing] = {}
        self._keyed: list[Outgoing] = []

    def publish(self, events: Sequence[MarketEvent]) -> None:
        """See `ExchangeService.publish`."""
        said = self._words.write(events)
        if said:
            for socket, outgoing in self._sockets.items():
                for message in socket.messages(said):
                    outgoing.put(message)
        for update in self.exchange.take_updates():
            form = update_form(self._instruments[update.order.asked.instrument], update, self._market)
            if form is None:
                continue
            self._said += 1
            if self._market == "spot":
                form = {"subscriptionId": 0, "event": form | {"I": self._said}}
            for outgoing in (*(out for one, out in self._accounts.items() if one.listens), *self._keyed):
                outgoing.put(form)

    def advance(self) -> int:
        """See `ExchangeService.advance`."""
        now_ns = super().advance()
        if self._keyed and not self._listen_key.is_alive(now_ns):
            for outgoing in self._keyed:
                outgoing.put(self._listen_key.expired(now_ns), counts=False)
            self._keyed = []
        return now_ns

    def admit(self, scope: Scope) -> Answer | None:
        """See `ExchangeService.admit`."""
        path, now_ns = self._path(scope), self.clock()
        weight = self._rules.weights.get((scope["method"], path))
        if weight is None:
            return 404, {"code": -1000, "msg": f"no {scope['method']} {scope['path']} here"}, {}
        try:
            self._security.count(weight, now_ns)
            if path.rpartition("/")[2] not in _OPEN:
                self._check(scope, path, now_ns)
        except RefusedError as error:
            return self._refused(error)
        return None

    def _check(self, scope: Scope, path: str, now_ns: int) -> None:
        key = dict(scope["headers"]).get(b"x-mbx-apikey", b"").decode()
        if path.endswith("listenKey"):
            if not key:
                raise RefusedError(-2014, "API-key format invalid.", 401)
            return
        query = scope["query_string"].decode()
        self._security.check(key, query, dict(parse_qsl(query)), now_ns)

    def changes_orders(self, scope: Scope) -> bool:
        """See `ExchangeService.changes_orders`."""
        return scope["method"] in _CHANGES and not scope["path"].endswith("listenKey")

    def refuse(self, fault: FaultKind) -> Answer | None:
        """See `ExchangeService.refuse`."""
        if fault not in _REFUSALS:
            return None
        status, body = _REFUSALS[fault]
        return status, body, {"retry-after": "1"} if body is _TOO_MANY else {}

    def answer(self, scope: Scope, raw: bytes) -> Answer:
        """See `ExchangeService.answer`."""
        method, path, now_ns = scope["method"], self._path(scope), self.advance()
        try:
            if path.endswith("listenKey"):
                body: Any = self._listen_key.respond(method, now_ns)
            else:
                if method in ("POST", "PUT"):
                    self._security.count_order(now_ns)
                fields = dict(parse_qsl(scope["query_string"].decode()))
                body = self._rest.respond(method, path, fields, now_ns)
        except RefusedError as error:
            return self._refused(error)
        finally:
            self.publish(())
        return 200, body, self._counts()

    def _refused(self, error: RefusedError) -> Answer:
        after = {"retry-after": str(error.retry_after_s)} if error.retry_after_s else {}
        return error.status, error.body, {**self._counts(), **after}

    def _counts(self) -> dict[str, str]:
        security = self._security
        return {"x-mbx-used-weight-1m": str(security.weight), "x-mbx-order-count-10s": str(security.orders)}

    def _path(self, scope: Scope) -> str:
        path: str = scope["path"]
        return path.removeprefix(self._rules.prefix) if path.startswith(self._rules.prefix) else ""

    async def converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `ExchangeService.converse`."""
        await receive()
        path, query = scope["path"].rstrip("/"), parse_qs(scope["query_string"].decode())
        account = path == self._rules.user_stream
        key = query.get("listenKey", [""])[0]
        known = account or path == "/stream" or path.startswith("/ws")
        if not known or (account and self._market == "usdm" and not self._listen_key.is_good(key, self.clock())):
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        outgoing = Outgoing("updates" if account else "data", self.faults, send, orjson.dumps, text=True)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outgoing.run, nursery.cancel_scope)
            if account and self._market == "spot":
                await self._serve_account(outgoing, receive)
            elif account:
                await self._serve_keyed(outgoing, receive)
            else:
                names = query.get("streams", [""])[0] if path == "/stream" else path.removeprefix("/ws")
                streams = [one for one in names.split("/") if one]
                socket = MarketSocket(self._instruments, streams, combined=path == "/stream")
                await self._serve_market(socket, outgoing, receive)
            nursery.cancel_scope.cancel()

    async def _serve_account(self, outgoing: Outgoing, receive: Receive) -> None:
        account = SubscribedAccount(self._security)
        self._accounts[account] = outgoing
        try:
            while (event := await receive())["type"] == "websocket.receive":
                outgoing.put(account.received(decode(payload(event)), self.advance()), counts=False)
        finally:
            del self._accounts[account]

    async def _serve_keyed(self, outgoing: Outgoing, receive: Receive) -> None:
        self._keyed.append(outgoing)
        try:
            while (await receive())["type"] == "websocket.receive":
                pass
        finally:
            if outgoing in self._keyed:
                self._keyed.remove(outgoing)

    async def _serve_market(self, socket: MarketSocket, outgoing: Outgoing, receive: Receive) -> None:
        self._sockets[socket] = outgoing
        try:
            while (event := await receive())["type"] == "websocket.receive":
                # What happened before a subscription isn't said to it.
                self.advance()
                outgoing.put(socket.received(decode(payload(event))), counts=False)
        finally:
            del self._sockets[socket]
