"""Bars: what completes them, at which instant, and the arrays in which they are kept."""

from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest

from mainspring.errors import GridError
from mainspring.lane.bars import LaneBarSeries
from mainspring.model import MAX_UNITS, PRINT_EXTREMES, PRINT_VOLUME, Bar, Instrument
from mainspring.testing import INSTRUMENT, FakeSession

SECOND_NS = 1_000_000_000
# A whole minute since the epoch, and 7.25 s.
MINUTE_NS = 1_700_000_040 * SECOND_NS
START_NS = MINUTE_NS + 7_250_000_000


class Taker:
    """A strategy that keeps bars, and notes each as it completes: when, and what its series then ends with."""

    def __init__(self, **settings: Any) -> None:
        self.settings = settings
        self.seen: list[tuple[int, Bar]] = []

    def on_start(self, session: Any) -> None:
        self.session = session
        self.series = session.bars(session.markets[0], **self.settings)

    def on_bar(self, market: Any, bar: Bar) -> None:
        assert market is self.session.markets[0]
        assert self.series.time_ns[-1] == bar.event_time_ns
        assert self.series.close_ticks[-1] == bar.close_ticks
        self.seen.append((self.session.now_ns, bar))


def taking(instrument: Instrument = INSTRUMENT, **settings: Any) -> tuple[FakeSession, Taker]:
    session = FakeSession((instrument,), now_ns=START_NS)
    taker = Taker(**settings)
    session.start(taker)
    return session, taker


def trade(session: FakeSession, price_ticks: int, size_lots: int = 1, *, after_s: float = 0.0) -> None:
    session.advance(seconds=after_s)
    session.print_trade(price_ticks=price_ticks, size_lots=size_lots)


def prices(bar: Bar) -> tuple[int, int, int, int, int, int]:
    return (bar.open_ticks, bar.high_ticks, bar.low_ticks, bar.close_ticks, bar.volume_lots, bar.trades)


def test_bars_of_a_minute_complete_in_silence() -> None:
    """They are aligned to the minute, complete at its end without any message, and silence gives no bar."""
    session, taker = taking(seconds=60)
    trade(session, 100, 5)
    trade(session, 104, 1, after_s=3)
    trade(session, 98, 2, after_s=1)
    trade(session, 101, 2, after_s=1)
    session.advance(seconds=300)
    ((now_ns, bar),) = taker.seen
    assert now_ns == bar.receive_time_ns == MINUTE_NS + 60 * SECOND_NS
    assert bar.event_time_ns == MINUTE_NS
    assert prices(bar) == (100, 104, 98, 101, 10, 4)
    assert bar.vwap == pytest.approx(0.01 * (500 + 104 + 196 + 202) / 10)
    trade(session, 99)
    session.advance(seconds=60)
    assert [one.event_time_ns for _, one in taker.seen] == [MINUTE_NS, MINUTE_NS + 300 * SECOND_NS]


def test_a_trade_at_the_boundary_belongs_to_the_next_bar() -> None:
    """A minute ends before what is received at its end."""
    session, taker = taking(seconds=60)
    trade(session, 100)
    trade(session, 200, after_s=52.75)
    assert session.now_ns == MINUTE_NS + 60 * SECOND_NS
    assert [prices(bar) for _, bar in taker.seen] == [(100, 100, 100, 100, 1, 1)]
    session.advance(seconds=60)
    assert [prices(bar) for _, bar in taker.seen][1:] == [(200, 200, 200, 200, 1, 1)]


def test_empty_intervals_give_a_bar_if_that_is_wanted() -> None:
    """From the first trade on, a silent second gives a bar at the last price, with no volume."""
    session, taker = taking(seconds=1, empty=True)
    session.advance(seconds=3)
    assert taker.seen == []
    trade(session, 100, 7)
    trade(session, 105, 7)
    session.advance(seconds=3)
    assert [prices(bar) for _, bar in taker.seen] == [(100, 105, 100, 105, 14, 2)] + 2 * [(105, 105, 105, 105, 0, 0)]
    assert [bar.event_time_ns for _, bar in taker.seen] == [MINUTE_NS + second * SECOND_NS for second in (10, 11, 12)]
    assert taker.seen[-1][1].vwap == 1.05


