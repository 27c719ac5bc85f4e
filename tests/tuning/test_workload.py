"""The messages that a tune works with."""

import pytest

from mainspring.data import read_capture
from mainspring.data.capture import CaptureWriter
from mainspring.errors import ConfigError
from mainspring.host.wiring import wire
from mainspring.session import open_messages
from mainspring.session.driver import Driver
from mainspring.tuning.lanes import run_over
from mainspring.tuning.workload import cut_workload, messages_for


@pytest.mark.parametrize(("budget_s", "messages"), [(10, 4_096), (60, 6_000), (120, 12_000), (3_600, 65_536)])
def test_a_larger_budget_has_more_messages(budget_s, messages):
    """100 messages a second of the budget, within bounds."""
    assert messages_for(budget_s) == messages


def test_it_is_the_beginning_of_the_session(registry, planned, tmp_path):
    """The file holds the session's first messages as they are, and the plan reads it; 70% are the race's."""
    plan = planned(registry, "mode=replay")
    workload, messages = cut_workload(plan, registry, tmp_path, 2_000)
    assert messages == list(open_messages(plan, registry).take(2_000))
    assert list(read_capture(workload.plan.source.captures[0])) == messages
    assert (workload.messages, workload.seen, workload.begin) == (2_000, 1_400, 0)


def test_races_begin_where_the_sessions_own_orders_rest(registry, planned, tmp_path):
    """As many messages as asked for follow the first accepted order; before it, statistics warm up and none rests."""
    plan = planned(registry)
    workload, messages = cut_workload(plan, registry, tmp_path, 2_000)
    begin = workload.begin
    assert (workload.messages, workload.seen) == (begin + 2_000, begin + 1_400)
    assert messages == list(open_messages(plan, registry).take(begin + 2_000))
    driver = Driver(wire(plan, registry))
    orders = driver.lane.order_manager
    run_over(driver, messages[:1_000])
    assert [one.accepted for one in orders.quality.tallies] == [0]
    run_over(driver, messages[1_000:begin])
    assert [one.accepted > 0 for one in orders.quality.tallies] == [True]
    before = orders.quality.tallies[0].fills
    run_over(driver, messages[begin : workload.seen])
    assert orders.quality.tallies[0].fills > before


def test_a_session_too_short_for_that_races_from_its_start(registry, planned, tmp_path):
    """A race needs 1,024 messages: where fewer follow the first order, those before it are timed too."""
    path = capture(tmp_path / "short.capture", open_messages(planned(registry), registry).take(1_500))
    plan = planned(registry, f'feed.capture="{path}"', "feed.plugin=binance-spot")
    workload, _ = cut_workload(plan, registry, tmp_path, 2_000)
    assert (workload.messages, workload.seen, workload.begin) == (1_500, 1_050, 0)


def capture(path, messages):
    with CaptureWriter(path) as writer:
        for at, raw in messages:
            writer.write(at, raw)
    return path


def test_too_short_is_refused(registry, planned, tmp_path):
    """A capture of a few messages says nothing, and the error says what would serve."""
    path = capture(tmp_path / "short.capture", open_messages(planned(registry), registry).take(500))
    plan = planned(registry, f'feed.capture="{path}"', "feed.plugin=binance-spot")
    with pytest.raises(ConfigError, match=r"holds 500 messages, and a race needs 1,024: tune with a longer"):
        cut_workload(plan, registry, tmp_path, 2_000)


def test_a_message_that_ends_the_session_is_refused(registry, planned, tmp_path):
    """Where the session would end at a broken message, so does the tune, unless such messages are to be skipped."""
    messages = list(open_messages(planned(registry), registry).take(1_500))
    messages[700] = (messages[700][0], b'{"u":"broken"}')
    path = capture(tmp_path / "bad.capture", messages)
    chosen = (f'feed.capture="{path}"', "feed.plugin=binance-spot")
    with pytest.raises(ConfigError, match=r"message 701 is refused .*feed.skip_bad = true"):
        cut_workload(planned(registry, *chosen), registry, tmp_path, 2_000)
    workload, _ = cut_workload(planned(registry, *chosen, "feed.skip_bad=true"), registry, tmp_path, 2_000)
    assert workload.messages == 1_500
