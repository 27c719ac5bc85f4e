"""Our client side of WebSockets, and the server side that carries a venue in a box, by Autobahn's cases.

All cases but those of compression, which is never negotiated. A case is passed if it is OK, or informational: what the
protocol leaves open.
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from signal import SIGABRT

import pytest
import trio

from mainspring.session.live.venue.carrier import carry
from mainspring.session.live.websocket import ConnectionLostError, WebSocket
from mainspring.wire import FrameDecoder

_PROGRAM = Path(__file__).with_name("autobahn.py")
_ENOUGH_S = 300.0
_CASES = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,10.*"
_LIMITS = "9.*"


def _decoders():
    native = pytest.importorskip("mainspring_native._native", reason="mainspring-native absent")
    return {"plain": FrameDecoder, "native": native.FrameDecoder}


async def _echo(port, target, frames):
    """Sends back what comes on one connection; returns it. A question of the server's isn't answered."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    socket = await WebSocket.over(stream, f"127.0.0.1:{port}", target, frames)
    received = []
    try:
        while True:
            for kind, _, payload in (await socket.receive())[1]:
                if kind in ("text", "binary"):
                    received.append(payload)
                    if target.startswith("/runCase"):
                        await socket.send(kind, payload)
    except ConnectionLostError:
        return received
    finally:
        await socket.close()


async def _run_cases(port, frames):
    (count,) = await _echo(port, "/getCaseCount", frames)
    for number in range(1, int(count) + 1):
        await _echo(port, f"/runCase?case={number}&agent=mainspring", frames)
    await _echo(port, "/updateReports?agent=mainspring", frames)


def _client_results(frames, cases):
    command = [sys.executable, str(_PROGRAM), "server", cases]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            trio.run(_run_cases, int(server.stdout.readline()), frames)
            return json.loads(server.stdout.readline())
        finally:
            server.kill()


async def _answer(scope, receive, send):
    """An application that sends back what it is sent."""
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": event.get("bytes"), "text": event.get("text")})


async def _server_results(frames, cases):
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, partial(carry, _answer, frames), listeners)
        command = [sys.executable, str(_PROGRAM), "client", f"ws://127.0.0.1:{port}", cases]
        with trio.fail_after(_ENOUGH_S):
            # The client's native code now and then aborts, whatever the server does: then it starts again.
            while (done := await trio.run_process(command, capture_stdout=True, check=False)).returncode == -SIGABRT:
                pass
        nursery.cancel_scope.cancel()
    assert done.returncode == 0
    return json.loads(done.stdout)


def _failed(results):
    """The cases that weren't passed."""
    return {case: result for case, result in results.items() if not set(result) <= {"OK", "INFORMATIONAL"}}


@pytest.mark.parametrize("decoder", ["plain", "native"])
def test_our_client_passes(decoder):
    """Framing, pings, reserved bits, opcodes, fragments, UTF-8 and closes."""
    results = _client_results(_decoders()[decoder], _CASES)
    assert len(results) == 247
    assert not _failed(results)


@pytest.mark.gate
@pytest.mark.parametrize("decoder", ["plain", "native"])
def test_our_client_takes_large_messages_and_many(decoder):
    """Messages of up to 16 MiB, whole and in fragments, and thousands of small ones."""
    results = _client_results(_decoders()[decoder], _LIMITS)
    assert len(results) == 54
    assert not _failed(results)


@pytest.mark.parametrize("decoder", ["plain", "native"])
def test_the_server_of_the_box_passes(decoder):
    """The same cases, what came before an error in the same bytes included."""
    results = trio.run(_server_results, partial(_decoders()[decoder], masked=True), _CASES)
    assert len(results) == 247
    assert not _failed(results)
