"""A session as its strategy sees it: markets by name, timers, the log, and what a callback may look like."""

import logging
import re
from decimal import Decimal
from typing import Any

import pytest

from mainspring.errors import ConfigError, GridError, PluginError
from mainspring.lane.callbacks import BoundStrategy, defined_callbacks
from mainspring.lane.clock import LaneClock
from mainspring.lane.outbox import Outbox
from mainspring.lane.strategy_market import LaneStrategyMarket
from mainspring.lane.strategy_session import LaneSession
from mainspring.lane.timers import Timers
from mainspring.model import Trade
from mainspring.portfolio import OwnPosition, Position, Valuation
from mainspring.seams import NEVER_NS
from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeAccount, FakeMarket

START_NS = 1_723_161_253_937_085_123


class Lane:
    """What wiring makes for one strategy: its session and its timers."""

    def __init__(self, *names: str) -> None:
        self.clock = LaneClock(START_NS)
        self.timers = Timers(self.clock)
        self.recorded: list[int] = []
        outbox = Outbox()
        instruments = [INSTRUMENT, SECOND_INSTRUMENT, INSTRUMENT]
        markets = [
            LaneStrategyMarket(
                name,
                "mine",
                FakeMarket(instrument, index=index),
                self.clock,
                outbox,
                FakeAccount(),
                OwnPosition(Position(Valuation(instrument)), lambda: None),
                str,
            )
            for index, (name, instrument) in enumerate(zip(names, instruments, strict=False))
        ]
        self.session = LaneSession("mine", markets, self.clock, self.timers, {"USD": Decimal("1.5")}.get)

    def bind(self, strategy: Any) -> BoundStrategy:
        clock = iter(range(0, 10_000, 7)).__next__
        return BoundStrategy(
            self.session, strategy, plugin="mine-plugin", distribution="acme", record=self.recorded.append, clock=clock
        )


@pytest.fixture
def lane() -> Lane:
    return Lane("spot:ACME/USD", "spot:BETA/USD", "perp:ACME/USD")


def test_finds_markets_by_name(lane: Lane) -> None:
    """The whole name always finds its market; the symbol alone does if there is one market of it."""
    markets = lane.session.markets
    assert lane.session.market("perp:ACME/USD") is markets[2]
    assert lane.session.market("BETA/USD") is markets[1]


@pytest.mark.parametrize(
    ("name", "problem"), [("ACME/USD", "is the symbol of several markets"), ("GAMMA", "isn't a market of this session")]
)
def test_a_name_that_finds_no_market_lists_them(lane: Lane, name: str, problem: str) -> None:
    """The error says what is wrong with the name, and which there are."""
    names = "the markets are: spot:ACME/USD, spot:BETA/USD, perp:ACME/USD"
    with pytest.raises(ConfigError, match=re.escape(f"strategy mine: '{name}' {problem}; {names}")):
        lane.session.market(name)


def test_timers_are_the_lanes(lane: Lane) -> None:
    """`every` first fires after its period, `at` at its time; both can be cancelled."""
    lane.bind(object())
    calls: list[str] = []
    every = lane.session.every(seconds=0.5, call=lambda: calls.append("every"))
    at = lane.session.at(START_NS + 700_000_000, lambda: calls.append("at"))
    assert (every.due_ns, at.due_ns) == (START_NS + 500_000_000, START_NS + 700_000_000)
    for _ in range(3):
        lane.clock.now_ns = lane.clock.timer_ns
        assert lane.timers.fire_next()
    assert calls == ["every", "at", "every"]
    every.cancel()
    assert lane.clock.timer_ns == NEVER_NS


@pytest.mark.parametrize("seconds", [0, -1, 1e-7, float("nan"), float("inf"), True, "1", None])
def test_a_period_must_be_a_time(lane: Lane, seconds: Any) -> None:
    """A period below a microsecond, or none at all, is refused."""
    with pytest.raises(ValueError, match="seconds must be a number from 1e-6"):
        lane.session.every(seconds=seconds, call=print)


def test_a_time_is_in_nanoseconds(lane: Lane) -> None:
    """A float can't name a nanosecond of this century, so it is refused."""
    with pytest.raises(TypeError, match="time_ns must be a whole number"):
        lane.session.at(1.7e18, print)  # type: ignore[arg-type]


def test_the_log_has_the_market_time(lane: Lane, caplog: pytest.LogCaptureFixture) -> None:
    """Records name strategy and market time, in the text for people and as attributes for programs."""
    caplog.set_level(logging.INFO)
    lane.session.log.info("spread %.1f", 2.5, extra={"spread": 2.5})
    (record,) = caplog.records
    assert record.name == "mainspring.strategy.mine"
    assert record.getMessage() == "2024-08-08T23:54:13.937085Z mine: spread 2.5"
    found = vars(record)
    assert (found["strategy"], found["market_time_ns"], found["spread"]) == ("mine", START_NS, 2.5)


def test_profit_is_what_wiring_gave(lane: Lane) -> None:
    """Profit is by currency; None where there is none to state."""
    assert lane.session.profit("USD") == Decimal("1.5")
    assert lane.session.profit("EUR") is None


