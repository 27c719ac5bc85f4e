"""CPUs as the kernel writes them."""

import random

import pytest

from hwprofile.cpu_lists import cpu_list, cpu_mask, cpus_named
from hwprofile.kernel_files import parse_cpu_list
from hwprofile.probe.numbers import mask_cpus

SEED = 20260802


@pytest.mark.parametrize(
    ("cpus", "listed", "mask", "named"),
    [
        ((), "none", "0", "no CPU"),
        ((0,), "0", "1", "CPU 0"),
        ((8, 0, 1, 2, 3), "0-3,8", "10f", "CPUs 0-3,8"),
        ((0, 1, 32, 33, 34, 35), "0-1,32-35", "f,00000003", "CPUs 0-1,32-35"),
        ((64,), "64", "1,00000000,00000000", "CPU 64"),
        ((5, 5), "5", "20", "CPU 5"),
    ],
)
def test_lists_and_masks(cpus, listed, mask, named):
    """Ranges, and words of 32 bits."""
    assert (cpu_list(cpus), cpu_mask(cpus), cpus_named(cpus)) == (listed, mask, named)


def test_there_and_back():
    """What is written is read as the same CPUs."""
    generator = random.Random(SEED)
    for _ in range(200):
        cpus = tuple(sorted(generator.sample(range(200), generator.randint(1, 100))))
        assert parse_cpu_list(cpu_list(cpus)) == mask_cpus(cpu_mask(cpus)) == cpus, SEED
