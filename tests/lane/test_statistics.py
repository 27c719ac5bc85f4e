"""The stream's statistics: volatility, daily volume and spread, against figures worked out by hand and a plain twin."""

import math
import random
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.lane.statistics import StatisticsOptions, StreamStatistics
from mainspring.model import Instrument

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
INSTRUMENT = Instrument(symbol="A/B", venue_symbol="AB", tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))


def statistics(**options: Any) -> StreamStatistics:
    return StreamStatistics(INSTRUMENT, StatisticsOptions(**options))


def quote(stats: StreamStatistics, seconds: float, bid: int, ask: int, bid_lots: int = 1, ask_lots: int = 1) -> None:
    stats.on_bbo(START + round(seconds * SECOND), bid, bid_lots, ask, ask_lots)


def figures(stats: StreamStatistics) -> tuple[float | None, float | None, float | None]:
    return stats.volatility_per_day, stats.daily_volume_lots, stats.spread_ticks


def test_nothing_is_known_before_the_warm_up() -> None:
    """Each figure is None until the warm-up has been seen, and there right after it."""
    stats = statistics(warm_up_s=10.0)
    stats.on_trade(START, 100, 5)
    for second in range(11):
        quote(stats, second, 100 + second % 2, 102 + second % 2)
        if second < 10:
            assert figures(stats) == (None, None, None)
    assert stats.daily_volume_lots == pytest.approx(5 * 86_400 / 10)
    quote(stats, 11, 100, 102)
    assert all(figure is not None for figure in figures(stats))


@pytest.mark.parametrize("half_life", [1.0, 60.0, 3_600.0])
def test_a_steady_swing_has_its_own_size(half_life: float) -> None:
    """A mid that swings by the same log return every second has that times sqrt(86400), whatever the half-life."""
    stats = statistics(volatility_half_life_s=half_life)
    for second in range(30):
        low = second % 2 == 0
        quote(stats, second + 0.5, 999 if low else 1_000, 1_001 if low else 1_002)
    assert stats.volatility_per_day == pytest.approx(math.log(1_001 / 1_000) * math.sqrt(86_400))


def test_half_life_by_hand() -> None:
    """Half-life one second: returns r, then nothing for three more seconds, weigh 1/16 against 15/16 of weight."""
    stats = statistics(volatility_half_life_s=1.0, warm_up_s=4.0)
    quote(stats, 0.5, 999, 1_001)
    quote(stats, 1.5, 1_009, 1_011)
    quote(stats, 5.5, 1_009, 1_011)
    swing = math.log(1_010 / 1_000)
    assert stats.volatility_per_day == pytest.approx(math.sqrt(swing**2 * (1 / 16) / (15 / 16) * 86_400))


def test_a_random_walk_gives_its_volatility_back() -> None:
    """A simulated walk of 3% a day, over an hour, is estimated to within a tenth."""
    rng = random.Random(7)
    stats = statistics(volatility_half_life_s=1_800.0)
    price = math.log(6_000_000)
    for step in range(36_000):
        price += rng.gauss(0.0, 0.03 / math.sqrt(864_000))
        bid = round(math.exp(price))
        quote(stats, step / 10, bid, bid + 1)
    assert stats.volatility_per_day == pytest.approx(0.03, rel=0.1)


def test_a_silent_market_has_no_volatility() -> None:
    """A mid that never moves has a volatility of zero, which is not the same as None."""
    stats = statistics()
    quote(stats, 0, 100, 102)
    quote(stats, 60, 100, 102)
    assert stats.volatility_per_day == 0.0
    assert stats.spread_ticks == pytest.approx(2.0)


def test_spread_is_weighted_by_time() -> None:
    """One tick for a quarter of the time and three for the rest makes two and a half, however many quotes each took."""
    stats = statistics()
    for second in range(20):
        for step in range(5):
            quote(stats, second + step / 20, 100, 101, bid_lots=step + 1)
        quote(stats, second + 0.25, 100, 103)
    assert stats.spread_ticks == pytest.approx(2.5)


@pytest.mark.parametrize("hole", [(100, 0, 101, 1), (100, 1, 101, 0), (105, 1, 101, 1), (101, 1, 101, 1)])
def test_unquoted_time_does_not_count(hole: tuple[int, int, int, int]) -> None:
    """A one-sided, crossed or locked market is no spread and no mid: what was known before stays."""
    stats = statistics()
    for second in range(20):
        quote(stats, second, 100, 104)
    known = stats.volatility_per_day
    stats.on_bbo(START + 20 * SECOND, *hole)
    quote(stats, 500, 100, 104)
    quote(stats, 501, 100, 104)
    assert stats.spread_ticks == pytest.approx(4.0)
    assert stats.volatility_per_day == known == 0.0


@pytest.mark.parametrize("hole_s", [1_075, 90_000])
def test_a_long_hole_does_not_end_in_rounding(hole_s: int) -> None:
    """After a hole of many half-lives the old weight is all but gone; the figure stands until new quotes come."""
    stats = statistics(volatility_half_life_s=1.0)
    for second in range(20):
        quote(stats, second, 100, 103)
    quote(stats, 20, 0, 0, 0, 0)
    quote(stats, hole_s, 100, 106)
    assert stats.spread_ticks == pytest.approx(3.0)
    quote(stats, hole_s + 2, 100, 106)
    assert stats.spread_ticks == pytest.approx(6.0)


