"""Requests of orders over sockets: one connection for many, and what is known when something goes wrong."""

import ssl
from contextlib import asynccontextmanager

import h11
import pytest
import trio
import trustme

from mainspring.session.live.channel import Channel
from mainspring.session.live.order_http import NeverSentError, OrderHttp, OutcomeUnknownError

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Weight: 7\r\n\r\n{}"
_AUTHORITY = trustme.CA()

pytestmark = pytest.mark.trio


class _Venue:
    """Answers requests with what it is given, in turn; `None` closes the connection instead."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.connections = 0
        self.heard: list[bytes] = []
        self.asked = trio.Event()

    async def serve(self, stream):
        self.connections += 1
        async with stream:
            while True:
                heard = b""
                while b"\r\n\r\n" not in heard:
                    try:
                        more = await stream.receive_some()
                    except trio.BrokenResourceError:
                        return
                    if not more:
                        return
                    heard += more
                self.heard.append(heard)
                self.asked.set()
                answer = self.answers.pop(0)
                if answer is None:
                    return
                for part in answer if isinstance(answer, list) else [answer]:
                    await stream.send_all(part)
                if b"close" in b"".join(answer if isinstance(answer, list) else [answer]):
                    return


@asynccontextmanager
async def _serving(*answers, path=""):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _AUTHORITY.issue_cert("localhost").configure_cert(context)
    ours = ssl.create_default_context()
    _AUTHORITY.configure_trust(ours)
    venue = _Venue(*answers)
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        listeners = [trio.SSLListener(listener, context)]
        await nursery.start(trio.serve_listeners, venue.serve, listeners)
        port = listener.socket.getsockname()[1]
        http = OrderHttp(f"https://localhost:{port}{path}", ours, headers={"X-KEY": "k"})
        yield venue, http
        await http.close()
        nursery.cancel_scope.cancel()


async def test_a_connection_carries_one_request_after_the_other():
    """What is sent is what was asked for, in one piece; statuses, bodies in chunks and headers come back."""
    chunked = b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with _serving(_OK, [chunked[:30], chunked[30:]], _OK, path="/v2/") as (venue, http):
        answer = await http.request("POST", "/order?a=1&b=%20")
        assert (answer.status, answer.body, answer.headers["x-weight"]) == (200, b"{}", "7")
        answer = await http.request("PATCH", "/order", b'{"a":1}')
        assert (answer.status, answer.body) == (400, b"abcde")
        await http.request("DELETE", "/order")
        assert venue.connections == 1
        first, second, third = venue.heard
        host = first.partition(b"Host: ")[2].partition(b"\r\n")[0]
        assert host.startswith(b"localhost:")
        assert first.startswith(b"POST /v2/order?a=1&b=%20 HTTP/1.1\r\n")
        assert b"X-KEY: k\r\n" in first
        assert b"Content-Length: 0\r\n" in first
        assert b"Content-Type: application/json\r\n" in second
        assert second.endswith(b'Content-Length: 7\r\n\r\n{"a":1}')
        assert b"Content" not in third


async def test_a_request_leaves_without_a_turn_of_the_event_loop():
    """Where a connection is free: it is on its way before any other task goes on. h11 would have written the same."""
    async with _serving(_OK, _OK, _OK) as (venue, http):
        await http.request("GET", "/")
        for method, path, body in (("POST", "/order?a=1&b=%20", b""), ("PATCH", "/order", b'{"a":1}')):
            exchange = http.begin(method, path, body)
            assert exchange.line is not None
            assert exchange.rest == b""
            assert (await http.finish(exchange)).status == 200
            headers = [*list(exchange.form.request.headers)[:-1], (b"content-length", str(len(body)).encode())]
            plain = h11.Connection(h11.CLIENT)
            parts = [h11.Request(method=method, target=path, headers=headers), h11.Data(data=body), h11.EndOfMessage()]
            written = b"".join(plain.send(one) or b"" for one in parts)
            assert venue.heard[-1].lower() == written.lower()
        assert venue.connections == 1


async def test_what_breaks_while_it_is_sent_may_have_arrived(monkeypatch):
    """It isn't sent again, and its connection isn't used again."""
    async with _serving(_OK) as (_, http):
        await http.request("GET", "/")
        (line,) = http._idle

        def broken(_data):
            raise trio.BrokenResourceError("cut")

        monkeypatch.setattr(line.channel, "send_now", broken)
        exchange = http.begin("POST", "/")
        with pytest.raises(OutcomeUnknownError, match="the connection broke: cut"):
            await http.finish(exchange)
        assert not http._idle


async def test_what_the_system_does_not_take_at_once_follows(monkeypatch):
    """Nothing is lost or sent twice."""
    async with _serving(_OK, _OK) as (venue, http):
        await http.request("GET", "/")
        (line,) = http._idle
        sends = line.channel.send_now
        monkeypatch.setattr(line.channel, "send_now", lambda data: sends(data[:10]))
        exchange = http.begin("GET", "/whole")
        monkeypatch.setattr(line.channel, "send_now", sends)
        assert len(exchange.rest) > 10
        await http.finish(exchange)
        assert venue.heard[1].startswith(b"GET /whole HTTP/1.1\r\nHost:")
        assert venue.heard[1].endswith(b"X-KEY: k\r\n\r\n")


async def test_all_connections_are_closed_in_a_session_that_is_cancelled():
    """None stays open because the first is closed in a scope that ends."""
    async with _serving(_OK, _OK) as (_, http):
        async with trio.open_nursery() as nursery:
            for _ in range(2):
                nursery.start_soon(http.request, "GET", "/")
        lines = list(http._idle)
        assert len(lines) == 2
        with trio.CancelScope() as scope:
            scope.cancel()
            await http.close()
        assert [line.channel.socket.fileno() for line in lines] == [-1, -1]


async def test_requests_at_the_same_time_have_a_connection_each():
    """And both connections are used again."""
    async with _serving(_OK, _OK, _OK, _OK) as (venue, http):
        for _ in range(2):
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(http.request, "GET", "/")
        assert venue.connections == 2
        assert len(venue.heard) == 4


async def test_a_connection_that_the_venue_closes_is_made_again():
    """After an answer that says so, and in silence: a request isn't sent where nobody listens."""
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    silently = b"HTTP/1.1 200 OK\r\nX: close\r\nContent-Length: 0\r\n\r\n"
    async with _serving(closing, silently, _OK) as (venue, http):
        await http.request("GET", "/")
        await http.request("GET", "/")
        (line,) = http._idle
        await trio.lowlevel.wait_readable(line.channel.socket)
        assert (await http.request("GET", "/")).status == 200
        assert venue.connections == 3


