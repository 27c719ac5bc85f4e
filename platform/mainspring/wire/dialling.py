"""What a driver sends and answers on a venue's connection, from its declaration: bytes and times in, messages out."""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from mainspring.errors import ConfigError, WireError
from mainspring.model import Instrument
from mainspring.wire._paths import ABSENT, compile_path
from mainspring.wire._templates import fill, fill_for_all, fill_text, of_symbol
from mainspring.wire._tree_kinds import compile_fits
from mainspring.wire.connection import Connection, Heartbeat, Login, Ping, Signature, Subscribe, TokenRequest

__all__ = [
    "Credentials",
    "Dial",
    "answer_message",
    "answers",
    "challenge_of",
    "dials",
    "inflate",
    "login_message",
    "ping_bytes",
    "signer",
    "subscriptions",
    "token_of",
]

_MILLION: Final = 1_000_000


class Credentials(msgspec.Struct, frozen=True):
    """What a login needs. Its values never show in its text."""

    key: str
    secret: str
    passphrase: str = ""

    def __repr__(self) -> str:
        return "Credentials(...)"

    __str__ = __repr__


class Dial(msgspec.Struct, frozen=True):
    """One connection: where, for which instruments, and what is sent once it stands (and the login was accepted)."""

    address: str
    instruments: tuple[Instrument, ...]
    messages: tuple[bytes, ...]


def subscriptions(
    templates: Sequence[Subscribe], instruments: Sequence[Instrument], encode: Callable[[object], bytes], now_ns: int
) -> list[bytes]:
    """The messages that ask for the instruments, in order. `encode` is a codec's."""
    symbols = [one.venue_symbol for one in instruments]
    number = 0
    messages = []
    for template in templates:
        for some in [[one] for one in symbols] if template.each else [symbols]:
            number += 1
            values: dict[str, object] = {"number": number, **_times(now_ns)}
            made = (
                fill(template.message, {**values, **of_symbol(some[0])})
                if template.each
                else fill_for_all(template.message, some, values)
            )
            messages.append(encode(made))
    return messages


def dials(
    connection: Connection,
    instruments: Sequence[Instrument],
    encode: Callable[[object], bytes],
    now_ns: int,
    *,
    address: str = "",
    token: str = "",
) -> list[Dial]:
    """The connections that the instruments need, as few as the venue's limit allows.

    `encode` is a codec's. `address` stands for the declared one, whose query it gets; `token` is what the venue gave.
    """
    declared = connection.address
    if address:
        query = urlsplit(declared).query
        declared = f"{address}?{query}" if query else address
    limit = connection.instruments or max(len(instruments), 1)
    found = []
    for start in range(0, len(instruments), limit):
        some = tuple(instruments[start : start + limit])
        found.append(
            Dial(
                declared.replace("{token}", token),
                some,
                tuple(subscriptions(connection.subscribe, some, encode, now_ns)),
            )
        )
    return found


def login_message(
    login: Login, credentials: Credentials, encode: Callable[[object], bytes], now_ns: int, *, challenge: str = ""
) -> bytes:
    """The message that says who we are, by a codec's `encode`. `challenge` is what the venue asked to be signed.

    Raises `ConfigError`, which shows no secret, for a secret that isn't of the form that the venue's have.
    """
    values: dict[str, object] = {
        "key": credentials.key,
        "secret": credentials.secret,
        "passphrase": credentials.passphrase,
        "challenge": challenge,
        "number": 1,
        **_times(now_ns + login.expires_s * 1_000_000_000),
    }
    if login.signature is not None:
        values["signature"] = signer(login.signature, credentials.secret)(values)
    return encode(fill(login.message, values))


