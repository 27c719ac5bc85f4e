"""A live session says how long messages have waited: what `max_feed_lag_ms` lets orders pass by."""

from typing import Any

from mainspring.host.config import load_config
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.lane import ClockCompared
from mainspring.session.lane_run import LaneRun

_MS = 1_000_000


class _Kept:
    """Keeps what was said about the clocks."""

    def __init__(self) -> None:
        self.compared: list[ClockCompared] = []

    def record(self, event: Any, messages: Any) -> None:
        if isinstance(event, ClockCompared):
            self.compared.append(event)


def _catching_up(*overrides: str) -> tuple[Any, _Kept]:
    """A lane that has run what there was, and does nothing but to catch up from here on."""
    (plan,) = make_session(load_config(None, ("feed.seconds=2", *overrides)), Registry.load()).lanes
    kept = _Kept()
    run = LaneRun(plan, Registry.load(), {}, recorder=kept)
    run.catch_up(0)
    return run, kept


def test_the_lag_is_how_long_messages_have_waited() -> None:
    """Each second, and at once if it is longer than was said; it is valid for three."""
    run, kept = _catching_up("risk.max_feed_lag_ms=10")
    replay, lane_ns = run._replay, run._lane.now_ns
    kept.compared.clear()
    now_ns = lane_ns + 10_000 * _MS
    run.catch_up(now_ns)
    run.catch_up(now_ns + 999 * _MS)
    assert [(one.lag_ns, one.valid_until_ns - now_ns) for one in kept.compared] == [(0, 3_000 * _MS)]
    # A message that was received 40 ms before the lane gets to it.
    replay.feeds[0].head_ns = now_ns + 960 * _MS
    replay._compare_clocks(now_ns + 1_000 * _MS)
    replay._compare_clocks(now_ns + 1_030 * _MS)
    replay._compare_clocks(now_ns + 1_020 * _MS)
    assert [one.lag_ns // _MS for one in kept.compared[1:]] == [40, 70]
    assert run._lane.order_manager.risk.session.clock.lag_ns == 70 * _MS


def test_nothing_is_compared_unless_a_check_reads_it() -> None:
    """Each comparison is journalled."""
    run, kept = _catching_up()
    run.catch_up(run._lane.now_ns + 10_000 * _MS)
    assert kept.compared == []
