"""What a fused run sends is what was requested: one that isn't halts the lane, and nothing more of it leaves."""

from typing import Any

import pytest

from mainspring.errors import UnrequestedSend
from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.lane import Mode, Send
from mainspring.session.lane_run import LaneRun

# With a model in Python, requests are worked off there, within the run.
_SHORT = (
    "feed.seconds=10",
    "market.warm_up_s=1",
    'strategy.maker={plugin="quote-maker", size=0.01}',
    "slippage.plugin=square-root",
)


def _run(run: LaneRun) -> None:
    while run.step():
        pass


@pytest.mark.parametrize("decoder", ["native", "python"])
def test_an_order_that_is_sent_twice_halts_the_lane(decoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that goes wrong sends the first order again: it doesn't leave, in a fused run or out of it."""
    registry = Registry.load()
    (plan,) = make_session(load_config(None, (*_SHORT, f"decoder.plugin={decoder}")), registry).lanes
    with LaneRun(plan, registry, {}) as run:
        lane: Any = run._lane
        outgoing = lane.order_manager.outgoing
        send, sent = outgoing.send, []

        def twice(one: Send) -> None:
            send(one)
            sent.append(one)
            if len(sent) == 1:
                send(one)

        monkeypatch.setattr(outgoing, "send", twice)
        with pytest.raises(UnrequestedSend, match=r"order \d+ would be sent, and no strategy requested it, or it was"):
            _run(run)
        assert lane.message_loop.trades_in_runs(0) is (decoder == "native")
        assert lane.mode is Mode.HALTED


def test_what_a_run_sends_is_not_remembered() -> None:
    """Requests that Python works off within a run are compared, and forgotten, like any."""
    registry = Registry.load()
    (plan,) = make_session(load_config(None, (*_SHORT, "decoder.plugin=native")), registry).lanes
    with LaneRun(plan, registry, {}) as run:
        _run(run)
        manager: Any = run._lane.order_manager
        assert manager.outbox.next_order_id > 10
        assert not manager.audit._due
