"""What a venue says about a connection before its stream: that a login was accepted, a token, compressed messages."""

import gzip
import zlib
from collections.abc import Mapping
from typing import Any, Final

from mainspring.wire import Connection, Login, TokenRequest

__all__ = ["TOKEN", "compress", "greetings", "message_with", "token_answer"]

TOKEN: Final = "token-of-the-box"  # noqa: S105  it lets nobody in anywhere

_CHALLENGE: Final = "challenge-of-the-box"


def greetings(login: Login | None) -> list[Any]:
    """What is said to a client's first messages, one each: a challenge if there is one, then that it is let in."""
    if login is None:
        return []
    asked = [] if login.challenge is None else [message_with({login.challenge_at: _CHALLENGE})]
    return [*asked, message_with(login.accepted)]


def token_answer(request: TokenRequest, address: str) -> Any:
    """The answer to the request for a token: one, and the address to connect to."""
    found = {request.address_at: address, request.token_at: TOKEN}
    return message_with({path: value for path, value in found.items() if path})


def message_with(values: Mapping[str, Any]) -> Any:
    """The smallest message that has these values at these paths; a part of a path that is a number is a place."""
    root: dict[str, Any] = {}
    for path, value in values.items():
        *parts, last = path.removeprefix("/").split(".")
        node = root
        for part in parts:
            node = node.setdefault(part, {})
        node[last] = value.strip("*") if isinstance(value, str) else value
    return _arrays(root)


def compress(connection: Connection, raw: bytes) -> bytes:
    """A message as the venue sends it."""
    if connection.compression == "gzip":
        return gzip.compress(raw, 1, mtime=0)
    if connection.compression == "deflate":
        stream = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
        return stream.compress(raw) + stream.flush()
    return raw


def _arrays(node: Any) -> Any:
    """Objects whose keys are places become arrays."""
    if not isinstance(node, dict):
        return node
    filled = {key: _arrays(value) for key, value in node.items()}
    if filled and all(key.isdigit() for key in filled):
        return [filled.get(str(place)) for place in range(max(map(int, filled)) + 1)]
    return filled
