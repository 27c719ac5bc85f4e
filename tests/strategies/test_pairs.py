"""The pairs strategy: when it opens and closes, and what it does about a leg that fills alone."""

import logging
import math
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest

from mainspring.errors import ConfigError, GridError
from mainspring.model import Side
from mainspring.testing import INSTRUMENT, SECOND_INSTRUMENT, FakeSession, check_strategy
from mainspring_plugins.strategies.pairs import Pairs, PairsOptions, _Spread

_BOTH = (INSTRUMENT, SECOND_INSTRUMENT)


def options(**changes: Any) -> PairsOptions:
    settings: dict[str, Any] = {
        "first_size": Decimal("0.010"),
        "second_size": Decimal("0.020"),
        "window": 10,
        "max_holding_s": 60.0,
    }
    return PairsOptions(**{**settings, **changes})


def started(state: dict[str, Any] | None = None, **changes: Any) -> FakeSession:
    """A session whose spread has been 0 and 2 ticks in turn for the ten seconds of the window."""
    session = FakeSession(_BOTH)
    session.start(Pairs(options=options(**changes)), state)
    second(session, 1_000)
    for number in range(10):
        sample(session, 1_000 + 2 * (number % 2))
    assert session.requests == []
    return session


def second(session: FakeSession, mid_ticks: int) -> None:
    session.show(1, bid_ticks=mid_ticks - 1, ask_ticks=mid_ticks + 1)


def sample(session: FakeSession, first_mid_ticks: int) -> None:
    """Shows a mid price of the first market, and lets the timer sample it."""
    session.show(0, bid_ticks=first_mid_ticks - 1, ask_ticks=first_mid_ticks + 1)
    session.advance(seconds=1)


def fill_all(session: FakeSession) -> None:
    for market in session.markets:
        for order in market.open_orders:
            session.fill(order, maker=False)


def positions(session: FakeSession) -> list[int]:
    return [market.position_lots for market in session.markets]


def test_it_sells_what_is_dear_and_buys_what_is_cheap() -> None:
    """A spread far above its mean is sold with one order in each market, at the best price of the other side."""
    session = started()
    sample(session, 1_010)
    terms = [
        (order.instrument, order.side, order.size_lots, order.price_ticks, order.time_in_force)
        for order in session.new_orders()
    ]
    assert terms == [(0, Side.SELL, 10, 1_009, "ioc"), (1, Side.BUY, 20, 1_001, "ioc")]


def test_it_buys_a_spread_far_below_its_mean() -> None:
    """The reverse case, with the positions the other way round."""
    session = started()
    sample(session, 990)
    fill_all(session)
    assert positions(session) == [10, -20]


def test_it_closes_both_legs_when_the_spread_is_back() -> None:
    """It holds while the spread is stretched, and closes when it is near its mean again."""
    session = started()
    sample(session, 1_010)
    fill_all(session)
    sample(session, 1_010)
    assert len(session.requests) == 2
    sample(session, 1_001)
    fill_all(session)
    assert positions(session) == [0, 0]
    assert len(session.requests) == 4


def test_it_closes_after_the_longest_holding_time() -> None:
    """A spread that stays stretched isn't held for ever."""
    session = started(max_holding_s=3.0)
    sample(session, 1_010)
    fill_all(session)
    for step in range(1, 3):
        sample(session, 1_010 + 10 * step)
        assert positions(session) == [-10, 20]
    sample(session, 1_040)
    fill_all(session)
    assert positions(session) == [0, 0]


def test_a_leg_that_fills_alone_is_tried_for_a_while_and_then_closed(caplog: pytest.LogCaptureFixture) -> None:
    """The other leg is requested again at each new best price until its time is up; then what filled is closed."""
    caplog.set_level(logging.WARNING)
    session = started(leg_timeout_ms=2_000)
    sample(session, 1_010)
    first, other = session.markets[0].open_orders[0], session.markets[1].open_orders[0]
    session.fill(first)
    session.fill(other, lots=5)
    session.expire(other)
    second(session, 1_001)
    (again,) = session.markets[1].open_orders
    assert (again.size_lots, again.price_ticks) == (15, 1_002)
    session.expire(again)
    sample(session, 1_010)
    assert positions(session) == [-10, 5]
    session.expire(session.markets[1].open_orders[0])
    sample(session, 1_010)
    fill_all(session)
    assert positions(session) == [0, 0]
    assert any("one leg didn't fill in time" in record.getMessage() for record in caplog.records)
    sample(session, 1_050)
    assert session.markets[0].open_orders, "it is flat, and the spread is stretched"


def test_a_late_fill_of_a_closing_leg_is_closed_too() -> None:
    """While it closes, an order that is still on its way may fill; what it leaves is closed as well."""
    session = started(leg_timeout_ms=0)
    sample(session, 1_010)
    first, other = session.markets[0].open_orders[0], session.markets[1].open_orders[0]
    session.fill(first)
    sample(session, 1_010)
    session.fill(other)
    fill_all(session)
    second(session, 1_002)
    fill_all(session)
    assert positions(session) == [0, 0]