def test_bars_of_a_number_of_trades() -> None:
    """Every third trade completes a bar, at once."""
    session, taker = taking(ticks=3)
    for price_ticks in (10, 12, 11, 5, 4, 6, 9):
        trade(session, price_ticks, 2, after_s=1)
    assert [prices(bar) for _, bar in taker.seen] == [(10, 12, 10, 11, 6, 3), (5, 6, 4, 6, 6, 3)]
    assert taker.seen[0][1].event_time_ns == START_NS + SECOND_NS
    assert taker.seen[0][0] == START_NS + 3 * SECOND_NS


def test_a_trade_that_crosses_a_volume_belongs_to_the_bar_that_it_completes() -> None:
    """Bars of 0.010 complete with the trade that reaches it; none is divided."""
    session, taker = taking(volume="0.010")
    for size_lots in (4, 5, 30, 10, 9, 1):
        trade(session, 100, size_lots)
    assert [bar.volume_lots for _, bar in taker.seen] == [39, 10, 10]


def test_bars_of_a_value_are_exact() -> None:
    """A bar of 1.00 in quote currency completes at exactly that: 10 lots of 0.001 at 100.00."""
    session, taker = taking(value=Decimal("1.00"))
    for size_lots in (9, 1, 10, 11):
        trade(session, 10_000, size_lots)
    assert [bar.volume_lots for _, bar in taker.seen] == [10, 10, 11]


def test_the_value_of_an_inverse_contract_is_its_contracts() -> None:
    """A contract of 100 USD is worth that at any price."""
    inverse = msgspec.structs.replace(
        INSTRUMENT, lot_size=Decimal(1), contract="inverse", contract_size=Decimal(100), settle_currency="ACME"
    )
    session, taker = taking(inverse, value="1000")
    for price_ticks in (1, 10_000):
        trade(session, price_ticks, 9)
        trade(session, price_ticks, 1)
    assert [bar.volume_lots for _, bar in taker.seen] == [10, 10]


def test_bars_that_the_feed_sends_are_kept() -> None:
    """Without a measure the series keeps the feed's own bars, before `on_bar` is called."""
    session, taker = taking()
    trade(session, 100, 1_000)
    bar = Bar(0, session.now_ns, MINUTE_NS, 1, 4, 1, 3, 50, 6, 0.02)
    session.print_bar(bar)
    assert [one for _, one in taker.seen] == [bar]
    assert taker.series.high_ticks.tolist() == [4]


def test_a_feeds_bars_are_in_no_built_series() -> None:
    """A series that is built from trades has only these."""

    class Silent:
        def on_start(self, session: Any) -> None:
            self.series = session.bars(session.markets[0], ticks=1)

    session, silent = FakeSession(now_ns=START_NS), Silent()
    session.start(silent)
    session.print_bar(Bar(0, START_NS, MINUTE_NS, 1, 4, 1, 3, 50, 6, 0.02))
    trade(session, 7)
    assert silent.series.close_ticks.tolist() == [7]


def test_two_series_can_have_functions_of_their_own() -> None:
    """With `call`, `on_bar` isn't called."""
    seen: list[tuple[str, int]] = []

    class Two:
        def on_start(self, session: Any) -> None:
            market = session.markets[0]
            session.bars(market, ticks=1, call=lambda market, bar: seen.append(("one", bar.close_ticks)))
            session.bars(market, ticks=2, call=lambda market, bar: seen.append(("two", bar.close_ticks)))

        def on_bar(self, market: Any, bar: Bar) -> None:
            raise AssertionError

    session = FakeSession()
    session.start(Two())
    trade(session, 7)
    trade(session, 8)
    assert seen == [("one", 7), ("one", 8), ("two", 8)]


