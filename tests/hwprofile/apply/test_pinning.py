import errno

import pytest

from hwprofile.actions import Scope
from hwprofile.apply import pin_process, pin_thread, sweep_threads

ALL = (0, 1, 2, 3)


def test_pinned_and_undone(kernel):
    """A pin is read back, told with its evidence, and undone with the hold."""
    with Scope() as scope:
        action = scope.add(*pin_thread({2}, kernel=kernel))
        assert (action.outcome, action.subject, action.wanted, action.holds) == (
            "applied",
            "thread 100",
            "CPU 2",
            "CPU 2",
        )
        assert action.evidence == "sched_getaffinity(100): 2; last ran on CPU 2"
        assert kernel.masks[100] == (2,)
        # What may be used isn't narrowed by our own pin.
        assert scope.add(*pin_thread({3, 1}, kernel=kernel)).holds == "CPUs 1,3"
    assert kernel.masks == dict.fromkeys((100, 101, 102), ALL)
    assert [action.outcome for action in scope.undone] == ["applied", "applied"]
    assert [action.holds for action in scope.undone] == ["CPU 2, as before", "CPUs 0-3, as before"]


@pytest.mark.parametrize(("cpus", "reason"), [({3, 4}, "CPU 4 may not"), ({7, 9}, "CPUs 7,9 may not"), ((), "no CPU")])
def test_refused_before_the_kernel_drops_it(kernel, cpus, reason):
    """A CPU that may not be used, or none at all, is refused without a call to the kernel."""
    for action, undo in (
        pin_thread(cpus, kernel=kernel),
        pin_process(cpus, kernel=kernel),
        sweep_threads(cpus, kernel=kernel),
    ):
        assert action.outcome == "refused"
        assert reason in (action.reason or "")
        assert undo is None
    assert "set_affinity" not in kernel.calls
    action, _ = pin_thread({1}, usable=(0,), kernel=kernel)
    assert action.outcome == "refused"


def test_what_the_kernel_drops_is_seen(kernel):
    """A cpuset that the request didn't know of: what is left of it is partial, and nothing of it an error."""
    kernel.cpuset = {0, 1}
    action, undo = pin_thread({1, 2}, usable=ALL, kernel=kernel)
    assert (action.outcome, action.holds) == ("partial", "CPU 1")
    assert action.reason == "the kernel took the call and keeps CPU 1"
    assert "cpuset" in (action.needs or "")
    # The way back is as far as the kernel lets: it is told.
    assert undo is not None
    assert undo().outcome == "partial"
    action, undo = pin_thread({3}, usable=ALL, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert "EINVAL" in action.evidence


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EPERM, "isn't permitted"),
        (errno.ENOSYS, "lacks the call"),
        (errno.ESRCH, "no such thread"),
        (errno.EINVAL, "the kernel declined it"),
    ],
)
def test_errors_of_the_kernel(kernel, number, words):
    """What the kernel declines is refused with its reason; nothing is there to be undone."""
    kernel.fail("set_affinity", number)
    action, undo = pin_thread({1}, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert words in (action.reason or "")
    assert errno.errorcode[number] in action.evidence


def test_no_calls_at_all(kernel):
    """On a system without masks of CPUs, everything is refused in words, and nothing raises."""
    for call in ("affinity", "set_affinity", "threads"):
        kernel.always(call, errno.ENOSYS)
    for action, undo in (pin_thread({1}, kernel=kernel), sweep_threads({1}, kernel=kernel)):
        assert (action.outcome, undo) == ("refused", None)
        assert action.needs.startswith("Linux")


def test_set_and_not_readable(kernel):
    """A mask that was set and can't be read back is unknown, and can be undone."""
    kernel.affinity(100)
    kernel.fail("affinity", None, None, None, None, errno.EPERM)
    action, undo = pin_thread({1}, kernel=kernel)
    assert (action.outcome, action.holds) == ("unknown", "unknown")
    assert kernel.masks[100] == (1,)
    assert undo is not None
    undo()
    assert kernel.masks[100] == ALL


def test_a_thread_that_ended(kernel):
    """Undoing leaves alone what has ended, and a new thread that has its number."""
    _, undo = pin_thread({1}, 101, kernel=kernel)
    kernel.end(101)
    assert undo is not None
    assert (undo().outcome, undo().holds) == ("applied", "ended")
    kernel.start(101, mask=(3,))
    assert (undo().outcome, undo().holds) == ("applied", "ended")
    assert kernel.masks[101] == (3,)
    action, _ = pin_thread({1}, 999, kernel=kernel)
    assert action.outcome == "refused"


def test_sweep(kernel):
    """Every thread but those named goes to the housekeeping CPUs, those too that start meanwhile, and all come back."""
    pin_thread({3}, 101, kernel=kernel)
    listed = kernel.threads
    kernel.threads = lambda pid: (
        listed(pid) if kernel.calls.count("threads") < 2 else (kernel.start(103), listed(pid))[1]
    )
    action, undo = sweep_threads({0, 1}, (101,), kernel=kernel)
    assert action.outcome == "applied"
    assert action.holds == "CPUs 0-1, 3 threads"
    assert "t103 (103)" in action.evidence
    assert (kernel.masks[100], kernel.masks[101], kernel.masks[103]) == ((0, 1), (3,), (0, 1))
    kernel.end(102)
    assert undo is not None
    assert undo().outcome == "applied"
    assert (kernel.masks[100], kernel.masks[101]) == (ALL, (3,))


def test_sweep_in_part(kernel):
    """Threads that can't be moved are named; the others are moved, and undone."""
    kernel.fail("set_affinity", None, errno.EPERM)
    action, undo = pin_process({2}, kernel=kernel)
    assert (action.outcome, action.holds) == ("partial", "CPU 2, 2 of 3 threads")
    assert action.reason == "101: Operation not permitted"
    assert undo is not None
    assert undo().outcome == "applied"
    assert kernel.masks == dict.fromkeys((100, 101, 102), ALL)
    kernel.always("set_affinity", errno.EPERM)
    action, undo = pin_process({2}, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    action, undo = pin_process({2}, 4711, kernel=kernel)
    assert (action.outcome, undo) == ("refused", None)
    assert "no such thread or process" in (action.reason or "")


def test_undo_that_fails_in_part(kernel):
    """Threads whose mask can't be put back are named, and the rest are put back all the same."""
    _, undo = pin_process({2}, kernel=kernel)
    kernel.fail("set_affinity", errno.EPERM)
    assert undo is not None
    action = undo()
    assert (action.outcome, action.holds) == ("partial", "2 of 3 put back")
    assert action.reason == "t102 (102): Operation not permitted"
    assert kernel.masks == {100: ALL, 101: ALL, 102: (2,)}


def test_isolated_cpus_may_be_named(make_kernel):
    """CPUs that the kernel left out of the mask because they are isolated may be named; others not."""
    kernel = make_kernel(cpuset=(0, 1))
    kernel.files["/sys/devices/system/cpu/isolated"] = "2-3"
    kernel.cpuset = {0, 1, 2, 3}
    assert pin_thread({2}, kernel=kernel)[0].outcome == "applied"
    kernel = make_kernel(cpuset=(0, 1))
    assert pin_thread({2}, kernel=kernel)[0].outcome == "refused"
