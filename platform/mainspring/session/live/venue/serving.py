"""Serves an application on loopback over TLS, with a certificate made for the occasion."""

import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import trio
import trustme
from hypercorn.config import Config
from hypercorn.trio import serve as hypercorn_serve

from mainspring.errors import ConfigError
from mainspring.session.live.stopping import until_signal

__all__ = ["Served", "serve", "serve_until_signal"]

_LOOPBACK = "127.0.0.1"


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
    task_status: trio.TaskStatus[Served] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves an ASGI `application` until it is cancelled, on `port` or else on a free one.

    The files of the certificate are put in `folder`; the key is readable by its owner alone. Started with
    `nursery.start`, returns where.
    """
    authority = trustme.CA()
    trust, certificate = folder / "authority.pem", folder / "certificate.pem"
    authority.cert_pem.write_to_path(trust)
    certificate.touch(mode=0o600)
    issued = authority.issue_cert(_LOOPBACK, "localhost")
    certificate.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    config = Config()
    config.bind = [f"fd://{(port or listen(0)).detach()}"]
    config.certfile = config.keyfile = str(certificate)
    config.alpn_protocols = ["http/1.1"]
    config.loglevel = "ERROR"
    config.graceful_timeout = 0.1
    async with trio.open_nursery() as nursery:
        (bound,) = await nursery.start(hypercorn_serve, application, config)
        where = f"localhost:{urlsplit(bound).port}"
        task_status.started(Served(address=f"wss://{where}/", rest=f"https://{where}", trust=str(trust)))


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
