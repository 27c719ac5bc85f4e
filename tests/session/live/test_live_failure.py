"""What fails in a live session leaves no order behind at the venue."""

from functools import partial
from pathlib import Path

import pytest
import trio

from mainspring.errors import PluginError
from mainspring.host.config import load_config
from mainspring.host.offers import Offer
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.model import Rejected
from mainspring.seams import SEAMS
from mainspring.session import run_session
from mainspring.session.live.venue import serve
from mainspring.session.live.venue.alpaca import alpaca_instruments, build_alpaca

_EXAMPLE = Path(__file__).resolve().parents[3] / "examples/loopback.toml"
_ENOUGH_S = 60.0


class _Breaks:
    """Places an order that rests, again if it came before the market had prices; raises once the venue has it."""

    def on_start(self, session):
        (self._market,) = session.markets
        session.every(seconds=0.1, call=self._act)
        self._placed = False

    def on_order(self, order, event):
        if isinstance(event, Rejected):
            self._placed = False
            return
        raise LookupError("lost")

    def _act(self):
        if not self._placed and self._market.view.live and self._market.mid is not None:
            self._placed = True
            self._market.buy(size_lots=100, price_ticks=self._market.view.bid_ticks - 10_000)


@pytest.fixture
def registry():
    real = Registry.load()
    offers = {seam: dict(real.offers(seam)) for seam in SEAMS}
    offers["strategy"]["breaks"] = Offer(
        seam="strategy", name="breaks", factory=_Breaks, summary="raises", distribution="tests", version="1"
    )
    return Registry(offers, ())


def test_a_strategy_that_raises_leaves_no_order_behind(registry, tmp_path, monkeypatch):
    """The lane's cancel reaches the venue before the session ends with the error."""
    for name in ("ALPACA_KEY", "ALPACA_SECRET", "ALPACA_CRYPTO_KEY", "ALPACA_CRYPTO_SECRET"):
        monkeypatch.setenv(f"MAINSPRING_{name}", "made-up")
    config = tmp_path / "loopback.toml"
    config.write_text(_EXAMPLE.read_text())
    box = build_alpaca(alpaca_instruments(["BTC/USD"]), registry, seed=4)

    async def main():
        async with trio.open_nursery() as nursery:
            served = await nursery.start(partial(serve, box, tmp_path))
            address = served.address.removesuffix("/")
            overrides = [
                f'router={{plugin="alpaca", rest="{served.rest}", stream="{address}/stream", trust="{served.trust}"}}',
                f'feed.connect={{address="{address}/v1beta3/crypto/us", trust="{served.trust}"}}',
                'strategy={breaks={plugin="breaks"}}',
            ]
            session = make_session(load_config(config, overrides), registry)
            with pytest.raises(PluginError, match="lost"):
                await trio.to_thread.run_sync(
                    lambda: run_session(session, registry, seconds=_ENOUGH_S, live=True), abandon_on_cancel=True
                )
            nursery.cancel_scope.cancel()

    trio.run(main)
    (order,) = box.exchange.orders.values()
    assert order.status == "canceled"
