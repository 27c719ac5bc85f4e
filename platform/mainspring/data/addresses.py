"""Opens HTTP and verified HTTPS addresses, and no others, with the standard library."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import IO, Any, Protocol, Self, TypeAlias

__all__ = ["Opener", "Response", "open_address"]

_TIMEOUT_SECONDS = 30.0


class Response(Protocol):
    """What an opener returns, such as `http.client.HTTPResponse`."""

    status: int
    headers: Message

    def read(self, amount: int, /) -> bytes:
        """At most `amount` bytes of the body; empty at its end."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> object: ...


Opener: TypeAlias = Callable[[urllib.request.Request], Response]
"""Sends a request, follows redirects and returns the response. Raises `urllib.error.HTTPError` for a status >= 300."""


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from HTTPS to anything else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.type == "https" and not newurl.lower().startswith("https:"):
            raise urllib.error.URLError(f"it redirects from https to {newurl}, which isn't secure")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_address(request: urllib.request.Request) -> Response:
    """Sends the request, through the proxy of the environment if one is set. Certificates and host names are verified.

    Raises `urllib.error.HTTPError` if the server answers with an error, and `urllib.error.URLError`, `OSError` or
    `http.client.HTTPException` if it doesn't answer.
    """
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _SecureRedirects(),
    ):
        opener.add_handler(handler)
    response: Response = opener.open(request, timeout=_TIMEOUT_SECONDS)
    return response
