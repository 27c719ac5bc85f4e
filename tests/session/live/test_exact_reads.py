"""A stream whose reads are of the right size."""

import pytest
import trio

from mainspring.session.live.exact_reads import ExactReads

pytestmark = pytest.mark.trio


async def test_a_stream_that_reads_exactly_is_the_stream():
    """What is sent comes, in pieces of the most that is asked for; then the end, and errors are a stream's."""
    ours, theirs = trio.socket.socketpair()
    stream, other = ExactReads(trio.SocketStream(ours)), trio.SocketStream(theirs)
    await stream.send_all(b"question")
    assert await other.receive_some() == b"question"
    await other.send_all(b"answer")
    first = await stream.receive_some(4)
    assert (first, await stream.receive_some()) == (b"answ", b"er")
    await other.send_all(b"more")
    assert await stream.receive_some() == b"more"
    # What was handed out before isn't in the buffer.
    assert first == b"answ"
    await stream.send_eof()
    assert await other.receive_some() == b""
    await other.aclose()
    assert await stream.receive_some() == b""
    await stream.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await stream.receive_some()


async def test_a_broken_socket_is_a_broken_stream():
    """Here one that isn't connected."""
    with trio.socket.socket() as unconnected:
        broken = ExactReads.__new__(ExactReads)
        broken.socket, broken._buffer = unconnected, bytearray(64 * 1024)
        with pytest.raises(trio.BrokenResourceError, match="socket broke"):
            await broken.receive_some()
