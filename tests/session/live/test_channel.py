"""A connection that is written to without a turn of the event loop, and read in pieces of the right size."""

import fcntl
import os
import resource
import socket
import ssl

import pytest
import trio
import trustme

from mainspring.session.live.channel import Channel, _is_readable, dial_channel

pytestmark = pytest.mark.trio

_AUTHORITY = trustme.CA()


def _pair():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    return Channel(ours), trio.SocketStream(trio.socket.from_stdlib_socket(theirs))


async def test_a_channel_is_a_stream():
    """What is sent comes, in pieces of the most that is asked for; then the end, and errors are a stream's."""
    ours, other = _pair()
    await ours.send_all(b"question")
    assert await other.receive_some() == b"question"
    await other.send_all(b"answer")
    first = await ours.receive_some(4)
    assert (first, await ours.receive_some()) == (b"answ", b"er")
    await other.send_all(b"more")
    assert await ours.receive_some() == b"more"
    # What was handed out before isn't in the buffer.
    assert first == b"answ"
    await other.aclose()
    assert await ours.receive_some() == b""
    with pytest.raises(trio.BrokenResourceError, match="socket broke"):
        await ours.send_all(b"to nobody")
    await ours.aclose()
    ours.close()
    for call in (ours.receive_some, lambda: ours.send_all(b"x")):
        with pytest.raises(trio.ClosedResourceError):
            await call()


async def test_what_is_sent_at_once_is_what_the_system_takes():
    """No turn of the event loop passes; the rest is sent where the other side reads, and nothing twice."""
    ours, other = _pair()
    whole = bytes(range(256)) * 40_000
    sent = ours.send_now(whole)
    assert 0 < sent < len(whole)
    assert ours.send_now(whole[sent:]) == 0
    heard = b""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ours.send_all, whole[sent:])
        while len(heard) < len(whole):
            heard += await other.receive_some()
    assert heard == whole
    ours.close()
    await other.aclose()


async def test_a_task_that_waits_for_bytes_hears_that_the_channel_is_closed():
    """As with any stream of trio's."""
    ours, other = _pair()
    async with trio.open_nursery() as nursery:

        async def wait():
            with pytest.raises(trio.ClosedResourceError):
                await ours.receive_some()

        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        ours.close()
    await other.aclose()


async def test_what_tls_has_decrypted_is_handed_out_at_once():
    """Several reads of a few bytes, though the socket has nothing more; and others get their turn between them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _AUTHORITY.issue_cert("localhost").configure_cert(context)
    tls = ssl.create_default_context()
    _AUTHORITY.configure_trust(tls)
    turns = 0

    async def serve(stream):
        await stream.send_all(b"0123456789" * 10)
        assert await stream.receive_some() == b"thanks"
        await stream.aclose()

    async def count_turns():
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(trio.serve_listeners, serve, [trio.SSLListener(listener, context)])
        ours = await dial_channel("localhost", listener.socket.getsockname()[1], tls)
        heard = await ours.receive_some(10)
        nursery.start_soon(count_turns)
        with trio.fail_after(5):
            for _ in range(9):
                heard += await ours.receive_some(10)
        assert heard == b"0123456789" * 10
        assert turns >= 8
        assert ours.send_now(b"thanks") == 6
        with trio.fail_after(5):
            assert await ours.receive_some() == b""
        ours.close()
        nursery.cancel_scope.cancel()


async def test_a_connection_that_is_cut_is_not_one_that_ends():
    """TLS says goodbye: an answer without one may be a part of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _AUTHORITY.issue_cert("localhost").configure_cert(context)
    tls = ssl.create_default_context()
    _AUTHORITY.configure_trust(tls)

    async def serve(stream):
        await stream.send_all(b"half an ans")
        await trio.aclose_forcefully(stream.transport_stream)

    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        await nursery.start(trio.serve_listeners, serve, [trio.SSLListener(listener, context)])
        ours = await dial_channel("localhost", listener.socket.getsockname()[1], tls)
        assert await ours.receive_some() == b"half an ans"
        with pytest.raises(trio.BrokenResourceError):
            await ours.receive_some()
        ours.close()
        nursery.cancel_scope.cancel()


async def test_a_descriptor_above_1023_is_asked() -> None:
    """A process with many connections and files has such, and `select` takes none of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4_096, hard)), hard))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        high = fcntl.fcntl(ours.fileno(), fcntl.F_DUPFD, 1_500)
        try:
            assert not _is_readable(high)
            theirs.send(b"x")
            assert _is_readable(high)
        finally:
            os.close(high)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _connected():
    """A channel over TCP, and the other end."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    channel = await dial_channel("127.0.0.1", listener.socket.getsockname()[1], None)
    other = await listener.accept()
    await listener.aclose()
    return channel, other


async def _rest(stream):
    """How many bytes come to the end of a stream, and whether it is reset."""
    count = 0
    try:
        while data := await stream.receive_some():
            count += len(data)
    except trio.BrokenResourceError:
        return count, True
    return count, False


@pytest.mark.parametrize("aborted", [True, False])
async def test_what_the_system_has_not_sent_never_arrives_after_an_abort(aborted):
    """What was taken from us but waits for the other side is dropped; a connection that is closed delivers it all."""
    channel, other = await _connected()
    sent = 0
    while count := channel.send_now(bytes(1_000_000)):
        sent += count
    (channel.abort if aborted else channel.close)()
    arrived, reset = await _rest(other)
    assert reset == aborted
    assert arrived < sent if aborted else arrived == sent
    await other.aclose()
    channel.abort()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no TCP_USER_TIMEOUT")
async def test_the_system_gives_up_what_nobody_confirms():
    """After as many milliseconds as were asked for."""
    channel, other = await _connected()
    channel.give_up_after(2.5)
    assert channel.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 2_500
    channel.close()
    await other.aclose()
