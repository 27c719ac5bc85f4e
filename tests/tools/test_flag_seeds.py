"""Sessions with random flag changes, swaps and rollbacks, and their repetition."""

import pytest

from mainspring.host.registry import Registry
from mainspring_tools.flag_seeds import run_seed


@pytest.mark.parametrize(
    "seeds",
    [range(4), pytest.param(range(1_000, 1_100), marks=[pytest.mark.gate, pytest.mark.weekly])],
    ids=["few", "many"],
)
def test_what_was_fed_gives_the_same_again(seeds, tmp_path):
    """Whatever changed in between: the order log, the refusals and how it ended."""
    registry, changes = Registry.load(), 0
    for seed in seeds:
        outcome = run_seed(seed, registry, tmp_path)
        assert outcome.first == outcome.again, f"seed {seed}"
        changes += sum(outcome.changes.values())
    assert changes > 5 * len(seeds)
