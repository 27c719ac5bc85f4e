"""How a router reaches its venue: by HTTP requests and a stream of executions. A driver does the I/O."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from mainspring.seams import AnsweringRouter
from mainspring.wire.connection import Connection, Signature
from mainspring.wire.dialling import Credentials, signer

__all__ = ["ConnectedRouter", "HttpAnswer", "HttpRequest", "OrderEntry", "path_signer"]


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to send once. `path` has the query, `number` tells requests apart.

    What is `signed` gets the signature of its query as one parameter more: see `OrderEntry.signature`.
    """

    number: int
    method: Literal["GET", "POST", "PATCH", "DELETE", "PUT"]
    path: str
    body: bytes = b""
    signed: bool = False


class HttpAnswer(msgspec.Struct, frozen=True):
    """An answer: its `status`, its whole `body`, and its `headers` by their names in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class OrderEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where a router's requests go and how they say who we are, and the connection of its stream.

    `rest` is such as "https://api.example.com", `headers` templates with `{key}`, `{secret}` and `{passphrase}` of the
    credentials of that name. `trust` is a PEM file with certificates to trust besides the system's, empty for none.
    `signature` makes the parameter `signature` of a signed request; in its payload, `{query}` is the request's query.
    """

    rest: str
    headers: Mapping[str, str]
    connection: Connection
    credentials: str
    trust: str = ""
    signature: Signature | None = None

    def __post_init__(self) -> None:
        if not self.rest.startswith("https://"):
            raise ValueError(f"{self.rest!r} isn't an https:// address: connections are always encrypted")


class ConnectedRouter(AnsweringRouter, Protocol):
    """A router that sends real orders. It says what to send and takes what comes; the driver does the rest.

    Times are the driver's wall clock, in nanoseconds. Each request of `take_requests` is sent once, and answered or
    given up by exactly one of `answered` and `unanswered`; the driver repeats none. The stream is kept by the driver,
    by `entry.connection`, as a feed's is.

    `ahead_ns` is how far the venue's clock is ahead of ours, as far as is known: a login of the stream says the
    venue's time.
    """

    entry: OrderEntry
    ahead_ns: int

    def take_requests(self, now_ns: int) -> Sequence[HttpRequest]:
        """Returns what may be sent by now, in order, at the venue's rate."""
        ...

    def answered(self, request: HttpRequest, answer: HttpAnswer, now_ns: int) -> None:
        """Takes the answer to a request, whatever its status."""
        ...

    def unanswered(self, request: HttpRequest, now_ns: int, *, sent: bool) -> None:
        """Takes that no answer will come. Without `sent` it certainly never left; else nobody knows what it did."""
        ...

    def connected(self, now_ns: int) -> None:
        """Takes that the stream's connection stands. A login and subscriptions may follow."""
        ...

    def received(self, message: bytes, now_ns: int) -> None:
        """Takes a message of the stream. One that can't be read may have been an execution."""
        ...

    def disconnected(self, now_ns: int) -> None:
        """Takes that the stream is down."""
        ...


def path_signer(entry: OrderEntry, credentials: Credentials) -> Callable[[HttpRequest], str]:
    """Returns what gives the path to send of a request: its own, with its signature if it is to be signed.

    Raises `ConfigError`, which shows no secret, for a secret that isn't of the form that the venue's have.
    """
    sign = None if entry.signature is None else signer(entry.signature, credentials.secret)

    def path_of(request: HttpRequest) -> str:
        path = request.path
        if sign is None or not request.signed:
            return path
        return f"{path}&signature={sign({'query': path.partition('?')[2]})}"

    return path_of