@pytest.mark.parametrize("keep", [1, 2, 7])
def test_arrays_hold_the_last_bars_oldest_first(keep: int) -> None:
    """Over many turns of the ring each array is one piece of memory with the last `keep` bars, and can't be written."""
    random, series, expected = Random(5), LaneBarSeries(keep), []
    for number in range(10 * keep + 3):
        open_, high, low, close, volume = values = [random.randint(1, 10**12) for _ in range(5)]
        expected.append([number, *values])
        series.append(Bar(0, number, number, open_, high, low, close, volume, 1, 0.0))
        columns = (
            series.time_ns,
            series.open_ticks,
            series.high_ticks,
            series.low_ticks,
            series.close_ticks,
            series.volume_lots,
        )
        last = expected[-keep:]
        assert len(series) == len(last)
        for place, column in enumerate(columns):
            assert column.tolist() == [bar[place] for bar in last]
            assert column.dtype == np.int64
            assert column.flags["C_CONTIGUOUS"]
            with pytest.raises(ValueError, match="read-only"):
                column[0] = 1


def test_a_volume_beyond_64_bits_is_kept_as_the_largest() -> None:
    """A broken print of any size is no error; the bar itself is exact."""
    session, taker = taking(ticks=2)
    trade(session, 1, MAX_UNITS)
    trade(session, 1, MAX_UNITS)
    assert taker.seen[0][1].volume_lots == 2 * MAX_UNITS
    assert taker.series.volume_lots.tolist() == [MAX_UNITS]


@pytest.mark.parametrize(
    ("settings", "error", "text"),
    [
        ({"seconds": 1, "ticks": 5}, ValueError, "one of seconds, ticks, volume and value, not seconds and ticks"),
        ({"seconds": 0}, ValueError, "seconds must be"),
        ({"seconds": True}, ValueError, "seconds must be"),
        ({"ticks": 0}, ValueError, "ticks must be"),
        ({"ticks": 2.0}, ValueError, "ticks must be"),
        ({"volume": "0.0001"}, GridError, "volume '0.0001' is off the grid"),
        ({"volume": 1}, TypeError, "volume must be text or a Decimal"),
        ({"value": "0"}, ValueError, "value must be a number above zero"),
        ({"value": "much"}, ValueError, "value must be a number above zero"),
        ({"value": Decimal("Infinity")}, ValueError, "value must be a number above zero"),
        ({"value": 5}, TypeError, "value must be text or a Decimal"),
        ({"ticks": 5, "empty": True}, ValueError, "empty bars"),
        ({"ticks": 5, "keep": 0}, ValueError, "keep must be"),
        ({"call": print}, ValueError, "call is for bars that are built"),
    ],
)
def test_refuses_what_makes_no_series(settings: dict[str, Any], error: type[Exception], text: str) -> None:
    """The error names what is wrong."""
    with pytest.raises(error, match=text):
        taking(**settings)


def test_prints_between_two_ticks_keep_their_prices() -> None:
    """Open, high, low, close and the average are exact where no order could stand; their order is by price."""
    half, tenth = 500_000_000, 100_000_000
    session, taker = taking(ticks=3)
    for price_ticks, fraction in ((100, half), (100, tenth), (101, 0)):
        session.print_trade(price_ticks=price_ticks, size_lots=1, fraction_nanoticks=fraction)
    ((_, bar),) = taker.seen
    assert prices(bar) == (100, 101, 100, 101, 3, 3)
    assert bar.fractions_nanoticks == (half, 0, tenth, 0)
    assert taker.series.fractions_nanoticks.tolist() == [[half], [0], [tenth], [0]]
    assert bar.vwap == float((Decimal("301.6") / 3) * INSTRUMENT.tick_size)


def test_a_late_print_may_be_the_high_of_a_bar_but_not_its_close() -> None:
    """A print that counts for high and low alone moves these; one that counts for the volume alone does not."""
    session, taker = taking(seconds=60)
    trade(session, 100, 5)
    for price_ticks, counts in ((109, PRINT_EXTREMES | PRINT_VOLUME), (120, PRINT_VOLUME), (95, PRINT_EXTREMES)):
        session.print_trade(price_ticks=price_ticks, size_lots=1, counts=counts)
    session.advance(seconds=60)
    ((_, bar),) = taker.seen
    assert prices(bar) == (100, 109, 95, 100, 7, 1)
