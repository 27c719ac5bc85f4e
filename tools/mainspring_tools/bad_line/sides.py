"""A venue's API in front of an exchange in a box, called instead of reached by sockets."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final, cast
from urllib.parse import parse_qsl

import msgspec

from mainspring.host.registry import Registry
from mainspring.session.live.venue.alpaca import alpaca_instruments, build_alpaca
from mainspring.session.live.venue.alpaca.assets import Asset
from mainspring.session.live.venue.alpaca.forms import update_form
from mainspring.session.live.venue.alpaca.rest import Rest
from mainspring.session.live.venue.alpaca.streams import DataSocket, encode
from mainspring.session.live.venue.binance import binance_instruments, build_binance
from mainspring.session.live.venue.binance.streams import MarketSocket
from mainspring.wire import Credentials, HttpAnswer, HttpRequest, OrderEntry, answer_message, path_signer
from mainspring_plugins.routers._binance_names import split_name

__all__ = ["SIDES", "Side"]

_KEYS: Final = Credentials("key", "secret-of-a-test")
# How far Binance's clock is ahead of the session's: more than it would take.
_AHEAD_NS: Final = 7_000_000_000


class Side(ABC):
    """What a session meets. `seconds` is how long one with crashes lasts, so that the last has its answers."""

    symbol: ClassVar[str]
    feed: ClassVar[str]
    router: ClassVar[str]
    timeout_ms: ClassVar[int]
    seconds: ClassVar[int]
    exchange: Any

    def __init__(self, registry: Registry, seed: int, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns

    @abstractmethod
    def subscribe(self) -> list[bytes]:
        """Begins to send market data; returns what comes at once."""

    @abstractmethod
    def unsubscribe(self) -> None:
        """Sends no market data any more."""

    @abstractmethod
    def snapshot(self, path: str) -> bytes:
        """Answers a request for a snapshot, as a message of the feed."""

    @abstractmethod
    def advance(self) -> list[bytes]:
        """Brings the market to the clock's time; returns its messages."""

    @abstractmethod
    def updates(self) -> list[bytes]:
        """Returns what the account's stream has to say."""

    @abstractmethod
    def connect(self, router: Any) -> None:
        """Lets the router's stream stand."""

    @abstractmethod
    def execute(self, request: HttpRequest, entry: OrderEntry) -> HttpAnswer:
        """Does what a request asks for."""

    @staticmethod
    @abstractmethod
    def new_order(request: HttpRequest) -> str | None:
        """Returns the client order id of a request for a new order; None for another one."""

    @staticmethod
    @abstractmethod
    def name(client_order_id: str) -> str:
        """Returns the id that an order had first, from that of any of its replacements."""


class _Alpaca(Side):
    symbol, feed, router, timeout_ms, seconds = "BTC/USD", "alpaca-crypto", "alpaca", 3_000, 24

    def __init__(self, registry: Registry, seed: int, clock_ns: Callable[[], int]) -> None:
        super().__init__(registry, seed, clock_ns)
        instruments = alpaca_instruments([self.symbol])
        assets = [Asset(one) for one in instruments]
        self.exchange = build_alpaca(instruments, registry, seed=seed, clock_ns=clock_ns).exchange
        self._asset = assets[0]
        self._rest = Rest(assets, self.exchange, clock_ns())
        self._data = DataSocket(assets, self.exchange, crypto=True)
        self._data.received({"action": "auth", "key": "k", "secret": "s"}, clock_ns())

    def subscribe(self) -> list[bytes]:
        subscribe = {"action": "subscribe", "trades": ["*"], "quotes": ["*"], "orderbooks": ["*"]}
        return [encode(one, "json") for one in self._data.received(subscribe, self._clock_ns())]

    def unsubscribe(self) -> None:
        everything = {"trades": ["*"], "quotes": ["*"], "orderbooks": ["*"]}
        self._data.received({"action": "unsubscribe", **everything}, self._clock_ns())

    def snapshot(self, path: str) -> bytes:
        raise ValueError(f"the stream brings Alpaca's snapshots: nobody should ask for {path}")

    def advance(self) -> list[bytes]:
        messages = self._data.messages(self.exchange.advance(self._clock_ns()))
        return [encode(messages, "json")] if messages else []

    def updates(self) -> list[bytes]:
        return [msgspec.json.encode(update_form(self._asset, one)) for one in self.exchange.take_updates()]

    def connect(self, router: Any) -> None:
        router.received(b'{"stream":"listening","data":{"streams":["trade_updates"]}}', self._clock_ns())

    def execute(self, request: HttpRequest, entry: OrderEntry) -> HttpAnswer:
        path, _, query = request.path.removeprefix("/v2").partition("?")
        fields = dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
        body = msgspec.json.decode(request.body) if request.body else None
        status, answer = self._rest.respond(request.method, path, fields, body, self._clock_ns())
        return HttpAnswer(status, b"" if answer is None else msgspec.json.encode(answer))

    @staticmethod
    def new_order(request: HttpRequest) -> str | None:
        return msgspec.json.decode(request.body)["client_order_id"] if request.method == "POST" else None

    @staticmethod
    def name(client_order_id: str) -> str:
        return client_order_id.partition("-r")[0]


