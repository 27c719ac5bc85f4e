import hashlib
import http.server
import os
import random
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from unittest import mock

import pytest

from mainspring.data.catalogue import CatalogueEntry
from mainspring.data.paths import cache_folder

BODY = random.Random(20240808).randbytes(200_000)


@dataclass
class Site:
    """What the loopback server serves and how it misbehaves; `requests` keeps the headers of what it was asked."""

    body: bytes = BODY
    etag: str | None = '"v1"'
    ranges: bool = True
    cut_after: int | None = None
    send_length: bool = True
    status: int | None = None
    requests: list[dict[str, str]] = field(default_factory=list)
    address: str = ""


class _Handler(http.server.BaseHTTPRequestHandler):
    site: Site

    def do_GET(self):
        site = self.site
        site.requests.append(dict(self.headers))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/file.gz")
            self.end_headers()
        elif site.status is not None:
            self.send_error(site.status)
        else:
            self._send_file(site)

    def _send_file(self, site):
        wanted = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, site.etag)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and site.ranges and same else 0
        if start >= len(site.body):
            self.send_error(416)
            return
        body = site.body[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(site.body) - 1}/{len(site.body)}")
        if site.send_length:
            self.send_header("Content-Length", str(len(body)))
        if site.etag:
            self.send_header("ETag", site.etag)
        self.end_headers()
        # A client that has seen enough hangs up in the middle, as some tests want it to.
        with suppress(ConnectionError):
            self.wfile.write(body if site.cut_after is None else body[: site.cut_after])
        self.close_connection = True

    def log_message(self, *_):
        """Tests print nothing."""


@pytest.fixture
def site(monkeypatch):
    """A server on the loopback address that serves one file, /file.gz, and redirects /moved to it."""
    monkeypatch.setenv("NO_PROXY", "*")
    site = Site()
    handler = type("Handler", (_Handler,), {"site": site})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        site.address = f"http://127.0.0.1:{server.server_port}/file.gz"
        yield site
        server.shutdown()
        thread.join()


@pytest.fixture
def environ(tmp_path):
    """The environment of a user whose cache is empty and whose `MAINSPRING_DATA` isn't set."""
    names = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path / "cache")}
    with mock.patch.dict(os.environ, names):
        os.environ.pop("MAINSPRING_DATA", None)
        yield os.environ


@pytest.fixture
def catalogue(site) -> Mapping[str, CatalogueEntry]:
    """A catalogue of one capture, `small`, at the loopback server."""
    entry = CatalogueEntry(
        name="small",
        summary="A small file",
        file="spot/small.gz",
        address=site.address,
        size_bytes=len(BODY),
        sha256=hashlib.sha256(BODY).hexdigest(),
        licence="ours",
        feed="binance-spot",
        instruments="none",
        messages=0,
    )
    return {"small": entry}


@pytest.fixture
def target(environ):
    """Where `small` lies in the cache."""
    return cache_folder() / "captures/spot/small.gz"
