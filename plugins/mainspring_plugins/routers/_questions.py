"""Questions to a venue: each is a generator that yields what to ask next, and returns what came of it."""

from collections.abc import Generator
from typing import Any, Final, Literal, TypeAlias

import msgspec

from mainspring.errors import WireError
from mainspring.model import QueryEnded, VenueReport

__all__ = ["NEVER_SENT", "NO_ANSWER", "TOO_MANY", "Ask", "Asking", "UnansweredError", "decoded", "is_passing", "step"]

NO_ANSWER: Final = 0
NEVER_SENT: Final = -1
TOO_MANY: Final = (418, 429)

_TIMED_OUT: Final = 408


class Ask(msgspec.Struct, frozen=True):
    """What to ask or to request. `weight` is what it counts against the venue's limit; what is `signed` says when.

    `orders` is how many orders it may make: venues limit these too.
    """

    path: str
    method: Literal["GET", "POST", "PATCH", "DELETE", "PUT"] = "GET"
    body: bytes = b""
    weight: int = 1
    signed: bool = False
    orders: int = 0


Asking: TypeAlias = Generator[Ask, tuple[int, Any], list[VenueReport]]
"""Yields requests, is sent the status and the decoded body of each answer, and returns the reports."""


class UnansweredError(Exception):
    """The venue didn't answer, or not as it should: what is the problem."""


def decoded(body: bytes) -> Any:
    """Decodes an answer; None if it can't be."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def step(
    asking: Generator[Ask, tuple[int, Any], Any], answer: tuple[int, Any] | None, query_id: int, now_ns: int
) -> Any:
    """Goes on with a question; returns the next `Ask`, or what ends it: its result, or that it wasn't answered.

    `answer` is the status and the decoded body of the last answer, None at first.
    """
    try:
        return next(asking) if answer is None else asking.send(answer)
    except StopIteration as end:
        return end.value
    except (UnansweredError, WireError) as error:
        return [QueryEnded(query_id, now_ns, str(error) or "no answer")]


def is_passing(status: int) -> bool:
    """Whether the same request may well be answered at a later time: there was no answer, or the venue is busy."""
    return status in (NO_ANSWER, NEVER_SENT, _TIMED_OUT, *TOO_MANY) or status >= 500
