"""The venue of the suite `live`, as a process of its own: says a market message, and waits for what answers it.

It prints two ports of loopback: on one it says WebSocket frames, on the other it takes orders. A client writes there
how many messages it wants, as eight bytes; each message but the first leaves when the one before was answered. When it
has read the last answer it says so by a byte, so that what a client wants next doesn't run into that.
"""

import socket
import sys
from collections.abc import Sequence

from mainspring.wire import encode_frame
from mainspring_perf.path import moving_messages

__all__ = ["END", "main"]

END = b"\r\n\r\n"
"""What an order ends with."""

_LOOPBACK = "127.0.0.1"


def main(moves: int) -> None:
    """Serves one client after the other; `moves` is how many different messages there are."""
    frames = [encode_frame("text", raw) for _, raw in moving_messages(moves)[1]]
    listeners = [socket.create_server((_LOOPBACK, 0)) for _ in range(2)]
    sys.stdout.write(" ".join(str(one.getsockname()[1]) for one in listeners) + "\n")
    sys.stdout.flush()
    market, orders = (one.accept()[0] for one in listeners)
    for one in (market, orders):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while wanted := orders.recv(8):
        if not _trade(market, orders, frames[: int.from_bytes(wanted, "big")]):
            return
        orders.sendall(b"\n")


def _trade(market: socket.socket, orders: socket.socket, frames: Sequence[bytes]) -> bool:
    """Whether every message was answered, by a client that is still there."""
    for frame in frames:
        market.sendall(frame)
        answer = b""
        while not answer.endswith(END):
            part = orders.recv(65_536)
            if not part:
                return False
            answer += part
    return True


if __name__ == "__main__":
    main(int(sys.argv[1]))
