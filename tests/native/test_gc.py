"""What native objects hold of Python's is shown to the garbage collector, so that a cycle through them is freed."""

import gc
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mainspring.model import NewOrder, Side
from mainspring_native import _native
from mainspring_plugins.feeds.binance_spot import BINANCE_SPOT

_NATIVE: Any = _native
_INSTRUMENT = BINANCE_SPOT.describe("BTC/USDT")


class _Holder:
    """What a native object is given, and what holds that object."""

    sign = 1
    index = 0
    name = "acme:BTC/USDT"
    strategy = "one"
    instrument = _INSTRUMENT
    native: object
    kept: object

    def call(self, *_arguments: object) -> None:
        """Any callback."""


def _wire_decoder(holder: _Holder) -> Any:
    declared = msgspec.json.encode(BINANCE_SPOT.format)
    instruments = msgspec.json.encode([_INSTRUMENT])
    kinds = [""] * len(BINANCE_SPOT.format.messages)
    return _NATIVE.WireDecoder(declared, instruments, "json", kinds, holder.call, True, 0, BINANCE_SPOT.format.flat)


def _fused(holder: _Holder) -> Any:
    options = [(0.5, 10, None, None)]
    return _NATIVE.Fused(_wire_decoder(holder), [_INSTRUMENT], [_NATIVE.Book("ladder")], options, False)


def _own_orders(holder: _Holder) -> Any:
    own = _NATIVE.OwnOrders(holder, _NATIVE.LaneClock(), _NATIVE.Requests(1), holder.call)
    # As a strategy keeps the order that it asked for.
    holder.kept = own.add(NewOrder(1, 0, Side.BUY, "limit", 1, 1, 0, "gtc", False, "one"))
    return own


def _requests(holder: _Holder) -> Any:
    requests = _NATIVE.Requests(1)
    requests.append(holder)
    return requests


_HOLDING: dict[str, Callable[[_Holder], Any]] = {
    "Fused": _fused,
    "Kernel": lambda holder: _NATIVE.Kernel("ladder", [], (0, 0), 0, (True, *3 * (False,), 0), 1, holder.call, 0),
    "OwnOrders": _own_orders,
    "PaperVenue": lambda holder: _NATIVE.PaperVenue([], [], 0, (0, 0), 0, holder),
    "PositionUnits": _NATIVE.PositionUnits,
    "Requests": _requests,
    "SessionStrategy": lambda holder: _NATIVE.SessionStrategy(holder.call),
    "Slippage": lambda holder: _NATIVE.Slippage("book-walk", 1.0, (1.0, 1.0), holder.call),
    "WireDecoder": _wire_decoder,
}
# These hold figures, the model's values, and one another.
_OF_VALUES = {
    "Batch", "Book", "CancelCounts", "CaptureBlocks", "ChangesUnderWay", "Costs", "ExecutionCounts", "FrameDecoder",
    "LaneClock", "LossMarks", "Market", "OpenLots", "OpenOrders", "OrderHandle", "OrderTracker", "RateCounts", "Ring",
    "SentOrders", "Statistics", "TrackedOrder",
}  # fmt: skip


def test_each_class_is_known_by_what_it_holds() -> None:
    """A new class belongs to one of the two: if it is given objects of anybody's, here is how one makes a cycle."""
    classes = {name for name, one in vars(_native).items() if isinstance(one, type)}
    assert set(_HOLDING) | _OF_VALUES == classes


@pytest.mark.parametrize("name", _HOLDING)
def test_a_cycle_through_a_native_object_is_freed(name: str) -> None:
    """The object holds what it was given, and that holds the object: nothing else does."""
    # What other tests have left would go at the same time.
    gc.collect()
    before = _alive(name)
    holder = _Holder()
    holder.native = _HOLDING[name](holder)
    assert _alive(name) > before
    del holder
    gc.collect()
    assert _alive(name) == before


def _alive(name: str) -> int:
    # Not by weak references: they are cleared where a cycle is found, even if it can't be broken then.
    return sum(type(one) in (_Holder, getattr(_native, name)) for one in gc.get_objects())