class _Heard(list[bytes]):
    """Stands for a connection: what is put on it is kept."""

    def put(self, message: object, *, counts: bool = True) -> None:
        self.append(msgspec.json.encode(message))

    def take(self) -> list[bytes]:
        taken = list(self)
        self.clear()
        return taken


class _Binance(Side):
    """The API whole but for the sockets: its signatures, times and limits count."""

    market: Any
    symbol, timeout_ms, seconds = "BTC/USDT", 8_000, 46
    # It is slow to say that an order isn't there: that is certain once the window of the request is over.

    def __init__(self, registry: Registry, seed: int, clock_ns: Callable[[], int]) -> None:
        super().__init__(registry, seed, clock_ns)
        instruments = binance_instruments([self.symbol], self.market)
        self._venue: Any = build_binance(
            instruments, registry, self.market, seed=seed, clock_ns=lambda: clock_ns() + _AHEAD_NS, secret=_KEYS.secret
        )
        self.exchange = self._venue.exchange
        self._instruments = instruments
        self._data: Any = _Heard()
        self._account: Any = _Heard()
        self._venue._keyed.append(cast("Any", self._account))  # noqa: SLF001  as its socket would
        self._venue._listen_key.respond("POST", clock_ns() + _AHEAD_NS)  # noqa: SLF001  as its socket would

    def subscribe(self) -> list[bytes]:
        names = [f"btcusdt@{kind}" for kind in ("depth@100ms", "bookTicker", "aggTrade")]
        socket = MarketSocket(self._instruments, names, combined=True)
        self._venue._sockets = {socket: self._data}  # noqa: SLF001  as its socket would
        return []

    def unsubscribe(self) -> None:
        self._venue._sockets = {}  # noqa: SLF001  as its socket would

    def snapshot(self, path: str) -> bytes:
        status, body, _ = self._ask("GET", path)
        assert status == 200
        return answer_message(path, msgspec.json.encode(body))

    def advance(self) -> list[bytes]:
        self._venue.advance()
        taken: list[bytes] = self._data.take()
        return taken

    def updates(self) -> list[bytes]:
        taken: list[bytes] = self._account.take()
        return taken

    def connect(self, router: Any) -> None:
        router.connected(self._clock_ns())
        if self.market == "spot":
            router.received(b'{"id":"subscriptions","status":200,"result":[{"subscriptionId":0}]}', self._clock_ns())

    def execute(self, request: HttpRequest, entry: OrderEntry) -> HttpAnswer:
        status, body, headers = self._ask(request.method, path_signer(entry, _KEYS)(request))
        return HttpAnswer(status, msgspec.json.encode(body), headers)

    def _ask(self, method: str, path: str) -> Any:
        path, _, query = path.partition("?")
        headers = [(b"x-mbx-apikey", b"key")]
        scope = {"method": method, "path": path, "query_string": query.encode(), "headers": headers}
        return self._venue.admit(scope) or self._venue.answer(scope, b"")

    @staticmethod
    def new_order(request: HttpRequest) -> str | None:
        path, _, query = request.path.partition("?")
        return dict(parse_qsl(query))["newClientOrderId"] if request.method == "POST" and path.endswith("r") else None

    @staticmethod
    def name(client_order_id: str) -> str:
        return split_name(client_order_id)[0]


class _Spot(_Binance):
    market, feed, router = "spot", "binance-spot", "binance-spot"


class _Usdm(_Binance):
    market, feed, router = "usdm", "binance-usdm", "binance-usdm"


SIDES: Final[dict[str, type[Side]]] = {"alpaca": _Alpaca, "binance-spot": _Spot, "binance-usdm": _Usdm}
"""By the router's name."""