def test_volume_is_scaled_to_a_day() -> None:
    """Two lots every half second are 345,600 lots a day, over whole seconds of the time seen."""
    stats = statistics()
    for step in range(61):
        stats.on_trade(START + step * SECOND // 2, 100, 2)
    assert stats.daily_volume_lots == pytest.approx(345_600)


def test_no_trade_is_no_volume() -> None:
    """Without a trade the daily volume is unknown, not zero."""
    stats = statistics()
    for second in range(60):
        quote(stats, second, 100, 101)
    assert stats.daily_volume_lots is None


def test_what_the_config_says_stands() -> None:
    """A given volume (in base currency) and volatility hold from the start and aren't touched by the stream."""
    stats = statistics(daily_volume=Decimal("12.5"), daily_volatility=0.04)
    assert figures(stats) == (0.04, 12_500.0, None)
    for second in range(30):
        quote(stats, second, 100 + second, 101 + second)
        stats.on_trade(START + second * SECOND, 100, 10**6)
    assert (stats.volatility_per_day, stats.daily_volume_lots) == (0.04, 12_500.0)
    assert stats.spread_ticks == pytest.approx(1.0)


def test_silence_is_worked_in_at_once() -> None:
    """A call after a silence gives what a call in each second of it would have given."""
    for seed in range(20):
        rng = random.Random(seed)
        sparse, dense = statistics(volatility_half_life_s=20.0), statistics(volatility_half_life_s=20.0)
        now, bid, ask = START, 1_000, 1_002
        sparse.on_bbo(now, bid, 1, ask, 1)
        for _ in range(30):
            for second in range(rng.randrange(1, 12)):
                dense.on_bbo(now + second * SECOND, bid, 1, ask, 1)
            later = now + second * SECOND + rng.randrange(1, 5 * SECOND)
            bid += rng.randrange(-3, 4)
            ask = bid + rng.randrange(1, 6)
            for stats in (sparse, dense):
                stats.on_bbo(later, bid, 1, ask, 1)
            now = later
        assert figures(sparse)[0] == pytest.approx(figures(dense)[0]), f"seed {seed}"
        assert figures(sparse)[2] == pytest.approx(figures(dense)[2]), f"seed {seed}"


def test_the_same_as_a_plain_twin() -> None:
    """Volatility and spread match sums written straight from their definitions, on seeded streams."""
    for seed in range(20):
        rng = random.Random(seed)
        stats = statistics(volatility_half_life_s=15.0)
        keep = 0.5 ** (1 / 15)
        changes = [(0, 1_000, 1_002)]
        while len(changes) < 80:
            bid = changes[-1][1] + rng.randrange(-3, 4)
            changes.append((changes[-1][0] + rng.randrange(1, 2 * SECOND), bid, bid + rng.randrange(1, 6)))
        for offset, bid, ask in changes:
            stats.on_bbo(START + offset, bid, 1, ask, 1)

        cells = changes[-1][0] // SECOND
        mids, spreads = [], []
        for cell in range(cells):
            start, end = cell * SECOND, (cell + 1) * SECOND
            mids.append([bid + ask for offset, bid, ask in changes if offset < end][-1])
            ends = [offset for offset, _, _ in changes[1:]] + [10**18]
            spreads.append(
                sum(
                    (ask - bid) * max(0, min(end, until) - max(start, offset))
                    for (offset, bid, ask), until in zip(changes, ends, strict=True)
                )
                / SECOND
            )
        squares = [math.log(after / before) ** 2 for before, after in pairwise(mids)]
        weighed = [keep ** (len(squares) - 1 - i) for i in range(len(squares))]
        variance = sum(map(float.__mul__, squares, weighed)) / sum(weighed)
        assert stats.volatility_per_day == pytest.approx(math.sqrt(variance * 86_400)), f"seed {seed}"
        weighed = [keep ** (cells - 1 - i) for i in range(cells)]
        spread = sum(map(float.__mul__, spreads, weighed)) / sum(weighed)
        assert stats.spread_ticks == pytest.approx(spread), f"seed {seed}"


calls = st.one_of(
    st.tuples(st.just("bbo"), st.integers(-2 * SECOND, 10**13), *[st.integers(0, 2**63 - 1)] * 4),
    st.tuples(st.just("trade"), st.integers(-2 * SECOND, 10**13), *[st.integers(0, 2**63 - 1)] * 2),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(calls, max_size=30))
def test_figures_are_numbers_or_none(stream: list[tuple[Any, ...]]) -> None:
    """Whatever comes, times that run backwards included, no figure is NaN, infinite or negative, and no volume zero."""
    stats = statistics(warm_up_s=1.0)
    now = START
    for kind, step, *rest in stream:
        now += step
        (stats.on_bbo if kind == "bbo" else stats.on_trade)(now, *rest)
        for figure in figures(stats):
            assert figure is None or 0.0 <= figure < math.inf
        assert stats.daily_volume_lots != 0.0


@pytest.mark.parametrize(
    "table",
    [
        {"volatility_half_life_s": 0},
        {"warm_up_s": -1},
        {"daily_volume": 0},
        {"daily_volume": "NaN"},
        {"daily_volatility": -0.1},
        {"warm_up": 5},
    ],
)
def test_options_out_of_range_are_refused(table: dict[str, Any]) -> None:
    """A figure out of its range, and a misspelt key, is an error that names the key."""
    with pytest.raises(msgspec.ValidationError, match=next(iter(table))):
        msgspec.convert(table, StatisticsOptions)
