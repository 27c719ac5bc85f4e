"""Risk checks that listen, in fused runs: what only an order can show them, and what only their notes can."""

from abc import ABC, abstractmethod
from typing import Any

import pytest

from mainspring_tools.twins import sessions
from mainspring_tools.twins.lanes import generated_messages
from mainspring_tools.twins.sessions import SessionTwins

_CONFIG = """
seed = 7
instruments = ["BTC/USDT"]
feed = { plugin = "simulated", seconds = 4 }
router = { maker_fee_bps = 0, taker_fee_bps = 0 }
latency = { plugin = "constant", request_us = 200_000, response_us = 0 }
[strategy.one]
plugin = "chaos"
size = 0.01
[risk]
max_order_size = 0.5
max_order_notional = 20_000
max_position = 5
max_book_age_ms = 2_000
collar_bps = 50
"""


class _Script(ABC):
    """Does something at each change of best prices; `step` counts them."""

    def __init__(self, _seed: int, *, ends: bool, habit: str) -> None:
        self.seen: list[object] = []
        self.step = 0

    def on_bbo(self, market: Any) -> None:
        if market.live and market.bid_lots and market.ask_lots:
            self.step += 1
            self.act(market)

    def on_order(self, order: Any, event: Any) -> None:
        self.seen.append((event, repr(order)))

    def on_fill(self, fill: Any, order: Any) -> None:
        self.on_order(order, fill)

    @abstractmethod
    def act(self, market: Any) -> None:
        """Asks for something."""


class _Holder(_Script):
    """Buys once, and then asks now and then for an order that never trades."""

    def act(self, market: Any) -> None:
        if self.step == 1:
            market.buy(size_lots=20_000, time_in_force="ioc")
        elif self.step % 40 == 0:
            market.buy(size_lots=1, price_ticks=market.bid_ticks - 500)


class _Crosser(_Script):
    """Moves its offer towards the market, and bids between where it was and where it goes."""

    offer: Any = None

    def act(self, market: Any) -> None:
        if self.offer is None:
            self.offer = market.sell(size_lots=10, price_ticks=market.ask_ticks + 400)
        elif self.step % 5 == 0 and str(self.offer.state) == "accepted":
            self.offer.replace(price_ticks=market.ask_ticks + 100 + self.step % 2 * 100)
            market.buy(size_lots=10, price_ticks=market.ask_ticks + 300)


def _run(monkeypatch: pytest.MonkeyPatch, script: type[_Script], limit: str, *, journalled: bool = False) -> Any:
    monkeypatch.setattr(sessions, "Chaos", script)
    config = f"{_CONFIG}{limit}\n"
    twins = SessionTwins(config, "book-walk", 1, chunk=512, journalled=journalled)
    twins.run(generated_messages(config))
    assert twins.trades_in_runs
    return twins.counts


@pytest.mark.parametrize("journalled", [False, True])
@pytest.mark.parametrize("name", ["max_daily_loss", "max_drawdown"])
def test_a_loss_is_seen_by_the_order_that_comes_then(
    monkeypatch: pytest.MonkeyPatch, name: str, journalled: bool
) -> None:
    """Between two reports of the venue the market falls: the next order stops the check, in a run as without one."""
    counts = _run(monkeypatch, _Holder, f"{name} = 1.5", journalled=journalled)
    assert counts["Fill"] > 0
    assert counts[f"refused: {name}"] > 5


def test_a_change_under_way_may_be_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order that meets only the price that another is on its way to is refused."""
    counts = _run(monkeypatch, _Crosser, 'self_trade = "refuse"')
    assert counts["Replaced"] > 3
    assert counts["refused: self_trade"] > 3