def signer(signature: Signature, secret: str) -> Callable[[Mapping[str, object]], str]:
    """Returns what signs a payload that is filled with values, by a `secret` whose part of the work is done here.

    Raises `ConfigError`, which shows no secret, for one that isn't of the form that the venue's have.
    """
    try:
        key = base64.b64decode(secret, validate=True) if signature.key == "base64" else secret.encode()
    except binascii.Error:
        raise ConfigError("the secret isn't valid base64, as this venue's are: copy it again, whole") from None
    begun, template = hmac.new(key, digestmod=signature.algorithm), signature.payload
    hashed, as_hex = signature.hashed, signature.encoding == "hex"

    def sign(values: Mapping[str, object]) -> str:
        payload = fill_text(template, values).encode()
        made = begun.copy()
        made.update(hashlib.sha256(payload).digest() if hashed else payload)
        return made.hexdigest() if as_hex else base64.b64encode(made.digest()).decode()

    return sign


def challenge_of(login: Login, message: Any) -> str | None:
    """The challenge in a decoded message; None if there is none."""
    found = compile_path(login.challenge_at)(message, message)
    return found if isinstance(found, str) else None


def answers(connection: Connection, encode: Callable[[object], bytes]) -> Callable[[Any], bytes | None]:
    """A function that gives what a decoded message is to be answered with; None if it asks for no answer.

    `encode` is a codec's.
    """
    beats = [one for one in connection.keepalive if isinstance(one, Heartbeat)]
    compiled = [(compile_fits(beat.when, beat.has), _answer(beat)) for beat in beats]

    def answer(message: Any) -> bytes | None:
        for fits, make in compiled:
            if fits(message, message):
                return encode(make(message))
        return None

    return answer


def ping_bytes(ping: Ping, encode: Callable[[object], bytes], number: int, now_ns: int) -> bytes | None:
    """What a ping sends as a message, by a codec's `encode`; None if it is a ping of the protocol.

    `number` counts the messages of the connection.
    """
    if ping.message is None:
        return None
    filled = fill(ping.message, {"number": number, **_times(now_ns)})
    return filled.encode() if isinstance(filled, str) else encode(filled)


def answer_message(path: str, body: bytes) -> bytes:
    """The message that a feed reads of the answer to a GET of `path`: the body, and its address, which names it."""
    return b'{"request":"%b","data":%b}' % (path.replace('"', "%22").encode(), body)


def token_of(request: TokenRequest, decoded: Any) -> tuple[str, str]:
    """The address and the token in a decoded answer; each empty unless the request asks for it.

    Raises `WireError` if the answer hasn't what it should have.
    """
    found = []
    for path in (request.address_at, request.token_at):
        value = compile_path(path)(decoded, decoded) if path else ""
        if not isinstance(value, str):
            raise WireError(f"the answer to {request.path} has no text at {path!r}", field=path)
        found.append(value)
    return found[0], found[1]


def inflate(connection: Connection, message: bytes, at_most: int) -> bytes:
    """A message out of its compression. Raises `WireError` if it is damaged, cut short or larger than `at_most`."""
    if connection.compression == "none":
        return message
    bits = {"gzip": 16 + zlib.MAX_WBITS, "deflate": -zlib.MAX_WBITS}[connection.compression]
    stream = zlib.decompressobj(bits)
    try:
        found = stream.decompress(message, at_most + 1)
    except zlib.error as error:
        raise WireError(f"a message isn't {connection.compression}: {error}") from error
    if len(found) > at_most:
        raise WireError(f"a message of {len(message):,} bytes is larger than {at_most:,} bytes when it is expanded")
    if not stream.eof:
        raise WireError(f"a message of {connection.compression} is cut short")
    return found


def _times(now_ns: int) -> dict[str, object]:
    return {"time_s": now_ns // (1_000 * _MILLION), "time_ms": now_ns // _MILLION}


def _answer(beat: Heartbeat) -> Callable[[Any], Any]:
    """The function that makes an answer of a question."""

    def make(template: Any, message: Any) -> Any:
        if isinstance(template, Mapping):
            return {key: make(value, message) for key, value in template.items()}
        if isinstance(template, list | tuple):
            return [make(value, message) for value in template]
        if isinstance(template, str) and template.startswith("{/") and template.endswith("}"):
            found = compile_path(template[1:-1])(message, message)
            return None if found is ABSENT else found
        return template

    return lambda message: make(beat.answer, message)
