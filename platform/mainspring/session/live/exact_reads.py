"""A TCP stream whose reads leave no holes in the heap."""

import trio

__all__ = ["ExactReads"]

_BUFFER_BYTES = 64 * 1024


class ExactReads(trio.abc.HalfCloseableStream):
    """Reads into one buffer and hands out copies of the right size; otherwise it is the stream.

    A socket's own read takes memory for the most that may come and gives the rest back. Something that stays then takes
    a part of that, so that the next read needs other memory: with twenty connections that was half of a session's heap.
    """

    def __init__(self, stream: trio.SocketStream) -> None:
        self.socket = stream.socket
        self._stream = stream
        self._buffer = bytearray(_BUFFER_BYTES)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """See `trio.abc.ReceiveStream`."""
        if self.socket.fileno() < 0:
            raise trio.ClosedResourceError("this stream was closed")
        most = _BUFFER_BYTES if max_bytes is None else min(max_bytes, _BUFFER_BYTES)
        try:
            count = await self.socket.recv_into(self._buffer, most)
        except OSError as error:
            raise trio.BrokenResourceError(f"the socket broke: {error}") from error
        return bytes(memoryview(self._buffer)[:count])

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """See `trio.abc.SendStream`."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """See `trio.abc.SendStream`."""
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """See `trio.abc.HalfCloseableStream`."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """See `trio.abc.AsyncResource`."""
        await self._stream.aclose()
