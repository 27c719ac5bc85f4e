"""What waits to be sent on one connection of an exchange in a box, and what goes wrong with it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

import trio

from mainspring.session.live.venue.faults import Faults, Where

__all__ = ["LATE_S", "Outgoing", "Receive", "Scope", "Send", "payload"]

Scope: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

LATE_S: Final = 1.0
_MOST_WAITING: Final = 10_000


class Outgoing:
    """A connection's messages, up to 10,000; one that takes them too slowly is closed."""

    def __init__(self, where: Where, faults: Faults, send: Send, encode: Callable[[Any], bytes], *, text: bool) -> None:
        """`where` is what its faults are counted by, `encode` writes a message, and `text` is the kind of frame."""
        self._where: Where = where
        self._faults = faults
        self._write = send
        self._encode = encode
        self._text = text
        self._put, self._waiting = trio.open_memory_channel[tuple[Any, bool]](_MOST_WAITING)

    def put(self, message: Any, *, counts: bool = True) -> None:
        """Adds a message; without `counts` it is about the connection, and no fault happens to it."""
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
            raw = self._encode(message)
            fault = self._faults.next(self._where) if counts else None
            if fault == "mute":
                await trio.sleep_forever()
            if fault == "close":
                await self._close(scope, 1012, "service restart")
                return
            if fault == "delay":
                await trio.sleep(LATE_S)
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


def payload(event: Mapping[str, Any]) -> bytes:
    """Returns the bytes of a client's message."""
    return event.get("bytes") or (event.get("text") or "").encode()
