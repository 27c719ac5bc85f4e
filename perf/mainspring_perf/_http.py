"""HTTP requests over TLS on loopback: by a pooled connection, and by one that is made for each."""

import ssl
import threading
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mainspring_perf.harness import Benchmark, expect

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["requests"]

_BODY = b"{}"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(_BODY)))
        self.end_headers()
        self.wfile.write(_BODY)

    def log_message(self, *_: object) -> None:
        pass


def requests(count: int) -> list[Benchmark]:
    """Returns the benchmarks of `count` requests; none where what they need isn't installed."""
    if not all(map(find_spec, ("httpx", "trustme"))):
        return []
    pooled, fresh = "HTTP request, pooled connection", "HTTP request, connection made for it"
    runs: dict[str, Callable[[], int]] = {fresh: partial(_ask, count, 1), pooled: partial(_ask, 1, count)}
    return [
        Benchmark(
            name=name,
            run=run,
            operations=count,
            check=partial(expect, name, count),
            input=f"{count} POSTs over TLS, one after the other; the server is a thread of this process",
            baseline=fresh if name == pooled else None,
        )
        for name, run in runs.items()
    ]


def _ask(clients: int, each: int) -> int:
    """Asks by that many clients, `each` times by each; returns how many requests were answered."""
    import httpx
    import trio

    base, context = _server()

    async def main() -> int:
        answered = 0
        for _ in range(clients):
            async with httpx.AsyncClient(base_url=base, verify=context) as client:
                for _ in range(each):
                    answered += (await client.post("/")).status_code == 200
        return answered

    return trio.run(main)


@cache
def _server() -> tuple[str, ssl.SSLContext]:
    """Starts the server; returns its address, and a context that trusts it."""
    import trustme

    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("localhost").configure_cert(theirs)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    server.socket = theirs.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"https://localhost:{server.server_port}", ours
