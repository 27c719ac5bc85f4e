"""A position counted in Rust has the figures of its plain twin, and hands over to that what doesn't fit."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from mainspring.model import Instrument
from mainspring.portfolio import PositionUnits, Valuation
from mainspring_native._native import PositionUnits as NativeUnits

_FIGURES = (
    "position_lots",
    "bought_lots",
    "sold_lots",
    "bought_units",
    "sold_units",
    "cost_fine",
    "fees_ppb_units",
    "rebates_ppb_units",
)


def _valuation(contract: Any) -> Valuation:
    return Valuation(
        Instrument(
            symbol="BTC/USDT",
            venue_symbol="BTCUSDT",
            tick_size=Decimal("0.1"),
            lot_size=Decimal("0.001"),
            contract=contract,
        )
    )


def _same(native: NativeUnits, plain: PositionUnits, seed: int) -> None:
    for name in _FIGURES:
        assert getattr(native, name) == getattr(plain, name), f"seed {seed}: {name}"


@pytest.mark.parametrize("contract", ["spot", "linear", "inverse"])
def test_fills_are_counted_alike(contract: Any) -> None:
    """After each of some thousands of random fills every figure is equal."""
    valuation = _valuation(contract)
    for seed in range(20):
        random = Random(seed)
        native, plain = NativeUnits(valuation), PositionUnits(valuation)
        most = random.choice((3, 1_000, 10**9, 2**40))
        for _ in range(200):
            fill = (
                random.random() < 0.5,
                random.randint(1, most),
                random.choice((1, 7, 12_345, 10**7)) + random.randrange(50),
                random.choice((0, 100_000, -50_000)),
            )
            native.on_fill(*fill)
            plain.on_fill(*fill)
            _same(native, plain, seed)


@pytest.mark.parametrize("contract", ["linear", "inverse"])
def test_what_does_not_fit_is_counted_plainly(contract: Any) -> None:
    """Sizes, prices and sums beyond the native figures give the twin's, in the middle of a position's life too."""
    valuation = _valuation(contract)
    for seed in range(40):
        random = Random(seed)
        native, plain = NativeUnits(valuation), PositionUnits(valuation)
        for _ in range(60):
            huge = random.random() < 0.2
            lots = random.randint(1, 2**63 - 1 if huge else 1_000)
            price_ticks = random.choice((random.randint(1, 2**62) if huge else 1_000, 1))
            fill = random.random() < 0.6, lots, price_ticks, random.choice((0, 10**9, -(2**62)))
            native.on_fill(*fill)
            plain.on_fill(*fill)
            _same(native, plain, seed)


def test_numbers_beyond_64_bits_are_counted_plainly() -> None:
    """A size that no venue has is no error."""
    valuation = _valuation("spot")
    native, plain = NativeUnits(valuation), PositionUnits(valuation)
    for fill in ((True, 5, 10, 3), (False, 2**70, 10, 3), (True, 1, 2**80, -(2**64))):
        native.on_fill(*fill)
        plain.on_fill(*fill)
        _same(native, plain, 0)
