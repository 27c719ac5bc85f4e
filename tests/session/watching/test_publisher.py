"""A lane that is watched: what others see of it, and that it does the same as without them."""

import hashlib

import msgspec
import pytest

from mainspring.errors import PluginError
from mainspring.host.config import parse_config
from mainspring.host.session_planning import make_session
from mainspring.session.control import ControlFolder, KillRecord
from mainspring.session.lane_run import LaneRun
from mainspring.session.source import open_messages
from mainspring.session.watching import publisher
from mainspring.session.watching.follower import Follower
from mainspring.session.watching.picture import picture

TEXT = """
market.warm_up_s = 1
session = { chunk = 64, control = "control" }
feed = { plugin = "simulated", seconds = 20 }
instruments = ["BTC/USDT", "ETH/USDT"]
strategy.maker = { plugin = "quote-maker", size = 0.01 }
strategy.trend = { plugin = "momentum", size = 0.01 }
[risk]
max_order_size = 1
max_order_notional = 100_000
max_position = 5
max_open_orders = 50
collar_bps = 100
max_book_age_ms = 5_000
"""


@pytest.fixture
def lane(tmp_path, registry):
    """Makes a run whose lane is shown after each chunk, and a follower of its folder."""
    session = make_session(parse_config(TEXT, "the test", tmp_path), registry)
    folder = ControlFolder(tmp_path / "control")

    def make(log=None):
        logs = {} if log is None else {"1": log}
        run = LaneRun(session.lanes[0], registry, logs, lambda plan, reg, _: open_messages(plan, reg), control=folder)
        run._publisher._every_s = 0
        return run, Follower(folder.path), folder

    return make


def finished(run):
    while run.step():
        pass
    return run.finish()


def test_what_is_seen_is_what_the_lane_has(lane):
    """Prices, ladders, orders, money, stages, limits and records; the last ones also after its end."""
    run, follower, folder = lane()
    with run:
        assert follower.look()
        follower.read()
        steps = 0
        while run.step():
            steps += 1
            follower.read()
            if steps == 10:
                folder.kill(KillRecord(level="strategy", target="trend", who="me", why="a test", at="now"))
        view = follower.lanes["1"]
        result, seen = run.finish(), picture(view, None)
        manager = run.lane.order_manager
        assert seen.state == "running"
        assert seen.messages == result.messages
        assert [one.bid for one in seen.instruments] == [one.book.bid for one in result.parts[0].instruments]
        assert all(one.bids[0][0] == one.bid and one.asks[0][0] == one.ask for one in seen.instruments)
        assert seen.kills == ["strategy trend"]
        assert {one.stage for one in seen.stages} >= {"risk", "slippage", "whole_path"}
        assert all(0 < one.p50_s <= one.p99_s <= one.max_s for one in seen.stages)
        limits = {(one.check, one.instrument): one for one in seen.limits}
        assert limits["max_position", "BTC/USDT"].used == pytest.approx(
            abs(float(manager.portfolio.accounts[0].statement().position)) / 5, abs=0.02
        )
        assert limits["max_open_orders", ""].used is not None
        assert {one.strategy for one in seen.money} == {"", "maker"}
        assert seen.equity.keys() == {"USDT"}
        assert {one.slot for one in seen.slots} >= {"decoder", "book", "strategy maker"}
    follower.look()
    assert picture(view, None).state == "ended"
    assert view.numbered == result.log.records
    assert "fill" in {kind for _, _, kind, _ in picture(view, None, events=2_000).events}
    follower.close()


def test_a_lane_that_is_watched_does_the_same(lane, tmp_path):
    """To the last byte of its order log; one that nobody watches makes no state at all."""
    digests = []
    for name, watched in (("plain", False), ("watched", True)):
        run, follower, _ = lane(tmp_path / name)
        with run:
            follower.look()
            while run.step():
                if watched:
                    follower.read()
            run.finish()
            assert (run._publisher._shared._number > 0) is watched
        digests.append(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
        follower.close()
    assert digests[0] == digests[1]


def test_what_cannot_be_shown_does_not_end_the_session(lane, monkeypatch):
    """A book that raises is a problem on the page; a state that is too long is shown in short."""
    run, follower, _ = lane()
    with run:
        follower.look()
        follower.read()
        run.step()

        def broken(_market):
            raise PluginError("d", "the book is broken")

        monkeypatch.setattr(publisher, "_ladder", broken)
        run._publisher.show(run.lane, seldom=True)
        follower.read()
        assert "the book is broken" in follower.lanes["1"].state.problem
        monkeypatch.setattr(run._publisher._shared, "write_state", _only_short(run._publisher._shared.write_state))
        run._publisher.show(run.lane, seldom=True)
        follower.read()
        assert follower.lanes["1"].state.problem == "there is too much of it to show"
        finished(run)
    follower.close()


def _only_short(write):
    def write_state(raw):
        return write(raw) if msgspec.msgpack.decode(raw).get("problem") == "there is too much of it to show" else False

    return write_state
