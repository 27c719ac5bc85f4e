"""What is said about an account's orders, without I/O: at spot by a signed subscription, at USD-M by a listen key."""

from collections.abc import Mapping
from typing import Any, Final

from mainspring.session.live.venue.binance.security import RefusedError, Security

__all__ = ["ListenKey", "SubscribedAccount"]

_HOUR_NS: Final = 3_600_000_000_000
_NS_IN_MS: Final = 1_000_000
_KEY: Final = "listen-key-of-the-box"


class SubscribedAccount:
    """One connection of the WebSocket API."""

    def __init__(self, security: Security) -> None:
        self._security = security
        self.listens = False
        """Whether the account's events were subscribed to."""

    def received(self, message: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
        """Takes a client's message; returns the answer."""
        method, params = message.get("method"), message.get("params") or {}
        answer: dict[str, Any] = {"id": message.get("id"), "status": 200}
        subscriptions = [{"subscriptionId": 0}] if self.listens else []
        if method == "userDataStream.subscribe.signature" and isinstance(params, Mapping):
            try:
                self._admit({name: str(value) for name, value in params.items()}, now_ns)
            except RefusedError as error:
                return answer | {"status": error.status, "error": error.body}
            self.listens = True
            return answer | {"result": {"subscriptionId": 0}}
        results: dict[Any, Any] = {
            "session.subscriptions": subscriptions,
            "ping": {},
            "time": {"serverTime": now_ns // _NS_IN_MS},
        }
        if method not in results:
            return answer | {"status": 400, "error": {"code": -1000, "msg": f"Unknown method {method!r}."}}
        return answer | {"result": results[method]}

    def _admit(self, fields: Mapping[str, str], now_ns: int) -> None:
        if not fields.get("apiKey"):
            raise RefusedError(-2014, "API-key format invalid.", 401)
        payload = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
        self._security.check_signature(payload, fields.get("signature", ""))
        self._security.check_time(fields.get("timestamp", ""), fields.get("recvWindow", "5000"), now_ns)


class ListenKey:
    """The key of an account's events: good for an hour, and for another from each time that it is kept alive."""

    def __init__(self) -> None:
        self._until_ns = 0

    def respond(self, method: str, now_ns: int) -> dict[str, Any]:
        """Answers a request, by its `method`, for the key, to keep it alive or to end it. Raises `RefusedError`."""
        if method == "DELETE":
            self._until_ns = 0
            return {}
        if method == "PUT" and not self.is_good(_KEY, now_ns):
            raise RefusedError(-1125, "This listenKey does not exist.")
        self._until_ns = now_ns + _HOUR_NS
        return {"listenKey": _KEY}

    def is_good(self, key: str, now_ns: int) -> bool:
        """Whether that is the account's key, and still good."""
        return key == _KEY and self.is_alive(now_ns)

    def is_alive(self, now_ns: int) -> bool:
        """Whether there is a key that is still good."""
        return now_ns < self._until_ns

    @staticmethod
    def expired(now_ns: int) -> dict[str, Any]:
        """Returns what is said when it isn't any more."""
        return {"e": "listenKeyExpired", "E": now_ns // _NS_IN_MS, "listenKey": _KEY}
