"""One TCP connection, encrypted or plain, that can be written to without giving others their turn."""

import select
import socket
import ssl
import struct
import sys
from contextlib import suppress
from typing import Final

import trio

from mainspring.seams import Receiver

__all__ = ["Channel", "dial_channel"]

_BUFFER_BYTES: Final = 64 * 1024
_RESET: Final = struct.pack("ii", 1, 0)
_NOTHING_YET: Final = (BlockingIOError, ssl.SSLWantReadError)
_FULL: Final = (BlockingIOError, ssl.SSLWantWriteError)


class Channel(trio.abc.Stream):
    """A connected socket, or a TLS one, as a stream of trio's.

    An order is written by the task that has read the message which led to it: `send_now` hands bytes to the system
    without a turn of the event loop. A read waits first and then takes what there is, so that nothing lies between a
    message's bytes and what runs it. Reads go to one buffer, of which copies of the right size are handed out: memory
    for the most that may come, of which a part is given back, leaves holes in the heap.
    """

    def __init__(self, connected: socket.socket, receiver: Receiver | None = None) -> None:
        """`connected` doesn't block; one that is encrypted is an `ssl.SSLSocket`.

        `receiver` waits for what comes; None if trio does.
        """
        self.socket = connected
        self._receiver = receiver
        self._encrypted = connected if isinstance(connected, ssl.SSLSocket) else None
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._may_have_more = False

    async def shake_hands(self) -> None:
        """Has the other side of an encrypted connection show that it is who it says. Raises `OSError`."""
        while self._encrypted is not None:
            try:
                self._encrypted.do_handshake()
            except ssl.SSLWantReadError:
                await trio.lowlevel.wait_readable(self.socket)
            except ssl.SSLWantWriteError:
                await trio.lowlevel.wait_writable(self.socket)
            else:
                return

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """See `trio.abc.ReceiveStream`."""
        most = _BUFFER_BYTES if max_bytes is None else min(max_bytes, _BUFFER_BYTES)
        if self._may_have_more:
            await trio.lowlevel.checkpoint()
        else:
            await self._wait_readable()
        while True:
            try:
                count = self.socket.recv_into(self._buffer, most)
            except _NOTHING_YET:
                await self._wait_readable()
            except ssl.SSLWantWriteError:
                await trio.lowlevel.wait_writable(self.socket)
            except OSError as error:
                raise self._broken(error) from error
            else:
                # What TLS has decrypted already no longer shows at the socket.
                self._may_have_more = count == most or (self._encrypted is not None and self._encrypted.pending() > 0)
                return bytes(self._view[:count])

    def send_now(self, data: bytes | memoryview) -> int:
        """Sends what the system takes at once, and returns how many bytes that are. Raises as `send_all` does."""
        sent = 0
        try:
            while sent < len(data):
                sent += self.socket.send(data[sent:] if sent else data)
        except _FULL:
            return sent
        except OSError as error:
            raise self._broken(error) from error
        return sent

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """See `trio.abc.SendStream`."""
        await trio.lowlevel.checkpoint()
        rest = memoryview(data)
        while (sent := self.send_now(rest)) < len(rest):
            rest = rest[sent:]
            await trio.lowlevel.wait_writable(self.socket)

    async def wait_send_all_might_not_block(self) -> None:
        """See `trio.abc.SendStream`."""
        await trio.lowlevel.wait_writable(self.socket)

    @property
    def is_readable(self) -> bool:
        """Whether something has come, be it the end."""
        return _is_readable(self.socket.fileno())

    def close(self) -> None:
        """Closes it at once, without a goodbye."""
        if self.socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self.socket)
            if self._receiver is not None:
                self._receiver.forget(self.socket)
            self.socket.close()

    def abort(self) -> None:
        """Resets it at once: what the system hasn't sent won't arrive. After `close` it still might, for long."""
        if self.socket.fileno() >= 0:
            with suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def give_up_after(self, seconds: float) -> None:
        """Has the system drop what nobody has confirmed for that long, though this process be gone, where it can."""
        if sys.platform == "linux" and self.socket.family in (socket.AF_INET, socket.AF_INET6):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, round(seconds * 1_000)))

    async def aclose(self) -> None:
        """See `trio.abc.AsyncResource`."""
        self.close()
        await trio.lowlevel.checkpoint()

    async def _wait_readable(self) -> None:
        if self.socket.fileno() < 0:
            raise trio.ClosedResourceError("this connection was closed")
        if self._receiver is None:
            await trio.lowlevel.wait_readable(self.socket)
        else:
            await self._receiver.wait_readable(self.socket)

    def _broken(self, error: OSError) -> trio.BrokenResourceError | trio.ClosedResourceError:
        if self.socket.fileno() < 0:
            return trio.ClosedResourceError("this connection was closed")
        return trio.BrokenResourceError(f"the socket broke: {error}")


async def dial_channel(host: str, port: int, tls: ssl.SSLContext | None, receiver: Receiver | None = None) -> Channel:
    """Connects to a host's TCP `port`; without `tls`, in plain. Raises `OSError`.

    `receiver` waits for what comes; None if trio does.
    """
    stream = await trio.open_tcp_stream(host, port)
    connected = socket.socket(fileno=stream.socket.detach())
    try:
        connected.setblocking(False)
        if tls is not None:
            # A connection that ends without TLS's own goodbye may have been cut short.
            connected = tls.wrap_socket(
                connected, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
            )
        channel = Channel(connected, receiver)
        await channel.shake_hands()
    except BaseException:
        connected.close()
        raise
    return channel


def _is_readable(descriptor: int) -> bool:
    if sys.platform == "win32":
        return bool(select.select([descriptor], [], [], 0)[0])
    # `select` takes no descriptor above 1023, and a process with many connections and files has such.
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))
