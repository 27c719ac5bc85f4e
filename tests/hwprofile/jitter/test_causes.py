"""What the kernel counted, from files in its own formats."""

from pathlib import Path

import pytest

from hwprofile.jitter import Causes, Counted, read_causes

# CPU 1 is offline: the tables have columns for 0 and 2 only.
INTERRUPTS = """\
           CPU0       CPU2
  4:          1          {device}  IO-APIC   4-edge      ttyS0
  9:          0          0
NMI:          0          0   Non-maskable interrupts
LOC:     349126     {timer}   Local timer interrupts
ERR:          0
MIS:          3
"""
SOFTIRQS = """\
                    CPU0       CPU2
          HI:          0          0
       TIMER:      89711     {timer}
"""
STATUS = "Name:\tpython\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t{switches}\n"
# A program may be named like the fields that follow; "processor" is the 39th field.
STAT = "77 (odd) 9 (name) R " + " ".join(["0"] * 35) + " 2 0 0\n"


@pytest.fixture
def look(tmp_path):
    """Writes the counters as they stand, and reads those of a CPU."""

    def read(cpu=2, **files: str) -> Causes:
        for name, text in files.items():
            path = tmp_path / "proc" / name.replace("thread__", "thread-self/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return read_causes(cpu, tmp_path)

    return read


def test_of_one_cpu(look):
    """The column of the CPU counts, by the table's heading; rows of the whole host aren't any CPU's."""
    found = look(
        interrupts=INTERRUPTS.format(device=7, timer=500),
        softirqs=SOFTIRQS.format(timer=40),
        thread__status=STATUS.format(switches=3),
        thread__schedstat="1000 2500 9\n",
        thread__stat=STAT,
        stat="cpu  1 1 1 1 1 1 1 1 1 1\ncpu2 0 0 0 0 0 0 0 4 0 0\ncpu20 0 0 0 0 0 0 0 9 0 0\n",
    )
    assert found.interrupts == (
        Counted("4", "IO-APIC 4-edge ttyS0", 7),
        Counted("9", "", 0),
        Counted("NMI", "Non-maskable interrupts", 0),
        Counted("LOC", "Local timer interrupts", 500),
    )
    assert found.softirqs == (Counted("HI", "", 0), Counted("TIMER", "", 40))
    assert (found.voluntary_switches, found.involuntary_switches, found.run_delay_ns) == (5, 3, 2500)
    assert (found.steal_ns, found.ran_on) == (40_000_000, {2})


def test_since(look):
    """What was counted meanwhile, the most frequent first, without what wasn't."""
    before = look(
        interrupts=INTERRUPTS.format(device=7, timer=500),
        softirqs=SOFTIRQS.format(timer=40),
        thread__status=STATUS.format(switches=3),
    )
    after = look(
        interrupts=INTERRUPTS.format(device=8, timer=750),
        softirqs=SOFTIRQS.format(timer=40),
        thread__status=STATUS.format(switches=13),
    )
    found = after.since(before)
    assert found.interrupts == (
        Counted("LOC", "Local timer interrupts", 250),
        Counted("4", "IO-APIC 4-edge ttyS0", 1),
    )
    assert (found.softirqs, found.involuntary_switches, found.voluntary_switches) == ((), 10, 0)
    assert (found.run_delay_ns, found.steal_ns) == (None, None)


def test_devices_come_and_go():
    """A device that came meanwhile counts from nothing; of one that went nothing is known."""
    before = Causes(interrupts=(Counted("4", "old", 9), Counted("5", "kept", 1)))
    after = Causes(interrupts=(Counted("5", "kept", 3), Counted("6", "new", 4)))
    assert after.since(before).interrupts == (Counted("6", "new", 4), Counted("5", "kept", 2))


def test_plus():
    """Rounds add up by name; what one of them couldn't see isn't known of both."""
    one = Causes(interrupts=(Counted("4", "a", 1),), run_delay_ns=5, steal_ns=1, ran_on=frozenset({1}))
    two = Causes(interrupts=(Counted("4", "a", 2), Counted("5", "b", 9)), run_delay_ns=6, ran_on=frozenset({2}))
    found = one.plus(two)
    assert found.interrupts == (Counted("5", "b", 9), Counted("4", "a", 3))
    assert (found.run_delay_ns, found.steal_ns, found.ran_on) == (11, None, frozenset({1, 2}))


def test_nothing_told(look):
    """What can't be read isn't known; it isn't nought."""
    assert look() == Causes()
    assert look(cpu=1, interrupts=INTERRUPTS.format(device=0, timer=0)).interrupts is None


def test_without_a_cpu(look):
    """Where the thread is nowhere in particular, only its own counters are read."""
    found = look(cpu=None, interrupts=INTERRUPTS.format(device=0, timer=0), thread__schedstat="1 2 3\n")
    assert (found.interrupts, found.steal_ns, found.run_delay_ns) == (None, None, 2)


@pytest.mark.skipif(not Path("/proc/thread-self/status").exists(), reason="no Linux: the kernel has no such files")
def test_this_host():
    """The running kernel's files are of the format that is read."""
    found = read_causes(None)
    assert found.involuntary_switches is not None
    assert len(found.ran_on) == 1
