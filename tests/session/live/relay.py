"""Relays TCP connections, and does to them what a bad network does, as a program of its own.

    python relay.py FROM_HOST:PORT TO_HOST:PORT [--delay-ms N] [--seed N] [--do CHUNK:WHAT ...]

Port 0 takes a free one; the port is printed. Each chunk waits for up to N milliseconds, by a seeded random number, and
chunks stay in order, as TCP's do. When that many chunks have come from the other side, WHAT happens: "cut" resets all
connections, "stall=S" passes nothing on for S seconds, and "run=COMMAND" runs a command. Ends with its standard input.
"""

import argparse
import random
import shlex
import socket
import struct
import sys

import trio


class _Relay:
    def __init__(self, target, delay_s, seed, deeds):
        self._target = target
        self._delay_s = delay_s
        self._random = random.Random(seed)
        self._deeds = deeds
        self._chunks = 0
        self._open = trio.Event()
        self._open.set()
        self._sockets = set()

    async def relay(self, client):
        try:
            server = await trio.open_tcp_stream(*self._target)
        except OSError:
            # As the other end would see it without a relay.
            await trio.aclose_forcefully(client)
            return
        ends = {client.socket, server.socket}
        self._sockets |= ends
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._pump, client, server, False, nursery.cancel_scope)
            nursery.start_soon(self._pump, server, client, True, nursery.cancel_scope)
        self._sockets -= ends
        await trio.aclose_forcefully(server)

    async def _pump(self, source, sink, counts, scope):
        try:
            while data := await source.receive_some():
                if counts:
                    self._chunks += 1
                    await self._do(self._deeds.pop(self._chunks, ""))
                if self._delay_s:
                    await trio.sleep(self._random.uniform(0, self._delay_s))
                await self._open.wait()
                await sink.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # One end is gone: so is the connection.
        scope.cancel()

    async def _do(self, deed):
        kind, _, what = deed.partition("=")
        if kind == "cut":
            for one in self._sockets:
                # What closes with this option resets the connection.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.close()
        elif kind == "stall":
            self._open = trio.Event()
            await trio.sleep(float(what))
            self._open.set()
        elif kind == "run":
            await trio.run_process(shlex.split(what))


def _address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


async def main(arguments):
    deeds = {int(chunk): what for chunk, _, what in (one.partition(":") for one in arguments.do)}
    relay = _Relay(_address(arguments.to), arguments.delay_ms / 1e3, arguments.seed, deeds)
    host, port = _address(arguments.source)
    listeners = await trio.open_tcp_listeners(port, host=host)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, relay.relay, listeners)
        print(listeners[0].socket.getsockname()[1], flush=True)
        await trio.lowlevel.wait_readable(sys.stdin)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("to")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--do", action="append", default=[])
    trio.run(main, parser.parse_args())
