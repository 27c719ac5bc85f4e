"""The built-in risk checks in Rust against `mainspring.risk.Gate`: each decision on random requests."""

from collections import Counter

import pytest

pytest.importorskip("mainspring_native.replay", reason="NumPy isn't installed")

from mainspring_tools.twins.gate import compare_gate

_REASONS = {
    "approved", "book-not-live", "no-mid-price", "book-crossed", "invalid-order", "unknown-order",
    "max_order_size", "max_order_notional", "max_position", "collar_bps", "max_book_age_ms",
    "restricted_instruments", "allowed_instruments", "reduce_only", "max_gross_exposure", "max_net_exposure",
    "max_open_orders", "trading_hours", "venue_connected", "max_feed_lag_ms", "max_clock_skew_ms",
    "buying_power",
}  # fmt: skip


def test_random_orders_are_decided_on_alike() -> None:
    """Approved, or refused for the same reason, whatever the limits, the market and the contract are."""
    counts = sum((compare_gate(seed, commands=500) for seed in range(90)), Counter())
    assert set(counts) >= _REASONS - {"book-not-live"}, "the others weren't compared"


@pytest.mark.gate
def test_many_random_orders_are_decided_on_alike() -> None:
    """Some ten thousands."""
    counts = sum((compare_gate(seed, commands=2_000) for seed in range(100, 125)), Counter())
    assert set(counts) >= _REASONS
