"""A portfolio against an oracle in exact fractions, and against one that counts in Rust."""

from collections import Counter

import pytest

pytest.importorskip("mainspring_native._native", reason="the native module isn't built")

from mainspring_tools.twins.portfolio import compare_portfolio


def test_random_fills_and_payments_give_the_same_money() -> None:
    """Positions, cost, profit, fees and funding, by strategy and in sum, for each kind of contract."""
    counts = sum((compare_portfolio(seed, commands=1_500) for seed in range(4)), Counter())
    assert min(counts["closed or turned"], counts["payments"]) > 100


@pytest.mark.gate
def test_many_random_fills_and_payments_give_the_same_money() -> None:
    """As many as take some seconds."""
    for seed in range(100, 102):
        compare_portfolio(seed, commands=10_000)
