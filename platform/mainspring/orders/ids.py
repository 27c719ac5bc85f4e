"""Client order ids: what a venue calls our orders by.

An id is `SESSION-LANE-ORDER`, such as `0m4q8ztfk7c1e0a9d5xw-001-0000000002s`: 20 digits for the session, 3 for the lane
and 11 for the order, in base 36. Sorted as text, the ids of a lane are in the order of their creation, and those of
sessions in the order of their start. 36 characters of `[0-9a-z-]`: every venue takes them.

The session's part is an input of the session. In replay it comes from the seed, so that the same input gives the same
ids. Live, the driver makes it of the time, the host and the system's randomness; a lane never does.
"""

import hashlib
import re
from typing import Final, NamedTuple

__all__ = [
    "MAX_CLIENT_ORDER_ID",
    "ClientOrderId",
    "client_order_id",
    "live_session_part",
    "parse_client_order_id",
    "replay_session_part",
]

MAX_CLIENT_ORDER_ID: Final = 36
"""The most characters that an id has: Binance and FIX venues take no more."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME_DIGITS, _HOST_DIGITS, _RANDOM_DIGITS = 9, 4, 7
_SESSION_DIGITS = _TIME_DIGITS + _HOST_DIGITS + _RANDOM_DIGITS
_LANE_DIGITS = 3
_ORDER_DIGITS = MAX_CLIENT_ORDER_ID - _SESSION_DIGITS - _LANE_DIGITS - 2
_NS_IN_MS = 1_000_000
_SESSION = re.compile(rf"[0-9a-z]{{{_SESSION_DIGITS}}}")
_ID = re.compile(rf"([0-9a-z]{{{_SESSION_DIGITS}}})-([0-9a-z]{{{_LANE_DIGITS}}})-([0-9a-z]{{{_ORDER_DIGITS}}})")


class ClientOrderId(NamedTuple):
    """The parts of a client order id: the session, the lane's number in it, and the order's id in the lane."""

    session: str
    lane: int
    order_id: int


def client_order_id(session: str, lane: int, order_id: int) -> str:
    """Returns the id of an order for the venue.

    `session` is the session's part, `lane` the lane's number in the session from 0 on, `order_id` the order's id in the
    lane. Raises `ValueError` if the session's part isn't one, or a number is negative or too large.
    """
    if not _SESSION.fullmatch(session):
        raise ValueError(f"the session's part of a client order id has {_SESSION_DIGITS} of [0-9a-z], not {session!r}")
    return f"{session}-{_base_36(lane, _LANE_DIGITS, 'lane')}-{_base_36(order_id, _ORDER_DIGITS, 'order_id')}"


def parse_client_order_id(text: str) -> ClientOrderId:
    """Returns the parts of an id that `client_order_id` made. Raises `ValueError` for any other text."""
    match = _ID.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} isn't a client order id of ours: SESSION-LANE-ORDER, {MAX_CLIENT_ORDER_ID} long")
    session, lane, order_id = match.groups()
    return ClientOrderId(session, int(lane, 36), int(order_id, 36))


def replay_session_part(seed: int) -> str:
    """Returns the session's part for a session that is replayed: the same for the same seed, and no time in it."""
    number = int.from_bytes(hashlib.sha256(f"mainspring session {seed}".encode()).digest())
    digits = _HOST_DIGITS + _RANDOM_DIGITS
    return "0" * _TIME_DIGITS + _base_36(number % 36**digits, digits, "seed")


def live_session_part(started_ns: int, host: str, randomness: bytes) -> str:
    """Returns the session's part for a live session: sessions that start later sort later.

    `started_ns` is the wall clock's time at the start, `host` a name of this host, and `randomness` at least 8 bytes of
    the system's, which tell apart sessions that start on one host in the same millisecond. Raises `ValueError` if there
    are fewer, or the time is out of range.
    """
    if len(randomness) < 8:
        raise ValueError(f"the session's part needs 8 random bytes, not {len(randomness)}")
    named = int.from_bytes(hashlib.sha256(host.encode()).digest())
    return (
        _base_36(started_ns // _NS_IN_MS, _TIME_DIGITS, "started_ns")
        + _base_36(named % 36**_HOST_DIGITS, _HOST_DIGITS, "host")
        + _base_36(int.from_bytes(randomness) % 36**_RANDOM_DIGITS, _RANDOM_DIGITS, "randomness")
    )


def _base_36(number: int, digits: int, what: str) -> str:
    if not 0 <= number < 36**digits:
        raise ValueError(f"{what} must be 0 to 36**{digits} - 1 in a client order id, not {number}")
    found = ""
    for _ in range(digits):
        number, digit = divmod(number, 36)
        found = _DIGITS[digit] + found
    return found
