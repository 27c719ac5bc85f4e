"""An instrument of each kind of contract."""

from decimal import Decimal

import pytest

from mainspring.model import Instrument


@pytest.fixture
def spot() -> Instrument:
    return Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))


@pytest.fixture
def inverse() -> Instrument:
    return Instrument(
        symbol="BTC/USD",
        venue_symbol="BTCUSD_PERP",
        tick_size=Decimal("0.1"),
        lot_size=Decimal(1),
        contract="inverse",
        contract_size=Decimal(100),
    )
