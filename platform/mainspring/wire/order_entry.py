"""How a router reaches its venue: by HTTP requests and a stream of executions. A driver does the I/O."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from mainspring.seams import AnsweringRouter
from mainspring.wire.connection import Connection

__all__ = ["ConnectedRouter", "HttpRequest", "OrderEntry"]


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to send once. `path` has the query, `number` tells requests apart."""

    number: int
    method: Literal["GET", "POST", "PATCH", "DELETE", "PUT"]
    path: str
    body: bytes = b""


class OrderEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where a router's requests go and how they say who we are, and the connection of its stream.

    `rest` is such as "https://api.example.com", `headers` templates with `{key}`, `{secret}` and `{passphrase}` of the
    credentials of that name. `trust` is a PEM file with certificates to trust besides the system's, empty for none.
    """

    rest: str
    headers: Mapping[str, str]
    connection: Connection
    credentials: str
    trust: str = ""

    def __post_init__(self) -> None:
        if not self.rest.startswith("https://"):
            raise ValueError(f"{self.rest!r} isn't an https:// address: connections are always encrypted")


class ConnectedRouter(AnsweringRouter, Protocol):
    """A router that sends real orders. It says what to send and takes what comes; the driver does the rest.

    Times are the driver's wall clock, in nanoseconds. Each request of `take_requests` is sent once, and answered or
    given up by exactly one of `answered` and `unanswered`; the driver repeats none. The stream is kept by the driver,
    by `entry.connection`, as a feed's is.
    """

    entry: OrderEntry

    def take_requests(self, now_ns: int) -> Sequence[HttpRequest]:
        """Returns what may be sent by now, in order, at the venue's rate."""
        ...

    def answered(self, request: HttpRequest, status: int, body: bytes, now_ns: int) -> None:
        """Takes the answer to a request, whatever its `status`, with its whole `body`."""
        ...

    def unanswered(self, request: HttpRequest, now_ns: int, *, sent: bool) -> None:
        """Takes that no answer will come. Without `sent` it certainly never left; else nobody knows what it did."""
        ...

    def received(self, message: bytes, now_ns: int) -> None:
        """Takes a message of the stream. One that can't be read may have been an execution."""
        ...

    def disconnected(self, now_ns: int) -> None:
        """Takes that the stream is down. That it is up the stream's own messages say."""
        ...
