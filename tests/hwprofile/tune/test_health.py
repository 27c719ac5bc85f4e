"""Grades of hosts, by how the default fared against itself and by the kernel's counters."""

import pytest

from hwprofile.tune.health import grade_of, noise_of
from hwprofile.tune.samples import Samples
from hwprofile.tune.signs import Signs

QUIET = Samples(((0.001, -0.001, 0.0) * 20,) * 5)
NOTHING = Signs()


def off(*centres: float) -> Samples:
    """Processes in which the default is so far off itself."""
    return Samples(tuple((centre,) * 30 for centre in centres))


def test_a_quiet_host() -> None:
    """Hardly any noise, and counters that stand still: quiet, and said so."""
    counters = Signs(steal=0, total=100, waited_us=0, throttled=7)
    health = grade_of(QUIET, counters, Signs(steal=0, total=300, waited_us=0, throttled=7), 1.0)
    assert (health.grade, health.steal, health.pressure, health.throttled) == ("quiet", 0.0, 0.0, 0)
    assert health.because.endswith("and nothing disturbs it")


def test_what_the_kernel_does_not_tell_is_unknown() -> None:
    """Without counters the noise alone grades the host."""
    health = grade_of(QUIET, NOTHING, NOTHING, 1.0)
    assert (health.grade, health.steal, health.pressure, health.throttled) == ("quiet", None, None, None)


@pytest.mark.parametrize(
    ("again", "after", "grade", "words"),
    [
        (off(0.03, -0.03, 0.02, -0.02), NOTHING, "noisy", "the default differs from itself by"),
        (off(0.09, -0.09, 0.08, 0.01), NOTHING, "unfit", "above 5%, chance decides"),
        (off(0.03, 0.031, 0.029, 0.03), NOTHING, "unfit", "differs from itself by 3.0%, which isn't chance"),
        (QUIET, Signs(steal=50, total=100), "unfit", "the hypervisor takes 50% of the CPUs' time"),
        (QUIET, Signs(steal=10, total=100), "noisy", "the hypervisor takes 10% of the CPUs' time"),
        (QUIET, Signs(waited_us=500_000), "noisy", "tasks wait for a CPU 50% of the time"),
        (QUIET, Signs(throttled=3), "noisy", "CPUs were throttled 3 times"),
    ],
)
def test_what_makes_a_host_noisy_or_unfit(again: Samples, after: Signs, grade: str, words: str) -> None:
    """Each trouble has its grade, and the words name it with its figure."""
    health = grade_of(again, Signs(steal=0, total=0, waited_us=0, throttled=0), after, 1.0)
    assert health.grade == grade
    assert words in health.because


def test_one_process_alone_ends_only_what_is_hopeless() -> None:
    """A tenth off itself in the first process isn't the end; a third is."""
    assert grade_of(off(0.10), NOTHING, NOTHING, 1.0).grade == "noisy"
    assert grade_of(off(0.30), NOTHING, NOTHING, 1.0).grade == "unfit"


def test_noise_counts_doubt() -> None:
    """Processes that disagree make noise, though their mean is none."""
    assert noise_of(off(0.02, -0.02, 0.02, -0.02)) > 0.005
