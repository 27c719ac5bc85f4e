"""The venue of a live soak, as a process of its own: an endless market on each connection, at a rate."""

import re
import time
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import trio

from mainspring.host.registry import Registry
from mainspring.model import Instrument
from mainspring.session.live.venue import serve

__all__ = ["VenueProcess", "symbols"]

_SPAWN: Final = get_context("spawn")
_YEARS_S: Final = 1e9
_TIMES: Final = re.compile(rb'"([ET])":\d+')
_READY_S: Final = 60.0
_SNAPSHOT: Final = b'{"lastUpdateId"'
_MOST_LEVELS: Final = 1_000
_WINDOW: Final = 10_000
_SYMBOL: Final = "ANYUSDT"
_UPPER: Final = _SYMBOL.encode()
_LOWER: Final = _SYMBOL.lower().encode()


def symbols(connections: int) -> list[str]:
    """Returns the names of what is traded, one for each connection."""
    return [f"C{number:02}" for number in range(1, connections + 1)]


class VenueProcess:
    """Runs the venue. `served` says where it is."""

    def __init__(self, connections: int, rate: float, folder: Path) -> None:
        """`rate` is in messages a second over all connections; `folder` gets the certificate."""
        self._sent = _SPAWN.RawArray("Q", connections)
        # Asked to stop, and how many connections have stopped.
        self._stop = _SPAWN.RawArray("Q", [0, 0])
        self._connections = connections
        receiver, sender = _SPAWN.Pipe(duplex=False)
        self._receiver = receiver
        self._process = _SPAWN.Process(
            target=_run, args=(connections, rate, str(folder), self._sent, self._stop, sender), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        if not self._receiver.poll(_READY_S):
            raise RuntimeError("the venue didn't start")
        self.served: Any = self._receiver.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def sent(self) -> list[int]:
        """Returns how many messages were sent on each connection."""
        return list(self._sent)

    def stop(self) -> None:
        """Has the venue send nothing more."""
        self._stop[0] = 1

    @property
    def stopped(self) -> bool:
        """Whether nothing more will be sent."""
        return bool(self._stop[1] >= self._connections)


def _run(connections: int, rate: float, folder: str, sent: Any, stop: Any, ready: Any) -> None:
    trio.run(_serve, _Venue(connections, rate, sent, stop), Path(folder), ready)


async def _serve(venue: "_Venue", folder: Path, ready: Any) -> None:
    async with trio.open_nursery() as nursery:
        served = await nursery.start(lambda task_status: serve(venue, folder, task_status=task_status))
        ready.send(served)
        parent = parent_process()
        assert parent is not None
        # It ends with who started it, however that ended.
        await trio.lowlevel.wait_readable(parent.sentinel)
        nursery.cancel_scope.cancel()


class _Venue:
    """An ASGI application: the market on each WebSocket, as that of the instrument that is subscribed to."""

    def __init__(self, connections: int, rate: float, sent: Any, stop: Any) -> None:
        self._apart_s = connections / rate
        self._sent = sent
        self._stop = stop
        self._names = {f"{one}USDT": number for number, one in enumerate(symbols(connections))}
        self._market = _Market()

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._converse(receive, send)
        elif scope["type"] == "http":
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": self._market.book.snapshot()})
        else:
            for _ in range(2):
                phase = (await receive())["type"]
                await send({"type": f"{phase}.complete"})

    async def _converse(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        asked = msgspec.json.decode((await receive()).get("text") or b"{}")
        name = asked["params"][0].partition("@")[0].upper()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._stream, name, send)
            while (await receive())["type"] == "websocket.receive":
                pass
            nursery.cancel_scope.cancel()

    async def _stream(self, name: str, send: Any) -> None:
        number, market = self._names[name], self._market
        symbol = {b"upper": name.encode(), b"lower": name.lower().encode()}
        # Connections take turns rather than send all at once.
        due_s = trio.current_time() + self._apart_s * number / len(self._names)
        to_wall_s = time.time() - trio.current_time()
        at = market.made
        while not self._stop[0]:
            if due_s > trio.current_time():
                await trio.sleep_until(due_s)
            # A message says when it was due, so that a venue that is held up shows as lag.
            text = market.text(at) % {b"ms": round((due_s + to_wall_s) * 1e3), **symbol}
            # Counted before: what is on its way was sent.
            self._sent[number] += 1
            await send({"type": "websocket.send", "text": text.decode()})
            at += 1
            due_s += self._apart_s
        self._stop[1] += 1


class _Market:
    """One market for all connections, so that making it costs the venue little, and its book.

    Connections go through the messages each at its own pace; the book is that of the one that is furthest.
    """

    def __init__(self) -> None:
        instrument = Instrument(
            symbol=f"{_SYMBOL.removesuffix('USDT')}/USDT",
            venue_symbol=_SYMBOL,
            tick_size=Decimal("0.01"),
            lot_size=Decimal("0.00001"),
        )
        offer = Registry.load().get("feed", "simulated")
        options = msgspec.convert({"seed": 1, "seconds": _YEARS_S}, offer.options)
        source = (raw for _, raw in offer.factory.source((instrument,), options))
        before: list[bytes] = []
        for raw in source:
            if raw.startswith(_SNAPSHOT):
                break
            before.append(raw)
        self.book = _Book(raw)
        # A snapshot is older than what came just before it.
        for earlier in before:
            self.book.take(earlier)
        self._source = (raw for raw in source if not raw.startswith(_SNAPSHOT))
        self._window: deque[bytes] = deque(maxlen=_WINDOW)
        self.made = 0
        """How many messages have been made."""

    def text(self, at: int) -> bytes:
        """Returns the message of that number, whose times and symbols are to be put in.

        Raises `IndexError` if the connections are too far apart.
        """
        while at >= self.made:
            raw = next(self._source)
            self.book.take(raw)
            marked = _TIMES.sub(rb'"\1":%(ms)d', raw.replace(b"%", b"%%"))
            self._window.append(marked.replace(_UPPER, b"%(upper)s").replace(_LOWER, b"%(lower)s"))
            self.made += 1
        return self._window[at - self.made]


class _Book:
    """What the levels are after the messages that were sent."""

    def __init__(self, snapshot: bytes) -> None:
        found = msgspec.json.decode(snapshot)
        self._last_id = found["lastUpdateId"]
        self._sides = [dict(found["bids"]), dict(found["asks"])]

    def take(self, raw: bytes) -> None:
        """Takes what a message changes."""
        if b'"depthUpdate"' not in raw:
            return
        update = msgspec.json.decode(raw)["data"]
        if update["u"] <= self._last_id:
            return
        self._last_id = update["u"]
        for side, changes in zip(self._sides, (update["b"], update["a"]), strict=True):
            for price, size in changes:
                if float(size):
                    side[price] = size
                else:
                    side.pop(price, None)

    def snapshot(self) -> bytes:
        """Returns the best levels as the venue's answer."""
        bids, asks = (
            sorted(side.items(), key=lambda level: float(level[0]), reverse=not number)[:_MOST_LEVELS]
            for number, side in enumerate(self._sides)
        )
        return msgspec.json.encode({"lastUpdateId": self._last_id, "bids": bids, "asks": asks})
