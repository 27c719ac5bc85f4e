"""A WebSocket: the client's handshake by wsproto, frames by our decoder, bytes by trio, over TLS or without."""

import os
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol, Self, TypeAlias
from urllib.parse import urlsplit

import trio
from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, RejectConnection, RejectData, Request
from wsproto.handshake import H11Handshake
from wsproto.utilities import RemoteProtocolError

from mainspring.errors import FrameError
from mainspring.seams import Receiver
from mainspring.session.live.channel import Channel, dial_channel
from mainspring.wire import FrameDecoder, FrameEvent, encode_frame

__all__ = ["ConnectionLostError", "Dial", "Frames", "WebSocket", "dial"]

_MOST_HEADER_BYTES: Final = 64 * 1024
_SWITCHING: Final = b"HTTP/1.1 101"
_GOING_AWAY: Final = 1001
_CLOSE_S: Final = 2.0


Dial: TypeAlias = Callable[[str, int, ssl.SSLContext], Awaitable[Channel]]
"""Makes a connection to a host's TCP port: see `dial`."""


class ConnectionLostError(Exception):
    """The connection couldn't be made, or has ended: `why` is a sentence for people.

    `retry_after_s` is when the venue wants to see us again, in seconds; None if it doesn't say.
    """

    def __init__(self, why: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after_s = retry_after_s


class Frames(Protocol):
    """Decodes what a server sends: see `mainspring.wire.FrameDecoder`, whose interface it has."""

    def feed(self, chunk: bytes) -> list[FrameEvent]:
        """Returns the events of a chunk."""
        ...


class WebSocket:
    """One open connection. `received` and `send` may be called from two tasks at the same time.

    No extension is negotiated: permessage-deflate has no bound on what a message expands to.
    """

    def __init__(self, stream: trio.abc.Stream, frames: Frames, early: bytes, *, masks: bool = True) -> None:
        """`early` are the bytes that came right behind the handshake. A client `masks` what it sends."""
        self._stream = stream
        self._frames = frames
        self._early = early
        self._masks = masks
        self._sending = trio.Lock()
        # The code to close with, and why: once what came before it was returned.
        self._ended: tuple[int, str] | None = None

    @classmethod
    async def open(
        cls,
        address: str,
        *,
        tls: ssl.SSLContext,
        frames: Callable[[], Frames] = FrameDecoder,
        timeout_s: float = 10.0,
        connect: "Dial | None" = None,
    ) -> Self:
        """Connects to a wss:// address, by `connect` in place of `dial` if it is given.

        Raises `ConnectionLostError`, which says at which step it failed.
        """
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or 443
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with trio.move_on_after(timeout_s):
            try:
                return await cls.over(await (connect or dial)(host, port, tls), f"{host}:{port}", target, frames)
            except (OSError, trio.BrokenResourceError) as error:
                raise _unreachable(host, port, error) from error
        raise ConnectionLostError(f"{host}:{port} didn't answer within {timeout_s:g} s")

    @classmethod
    async def over(
        cls, stream: trio.abc.Stream, host: str, target: str, frames: Callable[[], Frames] = FrameDecoder
    ) -> Self:
        """Makes a connection of a stream to `host` (with its port) by asking for `target`; closes it on any error.

        Raises `ConnectionLostError`, and what the stream raises.
        """
        try:
            return cls(stream, frames(), await _shake_hands(stream, host, target))
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise

    async def receive(self) -> tuple[int, list[FrameEvent]]:
        """Returns the next events and when their bytes were read, in nanoseconds of the wall clock; answers pings.

        Raises `ConnectionLostError` when the connection has ended, by whatever. Events before that were returned.
        """
        while self._ended is None:
            data, self._early = self._early, b""
            if not data:
                try:
                    data = bytes(await self._stream.receive_some())
                except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                    raise ConnectionLostError(f"the connection broke: {error.__cause__ or error}") from error
                if not data:
                    raise ConnectionLostError("the venue closed the connection without a word")
            now_ns = time.time_ns()
            try:
                events = self._frames.feed(data)
            except FrameError as error:
                events = list(error.events)
                self._ended = (error.close_code, f"the venue broke the protocol: {error}")
            for kind, code, payload in events:
                if kind == "ping":
                    await self.send("pong", payload)
                elif kind == "close":
                    why = f"the venue closed the connection: {code or 'no code'} {payload.decode(errors='replace')}"
                    self._ended = (1000 if code is None else code, why.strip())
            if events:
                return now_ns, events
        close_code, why = self._ended
        await self.close(close_code)
        raise ConnectionLostError(why)

    async def send(self, kind: str, payload: bytes) -> None:
        """Sends one message, or a control frame, by the `kind` and with the `payload` that `encode_frame` takes.

        Raises `ConnectionLostError`.
        """
        async with self._sending:
            try:
                await self._stream.send_all(encode_frame(kind, payload, os.urandom(4) if self._masks else None))
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                raise ConnectionLostError(f"the connection broke: {error.__cause__ or error}") from error

    async def close(self, code: int = _GOING_AWAY, reason: str = "") -> None:
        """Says goodbye with a `code` of RFC 6455 and closes, without waiting for long. Never raises.

        `reason` has at most 123 bytes.
        """
        with trio.move_on_after(_CLOSE_S) as scope:
            # A closing connection must not be kept open by the task that is being cancelled.
            scope.shield = True
            with suppress(ConnectionLostError):
                await self.send("close", code.to_bytes(2, "big") + reason.encode())
        await trio.aclose_forcefully(self._stream)


async def dial(host: str, port: int, tls: ssl.SSLContext, receiver: Receiver | None = None) -> Channel:
    """Connects to a host's TCP `port`, and has it show that it is who it says. Raises `ConnectionLostError`.

    `receiver` waits for what comes; None if trio does.
    """
    try:
        return await dial_channel(host, port, tls, receiver)
    except OSError as error:
        raise _unreachable(host, port, error) from error


def _unreachable(host: str, port: int, error: OSError | trio.BrokenResourceError) -> ConnectionLostError:
    cause = error.__cause__ if isinstance(error, trio.BrokenResourceError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ConnectionLostError(f"{host}: its certificate isn't valid: {cause.verify_message}")
    return ConnectionLostError(f"{host}:{port} can't be reached: {cause or error}")


async def _shake_hands(stream: trio.abc.Stream, host: str, target: str) -> bytes:
    """Sends the request to upgrade and takes the answer; returns what came behind it."""
    handshake = H11Handshake(ConnectionType.CLIENT)
    await stream.send_all(handshake.send(Request(host=host.removesuffix(":443"), target=target)))
    head = b""
    while b"\r\n\r\n" not in head:
        data = await stream.receive_some()
        if not data:
            raise ConnectionLostError("the venue closed the connection during the handshake")
        head += data
        if len(head) > _MOST_HEADER_BYTES:
            raise ConnectionLostError("the venue's answer to the handshake is too long")
    # What follows an accepted handshake are frames, which our decoder reads.
    end = head.index(b"\r\n\r\n") + 4 if head.startswith(_SWITCHING) else len(head)
    try:
        handshake.receive_data(head[:end])
        for event in handshake.events():
            if isinstance(event, AcceptConnection):
                return head[end:]
            if isinstance(event, RejectConnection | RejectData):
                raise _refused(event)
    except RemoteProtocolError as error:
        raise ConnectionLostError(f"the venue refused the handshake: {error}") from error
    raise ConnectionLostError("the venue's answer to the handshake isn't one")


def _refused(event: RejectConnection | RejectData) -> ConnectionLostError:
    if isinstance(event, RejectData):
        return ConnectionLostError("the venue refused the handshake")
    after = next((value for name, value in event.headers if name.lower() == b"retry-after"), b"")
    return ConnectionLostError(
        f"the venue refused the handshake with the status {event.status_code}",
        retry_after_s=float(after) if after.isdigit() else None,
    )
