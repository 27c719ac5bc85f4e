"""Serves an exchange as an ASGI application: the clock, requests, and connections, whatever the dialect."""

import abc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
import trio

from mainspring.model import MarketEvent
from mainspring.session.live.venue.exchange import Exchange
from mainspring.session.live.venue.faults import ExchangeFault, FaultKind, Faults
from mainspring.session.live.venue.outgoing import LATE_S, Receive, Scope, Send

__all__ = ["Answer", "ExchangeService"]

_NS: Final = 1_000_000_000
_LOOK_S: Final = 0.05

Answer = tuple[int, Any, Mapping[str, str]]
"""A status, what is the body (None is no body), and headers besides the body's type."""


class ExchangeService(abc.ABC):
    """One account at an exchange, in the words of some venue's API.

    The market goes on for as long as the application is served. `clock_ns` is the venue's clock.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        faults: Sequence[ExchangeFault] = (),
    ) -> None:
        self.exchange = exchange
        self.faults = Faults(tuple(faults))
        self._read_ns = clock_ns
        self._now_ns = clock_ns()

    @abc.abstractmethod
    def publish(self, events: Sequence[MarketEvent]) -> None:
        """Says what happened in the market, and what there is to say of orders, to those who listen."""

    @abc.abstractmethod
    def admit(self, scope: Scope) -> Answer | None:
        """Returns the refusal of a request that doesn't say who it is from; None if it may go on."""

    @abc.abstractmethod
    def changes_orders(self, scope: Scope) -> bool:
        """Whether a request is one of those that faults of "orders" count."""

    @abc.abstractmethod
    def refuse(self, fault: FaultKind) -> Answer | None:
        """Returns the refusal that is a fault; None if the fault is another one."""

    @abc.abstractmethod
    def answer(self, scope: Scope, raw: bytes) -> Answer:
        """Answers a request with a body `raw`."""

    @abc.abstractmethod
    async def converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a WebSocket, from its first event on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] == "http":
            await self._respond(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.converse(scope, receive, send)
        elif scope["type"] == "lifespan":
            async with trio.open_nursery() as nursery:
                await receive()
                nursery.start_soon(self._run)
                await send({"type": "lifespan.startup.complete"})
                await receive()
                nursery.cancel_scope.cancel()
            await send({"type": "lifespan.shutdown.complete"})

    def advance(self) -> int:
        """Lets happen what is due, says it, and returns the time."""
        now_ns = self.clock()
        self.publish(self.exchange.advance(now_ns))
        return now_ns

    def clock(self) -> int:
        """Returns the venue's time, which never goes back."""
        self._now_ns = max(self._now_ns, self._read_ns())
        return self._now_ns

    async def _run(self) -> None:
        """Lets the market go on."""
        while True:
            self.advance()
            wait_s = (self.exchange.market.due_ns - self.clock()) / _NS
            await trio.sleep(min(max(wait_s, 0.0), _LOOK_S))

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = b""
        while True:
            event = await receive()
            raw += event.get("body", b"")
            if not event.get("more_body"):
                break
        fault: FaultKind | None = None
        answer = self.admit(scope)
        if answer is None:
            if self.changes_orders(scope):
                fault = self.faults.next("orders")
            answer = (self.refuse(fault) if fault else None) or self.answer(scope, raw)
        status, body, headers = answer
        if fault == "silent":
            await trio.sleep_forever()
        if fault == "late":
            await trio.sleep(LATE_S)
        more = [(name.encode(), value.encode()) for name, value in headers.items()]
        kind = [(b"content-type", b"application/json"), *more]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": b"" if body is None else orjson.dumps(body)})
