"""`mainspring watch`: what it prints of sessions that run."""

import json

import pytest

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.session.control import ControlFolder
from mainspring.session.lane_run import LaneRun

TEXT = """
market.warm_up_s = 1
session = { chunk = 64, control = "control" }
feed = { plugin = "simulated", seconds = 5 }
instruments = ["BTC/USDT"]
strategy.maker = { plugin = "quote-maker", size = 0.01 }
risk = { max_order_size = 1, max_order_notional = 100_000, max_position = 5, collar_bps = 100, max_book_age_ms = 5_000 }
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "session.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_it_prints_what_runs(mainspring, config, tmp_path):
    """Prices and orders as lines, everything as JSON; without a session it says that none runs."""
    said = "no session with this control folder runs\n"
    assert mainspring("watch", config, "--seconds", "0.1")[:2] == (0, said)
    registry = Registry.load()
    lane = make_session(load_config(config), registry).lanes[0]
    with LaneRun(lane, registry, {}, control=ControlFolder(tmp_path / "control")) as run:
        while run.step():
            pass
        run._publisher.show(run.lane, seldom=True)
        out = mainspring("watch", config, "--seconds", "0.1")[1]
        assert f"running, running, {run.messages:,} messages" in out
        (shown,) = json.loads(mainspring("watch", config, "--seconds", "0.1", "--json")[1])["lanes"]
        assert shown["instruments"][0]["name"] == "BTC/USDT"
        assert shown["instruments"][0]["bids"][0][0] == shown["instruments"][0]["bid"]
        run.finish()
    assert mainspring("watch", config, "--seconds", "0.1")[:2] == (0, said)