class Whole:
    """Defines every callback."""

    def __init__(self) -> None:
        self.called: list[tuple[object, ...]] = []

    def on_start(self, session: object) -> None:
        self.called.append(("on_start", session))

    def on_bbo(self, market: object) -> None:
        self.called.append(("on_bbo", market))

    def on_trade(self, market: object, trade: object) -> None:
        self.called.append(("on_trade", market, trade))

    def on_bar(self, market: object, bar: object) -> None:
        self.called.append(("on_bar", market, bar))

    def on_fill(self, fill: object, order: object) -> None:
        self.called.append(("on_fill", fill, order))

    def on_order(self, order: object, event: object) -> None:
        self.called.append(("on_order", order, event))

    def on_stop(self) -> None:
        self.called.append(("on_stop",))

    def save(self) -> dict[str, int]:
        return {"called": len(self.called)}

    def load(self, state: object) -> None:
        self.called.append(("load", state))


def test_what_is_defined_is_called_and_timed(lane: Lane) -> None:
    """Each callback gets its arguments, and its time is recorded."""
    strategy = Whole()
    bound: Any = lane.bind(strategy)
    calls = {"on_start": 1, "on_bbo": 1, "on_trade": 2, "on_bar": 2, "on_fill": 2, "on_order": 2, "on_stop": 0}
    for name, count in calls.items():
        getattr(bound, name)(*range(count))
    assert strategy.called == [(name, *range(count)) for name, count in calls.items()]
    bound.load({})
    assert bound.save() == {"called": 8}
    assert lane.recorded == [7] * 9


def test_what_is_not_defined_is_none(lane: Lane) -> None:
    """So the lane can leave it out before anything runs."""
    bound: Any = lane.bind(object())
    names = ("on_start", "on_bbo", "on_trade", "on_bar", "on_fill", "on_order", "on_stop", "save", "load")
    assert all(getattr(bound, name) is None for name in names)


def _strategy(name: str, method: Any) -> Any:
    return type("Mine", (), {name: method})()


@pytest.mark.parametrize(
    ("name", "method", "text"),
    [
        ("on_bboo", lambda self, market: None, "Mine.on_bboo is no callback.*did you mean on_bbo?"),
        ("on_order_event", lambda self, order, event: None, "did you mean on_order?"),
        ("on_timer", lambda self: None, "is no callback"),
        ("on_xyz", lambda self: None, "the callbacks are: on_bbo, on_trade"),
        ("on_bbo", lambda self, market, orders: None, r"Mine.on_bbo must be a method on_bbo\(self, market\)"),
        ("on_stop", lambda self, session: None, r"on_stop must be a method on_stop\(self\)"),
        ("on_fill", "soon", r"on_fill must be a method on_fill\(self, fill, order\)"),
    ],
)
def test_a_callback_that_can_not_be_right_is_refused(name: str, method: Any, text: str) -> None:
    """A misspelt callback would never be called, and one with other parameters would fail at its first event."""
    with pytest.raises(ConfigError, match=f"strategy mine: .*{text}"):
        defined_callbacks(_strategy(name, method), "mine")


def test_further_parameters_with_defaults_are_fine() -> None:
    """What can be called with what is passed is right."""
    strategy = _strategy("on_bbo", lambda self, market, verbose=False: None)
    assert set(defined_callbacks(strategy, "mine")) == {"on_bbo"}


@pytest.mark.parametrize("error", [ValueError("oops"), SystemExit(3), ConfigError("too late"), KeyError("x")])
def test_what_a_strategy_raises_names_it(lane: Lane, error: BaseException) -> None:
    """Whatever a callback raises becomes an error that names strategy, plugin and distribution."""

    def fail(*arguments: object) -> None:
        raise error

    bound: Any = lane.bind(_strategy("on_bbo", fail))
    with pytest.raises(PluginError, match="the strategy mine 'mine-plugin' of acme raised") as caught:
        bound.on_bbo(None)
    assert caught.value.distribution == "acme"
    assert caught.value.__cause__ is error


def test_a_timer_and_a_bar_function_are_wrapped_too(lane: Lane) -> None:
    """What a strategy hands over to be called is timed and named as its callbacks are."""
    lane.bind(object())

    def fail(*arguments: object) -> None:
        raise ValueError("oops")

    lane.session.every(seconds=1, call=fail).cancel()
    lane.session.at(START_NS + 5, fail)
    lane.clock.now_ns += 5
    with pytest.raises(PluginError, match="the strategy mine"):
        lane.timers.fire_next()
    lane.session.bars(lane.session.markets[0], seconds=1, call=fail)
    (builder,) = lane.session.builders[0]
    builder.on_trade(_trade(lane.clock.now_ns))
    lane.clock.now_ns += 1_000_000_000
    with pytest.raises(PluginError, match="the strategy mine"):
        lane.timers.fire_next()


def _trade(now_ns: int) -> Trade:
    return Trade(0, now_ns, now_ns, 1, 100, 1, 1)


@pytest.mark.parametrize("error", [ConfigError("no such market"), GridError("ACME", "size", "1", "is off the grid")])
def test_a_strategy_can_refuse_the_session(lane: Lane, error: Exception) -> None:
    """A refusal from `on_start` passes as it is: it explains itself, and nothing has been traded."""

    def refuse(self: object, session: object) -> None:
        raise error

    bound: Any = lane.bind(_strategy("on_start", refuse))
    with pytest.raises(type(error)) as caught:
        bound.on_start(lane.session)
    assert caught.value is error
