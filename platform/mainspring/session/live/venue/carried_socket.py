"""The server's side of a WebSocket for an ASGI application."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import h11
import trio
from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, RejectConnection
from wsproto.handshake import H11Handshake
from wsproto.utilities import RemoteProtocolError

from mainspring.session.live.websocket import ConnectionLostError, Frames, WebSocket

__all__ = ["CarriedSocket"]

_REFUSED: Final = 403
_NO_STATUS: Final = 1005


class CarriedSocket:
    """One WebSocket, as its application sees it. What the application doesn't ask for stays unread."""

    def __init__(self, stream: trio.abc.Stream, frames: Callable[[], Frames], early: bytes) -> None:
        """`frames` makes the decoder, and `early` came right behind the request for the upgrade."""
        self._stream = stream
        self._frames = frames
        self._early = early
        self._handshake = H11Handshake(ConnectionType.SERVER)
        self._asked = False
        self._socket: WebSocket | None = None
        self._ended = False
        self._received: deque[Mapping[str, Any]] = deque()

    async def shake_hands(self, request: h11.Request) -> bool:
        """Takes the request for the upgrade, and returns whether it can be accepted; refuses it if not."""
        headers = [(bytes(name), bytes(value)) for name, value in request.headers]
        try:
            self._handshake.initiate_upgrade_connection(headers, bytes(request.target))
        except RemoteProtocolError as error:
            await self._refuse(error.event_hint)
            return False
        return True

    async def receive(self) -> Mapping[str, Any]:
        """See `receive` of the ASGI specification."""
        if not self._asked:
            self._asked = True
            return {"type": "websocket.connect"}
        while not self._received:
            if self._socket is None:
                return await trio.sleep_forever()
            try:
                _, events = await self._socket.receive()
            except ConnectionLostError:
                self._ended = True
                return {"type": "websocket.disconnect", "code": _NO_STATUS}
            for kind, _, payload in events:
                if kind == "text":
                    self._received.append({"type": "websocket.receive", "text": payload.decode()})
                elif kind == "binary":
                    self._received.append({"type": "websocket.receive", "bytes": payload})
        return self._received.popleft()

    async def take(self, message: Mapping[str, Any]) -> None:
        """See `send` of the ASGI specification. What is sent to somebody who has gone is dropped, as it says there."""
        kind = message["type"]
        if kind == "websocket.accept":
            await self._accept(message)
        elif kind == "websocket.close":
            await self.close(int(message.get("code") or 1000), message.get("reason") or "")
        elif self._socket is not None and not self._ended:
            text = message.get("text")
            try:
                if text is None:
                    await self._socket.send("binary", bytes(message["bytes"]))
                else:
                    await self._socket.send("text", text.encode())
            except ConnectionLostError:
                self._ended = True

    async def close(self, code: int, reason: str = "") -> None:
        """Closes with this code, if the connection is open; one that wasn't accepted is refused."""
        if self._ended:
            return
        self._ended = True
        if self._socket is not None:
            await self._socket.close(code, reason)
            return
        await self._refuse(RejectConnection(status_code=_REFUSED))

    async def _accept(self, message: Mapping[str, Any]) -> None:
        accepted = AcceptConnection(
            subprotocol=message.get("subprotocol"), extra_headers=list(message.get("headers", ()))
        )
        await self._stream.send_all(self._handshake.send(accepted))
        self._socket = WebSocket(self._stream, self._frames(), self._early, masks=False)

    async def _refuse(self, event: Any) -> None:
        await self._stream.send_all(self._handshake.send(event))