def test_a_market_that_cannot_be_trusted_is_not_sampled() -> None:
    """While either market isn't live or lacks a side, the spread has no sample and nothing opens."""
    session = started()
    session.show(1, live=False)
    sample(session, 1_010)
    session.show(1, live=True, bid_lots=0)
    sample(session, 1_010)
    assert session.requests == []


def test_a_refused_leg_pauses() -> None:
    """A market that refused an order gets no other until the time is up; the other market isn't affected."""
    session = started(retry_ms=10_000, leg_timeout_ms=60_000)
    sample(session, 1_010)
    session.reject(session.markets[0].open_orders[0])
    session.expire(session.markets[1].open_orders[0])
    sample(session, 1_010)
    assert [order.instrument for order in session.new_orders()] == [0, 1, 1]


def test_what_is_held_at_the_end_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    """A position at the end is a warning for each market."""
    session = started()
    sample(session, 1_010)
    fill_all(session)
    session.stop()
    texts = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition("test: ")[2] for text in texts] == [
        "holds -0.010 of ACME/USD at the end",
        "holds 0.020 of BETA/USD at the end",
    ]


def test_ticks_of_different_sizes_and_a_ratio() -> None:
    """The spread is in money: with ticks of 0.01 and 0.05 and a ratio, a proportional move of both is no signal."""
    other = msgspec.structs.replace(SECOND_INSTRUMENT, tick_size=Decimal("0.05"))
    session = FakeSession((INSTRUMENT, other))
    session.start(Pairs(options=options(ratio=Decimal("0.5"))))
    # 10.00 against half of 20.00, then both up by 1%; one tick to and fro, so that there is a deviation.
    for number in range(40):
        session.show(1, bid_ticks=399 + 4 * (number // 20), ask_ticks=401 + 4 * (number // 20))
        sample(session, 1_000 + 10 * (number // 20) + number % 2)
    assert session.requests == []
    sample(session, 1_020)
    assert [order.instrument for order in session.new_orders()] == [0, 1]


def test_a_restart_keeps_the_window() -> None:
    """The samples are saved, so that the next session needn't wait for a window."""
    state = started().save()
    assert state is not None
    session = FakeSession(_BOTH)
    session.start(Pairs(options=options()), state)
    second(session, 1_000)
    sample(session, 1_010)
    assert len(session.new_orders()) == 2


def test_z_agrees_with_the_definition() -> None:
    """The sums of whole numbers give what the textbook formula gives, over a seeded walk."""
    random = Random(3)
    spread, window, samples = _Spread(20, []), 20, []
    for number in range(500):
        samples.append(random.randint(-(10**12), 10**12))
        spread.add(samples[-1])
        last = samples[-window:]
        if number + 1 < window:
            assert spread.z() is None
            continue
        mean = sum(last) / window
        deviation = math.sqrt(sum((one - mean) ** 2 for one in last) / (window - 1))
        assert spread.z() == pytest.approx((last[-1] - mean) / deviation, rel=1e-12)


def test_samples_that_are_all_alike_have_no_deviation() -> None:
    """Without any deviation there is no signal, and no division by zero."""
    spread = _Spread(3, [5, 5, 5])
    assert spread.z() is None


def test_it_needs_two_different_markets() -> None:
    """A session with one market, or the same market twice, is refused at the start."""
    with pytest.raises(ConfigError, match="pairs needs two markets"):
        FakeSession().start(Pairs(options=options()))
    with pytest.raises(ConfigError, match="first and second are both BETA/USD"):
        FakeSession(_BOTH).start(Pairs(options=options(first="BETA/USD")))
    with pytest.raises(GridError, match="second_size"):
        FakeSession(_BOTH).start(Pairs(options=options(second_size=Decimal("0.0001"))))


@pytest.mark.parametrize(
    "changes",
    [
        {"exit_z": 2.0},
        {"enter_z": math.inf},
        {"window": 1},
        {"ratio": Decimal(0)},
        {"ratio": Decimal("NaN")},
        {"max_holding_s": 0.0},
        {"sample_ms": 0},
        {"leg_timeout_ms": -1},
        {"retry_ms": -1},
    ],
)
def test_options_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    """The error names the option."""
    with pytest.raises(ValueError, match=next(iter(changes))):
        options(**changes)


@pytest.mark.parametrize("seed", range(5))
def test_it_keeps_the_contract(seed: int) -> None:
    """The conformance kit finds nothing to say, although its venue fills legs alone, late and not at all."""
    changes = options(sample_ms=50, enter_z=1.0, exit_z=0.1, leg_timeout_ms=200, max_holding_s=2.0)
    check_strategy(lambda: Pairs(options=changes), seed=seed)
