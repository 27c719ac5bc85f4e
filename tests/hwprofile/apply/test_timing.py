import errno
import gc

import pytest

from hwprofile.apply import set_fifo, set_timer_slack, tune_gc

FLAG = 0x40000000
THROTTLE = "/proc/sys/kernel/sched_rt_runtime_us"


def test_timer_slack(kernel):
    """The slack is read back in both ways that there are, and undone, from another thread by its file."""
    action, undo = set_timer_slack(1, kernel=kernel)
    assert (action.outcome, action.holds) == ("applied", "1 ns")
    assert action.evidence == "/proc/100/timerslack_ns: 1; prctl(PR_GET_TIMERSLACK): 1"
    kernel.me = 101
    assert undo is not None
    assert undo().outcome == "applied"
    assert (kernel.slack[100], kernel.slack[101]) == (50_000, 50_000)
    assert set_timer_slack(50_000, kernel=kernel)[1] is None
    assert set_timer_slack(0, kernel=kernel)[0].outcome == "refused"


def test_timer_slack_that_fails(kernel):
    """Declined, not kept, not permitted from outside: each is told."""
    kernel.fail("set_timer_slack", errno.ENOSYS)
    assert set_timer_slack(1, kernel=kernel)[0].outcome == "refused"
    kernel.set_timer_slack = lambda slack_ns: None
    action, _ = set_timer_slack(1, kernel=kernel)
    assert (action.outcome, action.holds) == ("refused", "50,000 ns")
    del kernel.set_timer_slack
    _, undo = set_timer_slack(1, kernel=kernel)
    kernel.me = 101
    kernel.fail("write", errno.EPERM)
    assert undo is not None
    assert undo().outcome == "refused"


def test_fifo(kernel):
    """The policy is set so that children don't inherit it, read back with what the throttle takes, and undone."""
    action, undo = set_fifo(10, kernel=kernel)
    assert (action.outcome, action.holds) == ("applied", "fifo, priority 10")
    assert action.evidence == f"sched_getscheduler: fifo, priority 10; {THROTTLE}: 950000"
    assert kernel.scheduled[100] == (1 | FLAG, 10)
    assert undo is not None
    assert undo().outcome == "applied"
    assert kernel.scheduled[100] == (0, 0)


@pytest.mark.parametrize("throttle", ["-1", None])
def test_fifo_without_a_throttle(kernel, throttle):
    """Without a throttle, or without knowing, it takes a core that no real-time thread has: else it is refused."""
    kernel.files[THROTTLE] = throttle
    kernel.files["/sys/devices/system/cpu/online"] = "0-3"
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        kernel.files[f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"] = siblings
    assert set_fifo(10, kernel=kernel)[0].outcome == "applied"
    action, undo = set_fifo(10, 101, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert "no core is spare" in (action.reason or "")
    assert kernel.scheduled[101] == (0, 0)
    kernel.scheduled[100] = (0, 0)
    kernel.files["/sys/devices/system/cpu/online"] = "0"
    assert set_fifo(10, 101, kernel=kernel)[0].outcome == "refused"


def test_fifo_not_permitted(kernel):
    """Without the privilege it is refused, with what would give it."""
    kernel.fail("set_scheduling", errno.EPERM)
    action, undo = set_fifo(10, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert "LimitRTPRIO" in (action.needs or "")


def test_fifo_undone_without_privilege(kernel):
    """Who may not take the flag off again leaves SCHED_FIFO with it on, and says so; what has ended is left alone."""
    _, undo = set_fifo(10, kernel=kernel)
    kernel.fail("set_scheduling", errno.EPERM)
    assert undo is not None
    assert undo().outcome == "partial"
    assert kernel.scheduled[100] == (FLAG, 0)
    _, undo = set_fifo(10, 101, kernel=kernel)
    kernel.start(101)
    assert undo is not None
    assert undo().holds == "the thread has ended"
    assert kernel.scheduled[101] == (0, 0)
    kernel.end(101)
    assert undo is not None
    assert undo().holds == "the thread has ended"


def test_collector():
    """Frozen, its thresholds and switch set, and all as it was afterwards."""
    before = gc.get_threshold(), gc.isenabled(), gc.get_freeze_count()
    action, undo = tune_gc(thresholds=(5000, 20, 20), enabled=False)
    try:
        assert action.outcome == "applied"
        assert gc.get_freeze_count() > 0
        assert (gc.get_threshold(), gc.isenabled()) == ((5000, 20, 20), False)
        # Frozen twice: the second way back can't tell the two apart.
        _, second = tune_gc()
        assert second is not None
        assert second().outcome == "partial"
        assert gc.get_freeze_count() > 0
    finally:
        assert undo is not None
        done = undo()
    assert done.outcome == "applied"
    assert (gc.get_threshold(), gc.isenabled(), gc.get_freeze_count()) == before
    assert tune_gc(freeze=False)[1] is None
