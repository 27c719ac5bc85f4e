"""What the tests of the reference session share."""

import hashlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import orjson
import pytest

from mainspring.model import Instrument
from mainspring.seams import RawMessage


@pytest.fixture(scope="session")
def btc() -> Instrument:
    return Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))


@pytest.fixture(scope="session")
def eth() -> Instrument:
    return Instrument(symbol="ETH/USDT", venue_symbol="ETHUSDT", tick_size=Decimal("0.05"), lot_size=Decimal("0.001"))


@pytest.fixture(scope="session")
def digest() -> Callable[[Iterable[RawMessage]], str]:
    """The SHA-256 of messages, written as the lines of a capture."""

    def of(messages: Iterable[RawMessage]) -> str:
        sha = hashlib.sha256()
        for received_ns, raw in messages:
            sha.update(b"%d %b\n" % (received_ns, raw))
        return sha.hexdigest()

    return of


class Reader:
    """Rebuilds one instrument's book from its messages, by Binance's rules, apart from the product's own code.

    Prices and sizes stay the venue's text. `truths` counts the quotes whose update ended a depth message, and `lies`
    those of them that the book contradicts; `untold` counts the depth messages after which the best prices aren't those
    of the latest quote, so that a change of them was never published.
    """

    def __init__(self) -> None:
        self.bids: dict[str, str] = {}
        self.asks: dict[str, str] = {}
        self.last_id = -1
        self.snapshots = 0
        self.gaps = 0
        self.truths = 0
        self.lies = 0
        self.untold = 0
        self.crossed = 0
        self.trades: list[int] = []
        self.quote_ids: list[int] = []
        self._reported: tuple[str, ...] = ()
        self._early: list[dict[str, Any]] = []
        self._quotes: dict[int, dict[str, Any]] = {}

    def read(self, raw: bytes) -> None:
        message = orjson.loads(raw)
        data = message.get("data", message)
        if "lastUpdateId" in data:
            self.snapshots += 1
            self.bids, self.asks = dict(data["bids"]), dict(data["asks"])
            self.last_id = data["lastUpdateId"]
            for early in self._early:
                if early["u"] > self.last_id:
                    self._apply(early)
        elif data.get("e") == "depthUpdate":
            if self.snapshots:
                self._apply(data)
                self.untold += self._reported != self._best()
            else:
                self._early.append(data)
        elif data.get("e") == "trade":
            self.trades.append(data["t"])
        else:
            self.quote_ids.append(data["u"])
            self._reported = self._quoted(data)
            self._quotes[data["u"]] = data
            if float(data["b"]) >= float(data["a"]):
                self.crossed += 1

    def _apply(self, depth: dict[str, Any]) -> None:
        if not depth["U"] <= self.last_id + 1 <= depth["u"]:
            self.gaps += 1
        self.last_id = depth["u"]
        for side, rows in ((self.bids, depth["b"]), (self.asks, depth["a"])):
            for price, size in rows:
                if size == "0.00000000":
                    side.pop(price, None)
                else:
                    side[price] = size
        best = self._best()
        if float(best[0]) >= float(best[2]):
            self.crossed += 1
        if quote := self._quotes.get(self.last_id):
            self.truths += 1
            self.lies += self._quoted(quote) != best

    def _best(self) -> tuple[str, ...]:
        bid, ask = max(self.bids, key=float), min(self.asks, key=float)
        return bid, self.bids[bid], ask, self.asks[ask]

    @staticmethod
    def _quoted(quote: dict[str, str]) -> tuple[str, ...]:
        return quote["b"], quote["B"], quote["a"], quote["A"]


@pytest.fixture
def reader() -> Callable[[], Reader]:
    return Reader
