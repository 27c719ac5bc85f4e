"""How a venue is connected to, as plain data: its address, what to send and when, limits, login, compression.

A driver dials by it (see `mainspring.wire.dialling`); nothing here does I/O.

Messages to send are templates: JSON values, in whose texts these are filled in:

- `{venue_symbol}`, `{venue_symbol_lower}`: the instrument. An item of an array that has one is repeated for each
  instrument; elsewhere the message needs `each`, and is sent once for each.
- `{venue_base}`, `{venue_quote}`: its parts before and behind the first sign that is neither letter nor digit.
- `{venue_symbols}`: all of them, with commas between.
- `{number}`: 1 for the first message, 2 for the second and so on; `{time_s}`, `{time_ms}`: the time since the Unix
  epoch; `{key}`, `{secret}`, `{passphrase}`, `{signature}`, `{challenge}`: what a login needs. A text that is nothing
  but `{number}` or a time becomes an integer.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from mainspring.wire._templates import names_instrument
from mainspring.wire.messages import When

__all__ = [
    "Connection",
    "Heartbeat",
    "Keepalive",
    "Login",
    "Ping",
    "RestSnapshot",
    "Signature",
    "SocketSnapshot",
    "Subscribe",
    "TokenRequest",
]


class RestSnapshot(msgspec.Struct, frozen=True, tag=True):
    """A book's snapshot is fetched by HTTP GET from `path`, in which `{venue_symbol}` is replaced.

    `weight` is what the request counts against the venue's limit.
    """

    path: str
    weight: int = 1


class SocketSnapshot(msgspec.Struct, frozen=True, tag=True):
    """A book's snapshot is asked for on the connection by `message`, in whose texts `{venue_symbol}` is replaced."""

    message: dict[str, Any]


class Subscribe(msgspec.Struct, frozen=True, kw_only=True):
    """A message to send after connecting: a template. With `each`, it is sent once for each instrument."""

    message: Any
    each: bool = False

    def __post_init__(self) -> None:
        if not self.each and names_instrument(self.message):
            raise ValueError("the message names an instrument outside of an array: it needs each=True")


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The client says every `every_s` seconds that it is there: by a ping of the protocol, or by `message`.

    A `message` that is text is sent as it is, any other value as JSON. `answer` is the text that comes back, unless
    that is a message of the format.
    """

    every_s: float
    message: Any = None
    answer: str = ""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The venue asks, and is answered: a message that fits `when` and has all of `has`, paths as in a declaration.

    In `answer`, a text of a path between braces, "{/ping}", is the value that stands there in the question.
    """

    when: When = {}
    has: tuple[str, ...] = ()
    answer: Any = None


Keepalive: TypeAlias = Ping | Heartbeat


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A keyed hash (HMAC, RFC 2104) of `payload`, a template, with the secret.

    `key` says whether the secret is the key as text or in base64, `encoding` how the result is written. With
    `hashed`, the payload is replaced by its SHA-256 first.
    """

    payload: str
    algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    key: Literal["text", "base64"] = "text"
    encoding: Literal["hex", "base64"] = "hex"
    hashed: bool = False


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A message that says who we are: a template. `accepted` is what a message has that says that we are let in.

    `refused`, unless it is empty, is what one has that says that we aren't: the connection is then made again.

    With `challenge`, the venue is asked for one by that message first; `challenge_at` is its path in the answer.
    `expires_s` is added to the time that the message names, for venues that want to know until when it counts.
    """

    message: Any
    accepted: When
    refused: When = {}
    signature: Signature | None = None
    challenge: Any = None
    challenge_at: str = ""
    expires_s: int = 0


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request whose answer says where to connect: the paths of an address, and of a token for `{token}`."""

    path: str
    method: Literal["GET", "POST"] = "POST"
    address_at: str = ""
    token_at: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a feed connects.

    `address` is that of the WebSocket, and `rest` that of the HTTP answers (snapshots, tokens). `instruments` is how
    many one connection takes at most, and `messages_a_second` how many messages may be sent on it. `compression` is
    what the venue does to each message; "deflate" has no header (RFC 1951). Where a feed can choose among addresses,
    `others` names them. `ended`, unless it is empty, is what a message has behind which nothing more will come, though
    the connection stays open: it is made again.
    """

    address: str
    rest: str = ""
    others: Mapping[str, str] = {}
    subscribe: tuple[Subscribe, ...] = ()
    instruments: int | None = None
    messages_a_second: float | None = None
    keepalive: tuple[Keepalive, ...] = ()
    compression: Literal["none", "gzip", "deflate"] = "none"
    login: Login | None = None
    token: TokenRequest | None = None
    ended: When = {}

    def __post_init__(self) -> None:
        for one in (self.address, self.rest, *self.others.values()):
            if one and not one.startswith(("wss://", "https://")):
                raise ValueError(f"{one!r} isn't a wss:// or https:// address: connections are always encrypted")
        if not self.address.startswith("wss://"):
            raise ValueError(f"{self.address!r} isn't the address of a WebSocket: wss://...")
        if self.token is not None and not self.rest:
            raise ValueError("a token is asked for by HTTP: rest is missing")
