"""The venue of the suite `live`, as a process of its own: says market messages, and times the orders that answer them.

`python -m mainspring_perf._live_venue MOVES` prints a port of loopback, where it speaks as much of Binance's API as a
session needs, without TLS: a WebSocket of market data, one of the account's events, and HTTP. Once both WebSockets
stand it says a book, and then messages of which each moves it, `PACE_NS` apart, until `MOVES` of them were answered by
an order. It prints the nanoseconds from before the first byte of each was sent until the whole order was read, as JSON,
closes all connections and prints the port for the next client. Orders end as they arrive, unfilled.

A client that only echoes opens two connections, says `MARKET` on one and `ORDERS` on the other, and answers each
message with bytes that end as an order does.
"""

import base64
import hashlib
import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Generator
from typing import Any, Final

from mainspring.wire import encode_frame
from mainspring_perf.path import moving_messages

__all__ = ["END", "MARKET", "ORDERS", "PACE_NS", "main"]

END: Final = b"\r\n\r\n"
"""What an order ends with."""
MARKET: Final = b"MARKET\r\n\r\n"
"""What an echo says first on the connection on which it wants market messages."""
ORDERS: Final = b"ORDERS\r\n\r\n"
"""What an echo says first on the connection of its answers."""
PACE_NS: Final = 4_000_000
"""How far apart messages are sent, unless an order comes later."""

_LOOPBACK: Final = "127.0.0.1"
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Until a session trades, its venue says something now and then.
_UNANSWERED_S: Final = 0.05
_MOST_UNANSWERED: Final = 400
_ANSWERS: Final = {
    "/api/v3/openOrders": [],
    "/api/v3/myTrades": [],
    "/api/v3/account": {"balances": []},
}


def main(moves: int) -> None:
    """Serves one client after the other; `moves` is how many answers it waits for."""
    while True:
        # A port for each: a session that is ending may try to connect again.
        with socket.create_server((_LOOPBACK, 0)) as listener:
            sys.stdout.write(f"{listener.getsockname()[1]}\n")
            sys.stdout.flush()
            took = _Venue(listener).run(moves)
        sys.stdout.write(f"{json.dumps(took)}\n")
        sys.stdout.flush()


