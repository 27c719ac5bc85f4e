"""Clients of a WebSocket that receive the same messages over loopback: ours, and others where they are installed."""

import asyncio
import base64
import hashlib
import re
import socket
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias

import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from mainspring.session.live.websocket import WebSocket

__all__ = ["Burst", "by_ours", "by_picows", "by_trio_websocket", "by_wsproto", "connected_pair"]

Burst: TypeAlias = tuple[bytes, int]
"""Frames that are sent at once, and how many messages they are."""

_READ_BYTES = 64 * 1024
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def connected_pair() -> tuple[socket.socket, socket.socket]:
    """Returns both ends of a TCP connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    for one in (client, server):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client, server


def by_ours(frames: Callable[[], Any], bursts: Sequence[Burst]) -> tuple[int, int]:
    """Returns how many messages of `bursts` came, and their bytes, by our client with a decoder that `frames` makes."""

    async def receive(stream: trio.SocketStream, server: socket.socket) -> tuple[int, int]:
        client = WebSocket(stream, frames(), b"")
        count = size = 0
        for raw, messages in bursts:
            server.sendall(raw)
            left = messages
            while left:
                _, events = await client.receive()
                left -= len(events)
                for _, _, payload in events:
                    size += len(payload)
            count += messages
        return count, size

    return _in_trio(receive)


def by_wsproto(bursts: Sequence[Burst]) -> tuple[int, int]:
    """Receives `bursts` by wsproto over a trio stream; see `by_ours`."""

    async def receive(stream: trio.SocketStream, server: socket.socket) -> tuple[int, int]:
        client = Connection(ConnectionType.CLIENT)
        count = size = 0
        for raw, messages in bursts:
            server.sendall(raw)
            left = messages
            while left:
                client.receive_data(await stream.receive_some(_READ_BYTES))
                for event in client.events():
                    assert isinstance(event, TextMessage)
                    left -= event.message_finished
                    size += len(event.data)
            count += messages
        return count, size

    return _in_trio(receive)


def by_trio_websocket(bursts: Sequence[Burst]) -> tuple[int, int]:
    """Receives `bursts` by trio-websocket; see `by_ours`."""
    library: Any = import_module("trio_websocket")

    async def receive(stream: trio.SocketStream, server: socket.socket) -> tuple[int, int]:
        count = size = 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, _shake_hands, server)
            client = await library.wrap_client_stream(nursery, stream, "localhost", "/")
            for raw, messages in bursts:
                server.sendall(raw)
                for _ in range(messages):
                    size += len(await client.get_message())
                count += messages
            nursery.cancel_scope.cancel()
        return count, size

    return _in_trio(receive)


def by_picows(bursts: Sequence[Burst]) -> tuple[int, int]:
    """Receives `bursts` by picows, on asyncio; see `by_ours`."""
    library: Any = import_module("picows")

    async def receive() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        found: list[socket.socket] = []
        listener = socket.create_server(("127.0.0.1", 0))

        def accept() -> None:
            found.append(listener.accept()[0])
            _shake_hands(found[0])

        class Listener(library.WSListener):  # type: ignore[misc]
            left = size = 0
            done: asyncio.Future[None]

            def on_ws_frame(self, transport: Any, frame: Any) -> None:
                self.size += len(frame.get_payload_as_bytes())
                self.left -= 1
                if not self.left:
                    self.done.set_result(None)

        thread = threading.Thread(target=accept)
        thread.start()
        transport, client = await library.ws_connect(Listener, f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()
        (server,) = found
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        count = 0
        for raw, messages in bursts:
            client.left, client.done = messages, loop.create_future()
            server.sendall(raw)
            await client.done
            count += messages
        transport.disconnect()
        for one in (server, listener):
            one.close()
        return count, client.size

    return asyncio.run(receive())


def _in_trio(receive: Callable[[trio.SocketStream, socket.socket], Any]) -> tuple[int, int]:
    client, server = connected_pair()

    async def main() -> tuple[int, int]:
        client.setblocking(False)
        async with trio.SocketStream(trio.socket.from_stdlib_socket(client)) as stream:
            found: tuple[int, int] = await receive(stream, server)
            return found

    with server:
        return trio.run(main)


def _shake_hands(server: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        request += server.recv(65_536)
    match = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
    assert match is not None
    accept = base64.b64encode(hashlib.sha1(match[1] + _MAGIC).digest())  # noqa: S324  the protocol's own
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    server.sendall(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
