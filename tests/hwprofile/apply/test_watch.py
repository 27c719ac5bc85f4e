import errno

import pytest

from hwprofile.apply import Switches, Watch
from hwprofile.apply.threads import parse_stat


@pytest.fixture
def watched(kernel):
    """A watch over the three threads, of which each has run for 0 ns and never switched."""

    def ran(tid, run_ns, *, cpu=None, involuntary=0):
        kernel.files[f"/proc/{tid}/schedstat"] = f"{run_ns} 0 1"
        kernel.files[f"/proc/{tid}/status"] = (
            f"Name:\tt\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t{involuntary}"
        )
        if cpu is not None:
            kernel.ran_on[tid] = cpu

    for tid in (100, 101, 102):
        ran(tid, 0, cpu=1)
    return Watch(kernel=kernel), ran, kernel


def test_where_threads_ran(watched):
    """Only what ran between samples counts; straying is seen; switches are those since the start."""
    watch, ran, _ = watched
    ran(100, 5, involuntary=7)
    watch.expect(100, "lane-0", {1})
    watch.start()
    watch.sample()
    ran(100, 6, cpu=1, involuntary=7)
    watch.sample()
    ran(100, 9, cpu=2, involuntary=10)
    ran(101, 1, cpu=3)
    watch.sample()
    first, second, third = watch.report()
    assert (first.role, first.wanted, first.ran_on) == ("lane-0", (1,), ((1, 1), (2, 1)))
    assert (first.samples, first.strayed, first.kept) == (2, 1, False)
    assert first.switches == Switches(voluntary=0, involuntary=3)
    assert (second.role, second.ran_on, second.kept) == (None, ((3, 1),), None)
    assert (third.samples, third.kept, third.mask) == (0, None, (0, 1, 2, 3))


def test_kept(watched):
    """A thread that ran only where it was wanted has kept its place; one that never ran tells nothing."""
    watch, ran, _ = watched
    watch.expect(100, "lane-0", {1, 2})
    watch.expect(101, "lane-1", {1})
    watch.start()
    for run_ns in range(1, 4):
        ran(100, run_ns, cpu=1 + run_ns % 2)
        watch.sample()
    first, second, _ = watch.report()
    assert (first.kept, first.samples) == (True, 3)
    assert second.kept is None


def test_threads_that_come_and_go(watched):
    """Threads that start later are watched from then on, those that end stay in the report, and so do old numbers."""
    watch, ran, kernel = watched
    watch.start()
    kernel.start(103)
    ran(103, 4, cpu=2, involuntary=5)
    ran(101, 4, cpu=3)
    watch.sample()
    kernel.end(101)
    watch.sample()
    kernel.start(102)
    ran(102, 0, cpu=0)
    watch.sample()
    report = watch.report()
    assert [(one.tid, one.ended) for one in report] == [
        (101, True),
        (102, True),
        (100, False),
        (102, False),
        (103, False),
    ]
    late = report[-1]
    assert (late.ran_on, late.switches) == (((2, 1),), Switches(voluntary=3, involuntary=5))
    assert report[0].ran_on == ((3, 1),)


def test_kernels_that_tell_less(watched):
    """Without the figures of run time, a thread that runs at the moment counts; without switches, they are unknown."""
    watch, _, kernel = watched
    kernel.files.clear()
    watch.start()
    watch.sample()
    assert [(one.samples, one.switches) for one in watch.report()] == [(1, None)] * 3


def test_the_process_ends(watched):
    """When the process has ended, what was seen stays; a process that isn't there can't be watched."""
    watch, _, kernel = watched
    watch.start()
    kernel.always("threads", errno.ENOENT)
    watch.sample()
    assert all(one.ended for one in watch.report())
    with pytest.raises(FileNotFoundError):
        Watch(4711, kernel=kernel).start()


def test_names_of_threads():
    """A name with spaces and parentheses is read whole, and the fields after it by the kernel's numbering."""
    fields = [str(number) for number in range(4, 53)]
    stat = parse_stat(f"7 (a) b (c) S {' '.join(fields)}")
    assert (stat.name, stat.state) == ("a) b (c", "S")
    assert (stat.started, stat.cpu, stat.priority, stat.policy) == (22, 39, 40, 41)
    assert not stat.ended