class _Venue:
    """The connections of one client."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._open: list[socket.socket] = []
        self._market: socket.socket | None = None
        self._account: socket.socket | None = None
        self._ready = False
        self._answered_ns = 0
        self._echoes = False
        self._number = 0

    def run(self, moves: int) -> list[int]:
        """Returns what each of that many answers took, in nanoseconds; fewer if the client has gone."""
        took: list[int] = []
        setup, messages = moving_messages(moves + _MOST_UNANSWERED)
        try:
            while not self._ready:
                self._serve(None)
            assert self._market is not None
            if not self._echoes:
                for _, raw in setup:
                    self._market.sendall(encode_frame("text", raw))
            frames = [encode_frame("text", raw) for _, raw in messages]
            for frame in frames:
                self._answered_ns = 0
                sent_ns = time.perf_counter_ns()
                self._market.sendall(frame)
                until = time.monotonic() + _UNANSWERED_S
                while not self._answered_ns and (left_s := until - time.monotonic()) > 0:
                    self._serve(left_s)
                if self._answered_ns:
                    took.append(self._answered_ns - sent_ns)
                    if len(took) == moves:
                        break
                    if (left_ns := sent_ns + PACE_NS - time.perf_counter_ns()) > 0:
                        time.sleep(left_ns / 1e9)
        except ConnectionError:
            pass
        finally:
            self._selector.close()
            for one in self._open:
                one.close()
        return took

    def _serve(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            key.data()

    def _accept(self) -> None:
        connected, _ = self._listener.accept()
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.append(connected)
        conversation = self._converse(connected)
        next(conversation)

        def read() -> None:
            data = connected.recv(65_536)
            if not data:
                self._selector.unregister(connected)
                if connected in (self._market, self._account):
                    raise ConnectionResetError
                return
            conversation.send(data)

        self._selector.register(connected, selectors.EVENT_READ, read)

    def _converse(self, connected: socket.socket) -> Generator[None, bytes, None]:
        """Takes what a connection brings, and answers it: HTTP until it asks for something else."""
        data = b""
        while True:
            while END not in data:
                data += yield
            head, _, data = data.partition(END)
            if head + END == MARKET:
                self._market, self._echoes = connected, True
            elif head + END == ORDERS:
                break
            elif b"Upgrade: websocket" in head or b"Upgrade: WebSocket" in head:
                self._upgrade(connected, head)
                yield from self._take_frames(connected, data)
            else:
                self._respond(connected, head)
        self._ready = True
        while True:
            while not data.endswith(END):
                data += yield
            self._answered_ns = time.perf_counter_ns()
            data = b""

    def _upgrade(self, connected: socket.socket, head: bytes) -> None:
        found = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)
        assert found is not None
        accept = base64.b64encode(hashlib.sha1(found[1] + _MAGIC).digest())  # noqa: S324  the protocol's own
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connected.sendall(answer + b"Sec-WebSocket-Accept: " + accept + END)
        if b"ws-api" in head.split(b"\r\n", 1)[0]:
            self._account = connected
        else:
            self._market = connected

    def _take_frames(self, connected: socket.socket, data: bytes) -> Generator[None, bytes, None]:
        """Answers what a client says: it has to mask it, and says little at once."""
        while True:
            while len(data) < 2:
                data += yield
            opcode, length, at = data[0] & 15, data[1] & 127, 2
            if length == 126:
                while len(data) < 4:
                    data += yield
                length, at = int.from_bytes(data[2:4], "big"), 4
            while len(data) < at + 4 + length:
                data += yield
            mask, payload = data[at : at + 4], data[at + 4 : at + 4 + length]
            data = data[at + 4 + length :]
            said = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
            if opcode == 9:
                connected.sendall(encode_frame("pong", said))
            elif opcode == 1:
                asked = json.loads(said)
                result = [{"subscriptionId": 0}] if asked.get("method") == "session.subscriptions" else None
                answer = {"id": asked.get("id"), "status": 200, "result": result}
                connected.sendall(encode_frame("text", json.dumps(answer).encode()))
                self._ready = self._market is not None and self._account is not None

    def _respond(self, connected: socket.socket, head: bytes) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        path, _, query = target.partition("?")
        if method == "POST":
            self._answered_ns = time.perf_counter_ns()
            self._take_order(connected, dict(one.split("=") for one in query.split("&")))
        elif path == "/api/v3/time":
            _answer(connected, {"serverTime": time.time_ns() // 1_000_000})
        elif path in _ANSWERS:
            _answer(connected, _ANSWERS[path])
        else:
            _answer(connected, {"code": -2013, "msg": "Order does not exist."}, b"400 Bad Request")

    def _take_order(self, connected: socket.socket, order: dict[str, str]) -> None:
        """Says that the order stands, and that it has ended unfilled."""
        self._number += 1
        now_ms, name = time.time_ns() // 1_000_000, order["newClientOrderId"]
        _answer(
            connected,
            {
                "symbol": order["symbol"],
                "orderId": self._number,
                "clientOrderId": name,
                "transactTime": now_ms,
                "price": order["price"],
                "origQty": order["quantity"],
                "executedQty": "0.00000000",
                "status": "EXPIRED",
                "timeInForce": "IOC",
                "type": "LIMIT",
                "side": order["side"],
            },
        )
        assert self._account is not None
        said = b"".join(
            encode_frame(
                "text", json.dumps({"subscriptionId": 0, "event": _report(order, kind, self._number)}).encode()
            )
            for kind in ("NEW", "EXPIRED")
        )
        self._account.sendall(said)


def _report(order: dict[str, str], kind: str, number: int) -> dict[str, Any]:
    now_ms = time.time_ns() // 1_000_000
    return {
        "e": "executionReport",
        "E": now_ms,
        "s": order["symbol"],
        "c": order["newClientOrderId"],
        "C": "",
        "S": order["side"],
        "o": "LIMIT",
        "f": "IOC",
        "q": order["quantity"],
        "p": order["price"],
        "x": kind,
        "X": kind,
        "r": "NONE",
        "i": number,
        "l": "0.00000000",
        "z": "0.00000000",
        "L": "0.00000000",
        "n": "0",
        "N": None,
        "T": now_ms,
        "t": -1,
        "m": False,
    }


def _answer(connected: socket.socket, body: Any, status: bytes = b"200 OK") -> None:
    text = json.dumps(body).encode()
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(text))
    connected.sendall(head + text)


if __name__ == "__main__":
    main(int(sys.argv[1]))
