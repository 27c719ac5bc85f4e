"""A measurement as text."""

import pytest

from hwprofile.jitter import Causes, Counted, Interruptions, Jitter, JitterHistogram, as_text
from hwprofile.jitter.text import duration


def interruptions(cpu, lengths, seconds=2, **causes):
    """What was found on a CPU in two seconds."""
    histogram = JitterHistogram()
    histogram.add(lengths)
    return Interruptions(
        cpu=cpu,
        observed_ns=seconds * 10**9,
        floor_ns=60,
        threshold_ns=1000,
        lengths=histogram,
        causes=Causes(**causes),
    )


def text(target, control=None, **options):
    """The lines of a measurement's text."""
    jitter = Jitter(clock="test clock", resolution_ns=1.0, target=target, control=control, actions=())
    return as_text(jitter, **options).splitlines()


def test_figures_and_chart():
    """Figures stand beside those of the control; the longest bar is that of the largest rate, and none is lost."""
    lines = text(interruptions(1, [1500] * 400 + [5000] * 40 + [9000]), interruptions(0, [1500] * 800), width=100)
    assert any(line.split() == ["interruptions", "441", "800"] for line in lines)
    assert any(line.split() == ["a", "second", "220.5", "400.0"] for line in lines)
    starts = ("1.02", "2.05", "4.1", "8.19")
    rows = {line.split()[0]: line for line in lines if line and line.split()[0] in starts}
    bars = {start: [len(bar) for bar in row.split() if set(bar) == {"#"}] for start, row in rows.items()}
    assert bars["1.02"][0] * 2 == pytest.approx(bars["1.02"][1], abs=1)
    assert bars["4.1"] == [round(bars["1.02"][0] / 10)]
    assert bars["8.19"] == [1]
    assert "2.05" in rows
    assert not [line for line in lines if len(line) > 100]


def test_explanation():
    """What the kernel counted is told by the second; the rest is said to be nobody's."""
    lines = text(
        interruptions(
            1,
            [5000] * 600,
            interrupts=tuple(Counted(f"K{number}", "kind", 50 - number) for number in range(8)),
            softirqs=(),
            voluntary_switches=1,
            involuntary_switches=2,
            run_delay_ns=2_500_000,
            steal_ns=10_000_000,
            ran_on=frozenset({1, 3}),
        )
    )
    reported = "\n".join(lines)
    assert "  interrupts        25.0 a second  K0 kind" in lines
    assert "                    43.5 a second  of 2 more kinds" in lines
    assert "  softirqs    none" in lines
    assert "  switches    2 involuntary, 1 voluntary" in lines
    assert "  waited      2.5 ms for the CPU while others ran, of 3 ms lost" in lines
    assert "also seen on CPU 3" in reported
    assert "That explains 375 of 600 interruptions at most.\n225 were caused by something" in reported
    assert not [line for line in lines if line != line.rstrip()]


def test_nothing_found_and_nothing_told():
    """Without interruptions there is no chart; what the kernel doesn't tell is shown as unknown."""
    lines = text(interruptions(1, []))
    assert not [line for line in lines if "length from" in line]
    assert "  interrupts  unknown" in lines
    assert any("isn't known" in line for line in lines)
    assert "There is no control run: no other CPU may be used." in lines


@pytest.mark.parametrize(
    ("ns", "words"),
    [(0, "0 ns"), (62, "62 ns"), (1_000, "1 us"), (1_234, "1.23 us"), (45_600_000, "45.6 ms"), (10**10, "10 s")],
)
def test_duration(ns, words):
    """Three digits, in the unit that suits."""
    assert duration(ns) == words
