"""Serves an application on loopback over TLS, with a certificate made for the occasion."""

import socket
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio
import trustme

from mainspring.errors import ConfigError
from mainspring.session.live.stopping import until_signal
from mainspring.session.live.venue.carrier import carry, run_lifespan
from mainspring.session.live.websocket import Frames
from mainspring.wire import FrameDecoder

__all__ = ["Served", "serve", "serve_until_signal"]

_LOOPBACK = "127.0.0.1"
_BACKLOG = 128
_CLIENT_FRAMES = partial(FrameDecoder, masked=True)


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is served. `trust` is a PEM file with the authority that its certificate is from."""

    address: str
    rest: str
    trust: str


def listen(port: int) -> socket.socket:
    """Takes a port on loopback, a free one if `port` is 0. Raises `ConfigError` if it isn't to be had."""
    taken = socket.socket()
    # As servers do, so that a port can be taken again at once.
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((_LOOPBACK, port))
    except OSError as error:
        taken.close()
        raise ConfigError(f"--port {port}: {error.strerror}; 0 takes a free one") from error
    return taken


async def serve(
    application: Any,
    folder: Path,
    *,
    port: socket.socket | None = None,
    frames: Callable[[], Frames] = _CLIENT_FRAMES,
    task_status: trio.TaskStatus[Served] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves an ASGI `application` until it is cancelled, on `port` or else on a free one.

    The certificate to trust is put in `folder`; its key is nowhere but here. `frames` makes the decoder of a WebSocket
    that masks. Started with `nursery.start`, returns where.
    """
    authority = trustme.CA()
    trust = folder / "authority.pem"
    authority.cert_pem.write_to_path(trust)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.set_alpn_protocols(["http/1.1"])
    authority.issue_cert(_LOOPBACK, "localhost").configure_cert(tls)
    listening = port or listen(0)
    listening.listen(_BACKLOG)
    where = f"localhost:{listening.getsockname()[1]}"
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(listening))
    async with trio.open_nursery() as nursery:
        await nursery.start(run_lifespan, application)
        task_status.started(Served(address=f"wss://{where}/", rest=f"https://{where}", trust=str(trust)))
        await trio.serve_listeners(partial(carry, application, frames), [trio.SSLListener(listener, tls)])


def serve_until_signal(application: Any, folder: Path, port: int, started: Callable[[Served], None]) -> None:
    """Serves an ASGI `application` as `serve` does, in an event loop of its own, until a signal.

    Calls `started` once it is ready. Raises as `listen` does for `port`.
    """
    trio.run(_serve_until_signal, application, folder, listen(port), started)


async def _serve_until_signal(
    application: Any, folder: Path, port: socket.socket, started: Callable[[Served], None]
) -> None:
    async with trio.open_nursery() as nursery:
        started(await nursery.start(partial(serve, application, folder, port=port)))
        await until_signal(lambda _: nursery.cancel_scope.cancel())
