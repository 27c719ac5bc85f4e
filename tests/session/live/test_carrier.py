"""The server that carries a venue in a box: requests, and what goes wrong with them, on a stream in memory."""

from functools import partial

import h11
import pytest
import trio
from trio.testing import memory_stream_pair

from mainspring.session.live.venue.carrier import carry, run_lifespan
from mainspring.session.live.websocket import ConnectionLostError, WebSocket
from mainspring.wire import FrameDecoder

_FRAMES = partial(FrameDecoder, masked=True)
_UPGRADE = b"GET / HTTP/1.1\r\nhost: box\r\nupgrade: websocket\r\nconnection: upgrade\r\n"

pytestmark = pytest.mark.trio


async def _echo(scope, receive, send):
    """Answers a request with its body, and what a WebSocket sends with the same."""
    if scope["type"] == "http":
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["path"].encode())]})
        await send({"type": "http.response.body", "body": body})
        return
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", **{key: event[key] for key in ("text", "bytes") if key in event}})


async def _fail(scope, receive, send):
    raise LookupError("planted")


async def _chunks(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for part in (b"one ", b"two ", b"three"):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class _Client:
    """The other end of a connection."""

    def __init__(self, stream):
        self.stream = stream
        self._h11 = h11.Connection(h11.CLIENT)

    async def ask(self, method, target, body=b"", **headers):
        """Returns the status, the headers and the body of the answer."""
        said = [("host", "box"), ("content-length", str(len(body))), *headers.items()]
        data = self._h11.send(h11.Request(method=method, target=target, headers=said))
        await self.stream.send_all(data + self._h11.send(h11.Data(data=body)) + self._h11.send(h11.EndOfMessage()))
        parts = b""
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._h11.receive_data(bytes(await self.stream.receive_some()))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                parts += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
        return response.status_code, dict(response.headers), parts


async def _with_client(application, do):
    ours, theirs = memory_stream_pair()
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(carry, application, _FRAMES, theirs)
            found = await do(_Client(ours))
            await ours.aclose()
    return found


async def test_a_connection_takes_one_request_after_another():
    """The same connection answers a GET, a POST with a body and a HEAD, which has none."""

    async def do(client):
        return [await client.ask(*one) for one in (("GET", "/a%20b"), ("POST", "/c", b"body"), ("HEAD", "/d"))]

    first, second, third = await _with_client(_echo, do)
    assert first == (200, {b"x-path": b"/a b", b"content-length": b"0"}, b"")
    assert second == (200, {b"x-path": b"/c", b"content-length": b"4"}, b"body")
    assert third == (200, {b"x-path": b"/d", b"content-length": b"0"}, b"")


async def test_an_answer_of_unknown_length_comes_in_chunks():
    """What is sent bit by bit arrives whole."""

    async def do(client):
        return await client.ask("GET", "/")

    status, headers, body = await _with_client(_chunks, do)
    assert (status, headers[b"transfer-encoding"], body) == (200, b"chunked", b"one two three")


async def test_an_application_that_fails_answers_500(caplog):
    """The log has the error, and the server goes on."""

    async def do(client):
        return await client.ask("GET", "/broken")

    status, headers, _ = await _with_client(_fail, do)
    assert (status, headers[b"connection"]) == (500, b"close")
    assert "GET /broken failed" in caplog.text
    assert "planted" in caplog.text


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nhost: box\r\ncontent-length: 9000000\r\n\r\n" + bytes(5_000_000), b"413"),
        (_UPGRADE + b"\r\n", b"400"),
        (_UPGRADE + b"sec-websocket-key: eA==\r\nsec-websocket-version: 7\r\n\r\n", b"426"),
    ],
)
async def test_a_bad_request_is_refused_with_its_status(raw, status):
    """What isn't HTTP, what is too long, and handshakes that aren't any."""

    async def do(client):
        await client.stream.send_all(raw)
        return bytes(await client.stream.receive_some())

    assert (await _with_client(_echo, do)).startswith(b"HTTP/1.1 " + status)


async def test_an_answer_that_nobody_waits_for_is_given_up():
    """A client that hangs up ends a request that would never be answered, and so the connection."""
    begun, given_up = trio.Event(), []

    async def silent(scope, receive, send):
        await receive()
        begun.set()
        try:
            await trio.sleep_forever()
        finally:
            given_up.append(scope["path"])

    async def do(client):
        await client.stream.send_all(b"GET /silent HTTP/1.1\r\nhost: box\r\n\r\n")
        await begun.wait()

    await _with_client(silent, do)
    assert given_up == ["/silent"]


async def test_what_came_before_a_broken_frame_is_answered():
    """A message, and behind it in the same bytes a frame with a reserved bit: the echo comes, then the close 1002."""

    async def do(client):
        socket = await WebSocket.over(client.stream, "box", "/")
        good = bytes((0x81, 0x82, 0, 0, 0, 0)) + b"hi"
        broken = bytes((0xF1, 0x82, 0, 0, 0, 0)) + b"no"
        await client.stream.send_all(good + broken)
        said = []
        try:
            while True:
                said += (await socket.receive())[1]
        except ConnectionLostError as error:
            return said, error.why

    (echo, close), why = await _with_client(_echo, do)
    assert echo == ("text", None, b"hi")
    assert close[:2] == ("close", 1002)
    assert "1002" in why


@pytest.mark.parametrize("message", [{"type": "websocket.close"}, None])
async def test_a_websocket_that_isn_t_accepted_is_refused(message):
    """With 403, whether the application says so or only returns."""

    async def application(scope, receive, send):
        await receive()
        if message is not None:
            await send(message)

    async def do(client):
        with pytest.raises(ConnectionLostError, match="403"):
            await WebSocket.over(client.stream, "box", "/")

    await _with_client(application, do)


async def test_an_application_that_can_t_start_says_why():
    """Nothing is served then."""

    async def application(scope, receive, send):
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.failed", "message": "no market"})

    with pytest.raises(ExceptionGroup) as caught:
        async with trio.open_nursery() as nursery:
            await nursery.start(run_lifespan, application)
    assert caught.group_contains(RuntimeError, match="no market")
