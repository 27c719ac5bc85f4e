"""Lets requests in: key, signature, time, and how much was asked already."""

import hashlib
import hmac
import re
from typing import Final

from mainspring.session.live.venue.binance.market import MarketRules

__all__ = ["RefusedError", "Security"]

_NS_IN_MS: Final = 1_000_000
_MINUTE_NS: Final = 60_000_000_000
_TEN_SECONDS_NS: Final = 10_000_000_000
_BAN_S: Final = 120
_PATIENCE: Final = 10
_AHEAD_MS: Final = 1_000
_MOST_WINDOW_MS: Final = 60_000
_SIGNATURE: Final = re.compile(r"[0-9a-fA-F]{64}")


class RefusedError(Exception):
    """A request that is refused, by a code and a message of Binance's, with an HTTP `status`.

    `more` are further fields of the answer.
    """

    def __init__(self, code: int, message: str, status: int = 400, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "msg": message, **more}
        self.retry_after_s = 0


class Security:
    """Checks who asks, when, and how often. Times are the venue's.

    A client that goes on asking after ten refusals for asking too often is banned for two minutes.
    """

    def __init__(self, rules: MarketRules, secret: str) -> None:
        """`secret` is what is signed with; an empty one accepts any signature of the right form."""
        self._rules = rules
        self._secret = secret.encode()
        self._minute = self._ten_seconds = 0
        self._refused = 0
        self._banned_until_ns = 0
        self.weight = 0
        """What requests of this minute weighed."""
        self.orders = 0
        """How many orders came in these ten seconds."""

    def count(self, weight: int, now_ns: int) -> None:
        """Counts a request of that `weight`. Raises `RefusedError`."""
        minute = now_ns // _MINUTE_NS
        if minute != self._minute:
            self._minute, self.weight, self._refused = minute, 0, 0
        if now_ns < self._banned_until_ns:
            raise self._too_many(418, "Way too much request weight used; IP banned.", self._banned_until_ns - now_ns)
        if self.weight + weight > self._rules.weight_per_minute:
            self._refused += 1
            if self._refused > _PATIENCE:
                self._banned_until_ns = now_ns + _BAN_S * 1_000_000_000
            raise self._too_many(429, "Too much request weight used.", (minute + 1) * _MINUTE_NS - now_ns)
        self.weight += weight

    def count_order(self, now_ns: int) -> None:
        """Counts an order. Raises `RefusedError`."""
        ten = now_ns // _TEN_SECONDS_NS
        if ten != self._ten_seconds:
            self._ten_seconds, self.orders = ten, 0
        if self.orders >= self._rules.orders_per_10s:
            raise RefusedError(
                -1015, f"Too many new orders; current limit is {self._rules.orders_per_10s} per 10s.", 429
            )
        self.orders += 1

    def check(self, key: str, query: str, fields: dict[str, str], now_ns: int) -> None:
        """Checks a signed request with an API `key`, whose `query` has the `fields`. Raises `RefusedError`."""
        if not key:
            raise RefusedError(-2014, "API-key format invalid.", 401)
        payload, _, signature = query.rpartition("&signature=")
        if "signature" not in fields or not payload:
            raise RefusedError(-1102, "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.")
        self.check_signature(payload, signature)
        self.check_time(fields.get("timestamp", ""), fields.get("recvWindow", "5000"), now_ns)

    def check_signature(self, payload: str, signature: str) -> None:
        """Checks the signature of a payload. Raises `RefusedError`."""
        right = _SIGNATURE.fullmatch(signature) is not None
        if right and self._secret:
            expected = hmac.new(self._secret, payload.encode(), hashlib.sha256).hexdigest()
            right = hmac.compare_digest(expected, signature.lower())
        if not right:
            raise RefusedError(-1022, "Signature for this request is not valid.")

    @staticmethod
    def check_time(timestamp: str, window: str, now_ns: int) -> None:
        """Checks the `timestamp` that a request names, in ms, against its `window`. Raises `RefusedError`."""
        if not timestamp.isdecimal():
            raise RefusedError(-1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.")
        if not window.isdecimal() or int(window) > _MOST_WINDOW_MS:
            raise RefusedError(-1131, "recvWindow must be less than 60000")
        now_ms = now_ns // _NS_IN_MS
        if int(timestamp) >= now_ms + _AHEAD_MS:
            raise RefusedError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if now_ms - int(timestamp) > int(window):
            raise RefusedError(-1021, "Timestamp for this request is outside of the recvWindow.")

    @staticmethod
    def _too_many(status: int, message: str, left_ns: int) -> RefusedError:
        error = RefusedError(-1003, message, status)
        error.retry_after_s = max(-(-left_ns // 1_000_000_000), 1)
        return error
