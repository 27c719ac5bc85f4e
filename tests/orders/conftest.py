"""An instrument of each kind of contract, and trackers of orders: the plain one and its native twin."""

from decimal import Decimal

import pytest

from mainspring.model import Instrument, NewOrder, Side
from mainspring.orders import OrderTracker
from mainspring_native import why_missing

_MISSING = why_missing()
_NATIVE = pytest.param("native", marks=pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING)))


@pytest.fixture
def spot():
    return Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.01"), lot_size=Decimal("0.00001"))


@pytest.fixture
def inverse():
    return Instrument(
        symbol="BTC/USD",
        venue_symbol="BTCUSD_PERP",
        tick_size=Decimal("0.1"),
        lot_size=Decimal(1),
        contract="inverse",
        contract_size=Decimal(100),
    )


@pytest.fixture(params=["plain", _NATIVE])
def tracker_class(request):
    """The class of a tracker."""
    if request.param == "plain":
        return OrderTracker
    from mainspring_native import orders

    return orders.OrderTracker


@pytest.fixture
def new_tracker(tracker_class, spot):
    """Makes trackers in which order 1, of two lots, was sent."""

    def make(**options):
        tracker = tracker_class((spot,), **options)
        tracker.add(NewOrder(1, 0, Side.BUY, "limit", 10, 2, 0, strategy="s"))
        tracker.send(1, 0)
        return tracker

    return make
