"""What a strategy reads of its market in a fused lane is what the plain market reads, though it is read in place."""

from decimal import Decimal
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest

from mainspring.host.wiring import wire
from mainspring.lane import FusedStrategyMarket, LaneStrategyMarket
from mainspring.model import MAX_UNITS, Instrument
from mainspring.portfolio import PositionUnits, Valuation
from mainspring.session.driver import Driver
from mainspring_native._native import LaneClock, Market, read_through
from mainspring_native._native import PositionUnits as NativeUnits
from mainspring_perf.parts import plan_of, standing_in
from mainspring_perf.path import moving_messages

_INSTRUMENT = Instrument(symbol="BTC/USDT", venue_symbol="BTCUSDT", tick_size=Decimal("0.1"), lot_size=Decimal("0.001"))


class _Keeper:
    """Keeps its market, and what it read of it at each call."""

    def __init__(self) -> None:
        self.market: Any = None
        self.read: list[dict[str, Any]] = []

    def on_bbo(self, market: Any) -> None:
        self.market = market
        read = {name: getattr(market, name) for name in LaneStrategyMarket.reads()}
        self.read.append({**read, "open_orders": len(market.open_orders)})
        if len(self.read) % 10 == 1:
            market.buy(size_lots=1, price_ticks=market.bid_ticks - 100)


def _kept(part: str) -> _Keeper:
    keeper = _Keeper()
    setup, messages = moving_messages(50)
    settings = ("market.daily_volatility=0.03", "market.daily_volume=20000")
    driver = Driver(wire(plan_of(part, *settings), standing_in(strategy=keeper)))
    driver.run(setup)
    driver.run(messages)
    return keeper


def _read_through(base: type, reads: dict[str, str]) -> Any:
    made = type("Made", (base,), {"__slots__": ()})
    for name, path in reads.items():
        read_through(made, name, *path.split("."))
    return made()


def test_both_parts_show_a_strategy_the_same() -> None:
    """At each call a strategy on native parts reads what one on plain parts does; the objects read are native there."""
    plain, native = _kept("python"), _kept("native")
    assert len(plain.read) > 50
    assert native.read == plain.read
    assert len({tuple(map(str, read.values())) for read in native.read}) > 10
    market: Any = native.market
    assert issubclass(type(market), FusedStrategyMarket)
    assert [type(held) for held in (market.view, market._clock, market.units)] == [Market, LaneClock, NativeUnits]
    for name, path in LaneStrategyMarket.reads().items():
        assert getattr(market, name) == attrgetter(path)(market)


def test_what_is_read_cannot_be_set() -> None:
    """As with a property, a strategy that sets what it only reads is told so."""
    market = _kept("native").market
    for name in LaneStrategyMarket.reads():
        with pytest.raises(AttributeError, match=name):
            setattr(market, name, 1)
        with pytest.raises(AttributeError, match=name):
            delattr(market, name)


class _Holder:
    __slots__ = ("first", "second", "third")


def test_whatever_a_slot_holds_is_read() -> None:
    """A native object, one of another class, a plain one, none at all, and each after any other."""
    object_ = _read_through(_Holder, {"now": "second.now_ns", "lots": "third.position_lots"})
    valuation = Valuation(_INSTRUMENT)
    with pytest.raises(AttributeError, match="second"):
        _ = object_.now
    object_.second = clock = LaneClock(7)
    object_.third = units = NativeUnits(valuation)
    assert (object_.now, object_.lots) == (7, 0)
    clock.now_ns = MAX_UNITS
    units.on_fill(True, 5, 100, 0)
    assert (object_.now, object_.lots) == (MAX_UNITS, 5)
    object_.second, object_.third = SimpleNamespace(now_ns="noon"), PositionUnits(valuation)
    assert (object_.now, object_.lots) == ("noon", 0)
    object_.second = LaneClock(8)
    assert object_.now == 8
    object_.third = LaneClock(9)
    with pytest.raises(AttributeError, match="position_lots"):
        _ = object_.lots
    del object_.second
    with pytest.raises(AttributeError, match="second"):
        _ = object_.now


def test_only_slots_and_fields_are_read_in_place() -> None:
    """A name that isn't a slot is refused; a field that no native class has stays as the class reads it."""
    with pytest.raises(AttributeError):
        read_through(type("Made", (_Holder,), {"__slots__": ()}), "now", "fourth", "now_ns")
    with_dict = type("Made", (_Holder,), {})
    with pytest.raises(TypeError, match="is no slot"):
        read_through(with_dict, "now", "fourth", "now_ns")
    reader = partial(read_through, with_dict, "now", "second")
    reader("of_no_class")
    assert not hasattr(with_dict, "now")
    reader("now_ns")
    assert hasattr(with_dict, "now")