async def test_nothing_is_known_of_a_request_without_an_answer():
    """The venue closes the connection, breaks off or says something else than HTTP: it isn't sent again."""
    broken_off = b"HTTP/1.1 200 OK\r\nX: close\r\nContent-Length: 2\r\n\r\n{"
    for answer, said in ((None, "closed"), (b"nonsense close\r\n\r\n", "isn't one"), (broken_off, "closed")):
        async with _serving(answer) as (venue, http):
            with pytest.raises(OutcomeUnknownError, match=said):
                await http.request("POST", "/")
            assert len(venue.heard) == 1
            assert not http._idle


async def test_an_answer_that_takes_too_long_is_given_up(monkeypatch):
    """Its connection is reset, not used again: the answer to another request could be on it, and ours still leave."""
    aborted, abort = [], Channel.abort

    def count(channel):
        aborted.append(channel)
        abort(channel)

    monkeypatch.setattr(Channel, "abort", count)
    async with _serving(_OK, _OK) as (_, http):
        await http.request("GET", "/")
        http._timeout_s = 0.0
        with pytest.raises(OutcomeUnknownError, match="no answer within 0 s"):
            await http.request("POST", "/")
        assert not http._idle
        assert len(aborted) == 1
        with pytest.raises(NeverSentError, match="didn't answer within 0 s"):
            await http.request("POST", "/")


async def test_what_never_left_is_known():
    """Nobody listens, the certificate isn't trusted, or it can't be written."""
    async with _serving(_OK) as (venue, http):
        with pytest.raises(NeverSentError, match="can't be written"):
            await http.request("GET", "/ no path")
        stranger = OrderHttp(f"https://localhost:{http._port}", ssl.create_default_context())
        with pytest.raises(NeverSentError, match="certificate isn't valid"):
            await stranger.request("GET", "/")
        assert venue.heard == []
        port = http._port
    with pytest.raises(NeverSentError, match="can't be reached"):
        await OrderHttp(f"https://localhost:{port}", ssl.create_default_context()).request("GET", "/")


async def test_an_answer_that_is_too_large_is_taken_as_empty(monkeypatch):
    """Its status counts, and the connection isn't used again."""
    monkeypatch.setattr("mainspring.session.live.order_http.MAX_MESSAGE_BYTES", 1)
    async with _serving(_OK, _OK) as (venue, http):
        answer = await http.request("GET", "/")
        assert (answer.status, answer.body) == (200, b"")
        await http.request("GET", "/")
        assert venue.connections == 2
