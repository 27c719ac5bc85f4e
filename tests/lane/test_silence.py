"""Silence is time: what is due happens at its own instant, whether a message comes or not."""

import heapq
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainspring.errors import WireError
from mainspring.model import Accepted, BookSnapshot, Fill, Side, Trade
from mainspring.seams import NEVER_NS

MS = 1_000_000
START = 1_000 * MS


def trade(now_ns: int, price_ticks: int = 100, instrument: int = 0) -> Trade:
    return Trade(instrument, now_ns, now_ns, 1, price_ticks, 1, 1)


def run(driver: Any) -> None:
    while driver.step():
        pass
    driver.finish()


class Clockwork:
    """Notes each call of a timer of 1 ms, each trade, and the end."""

    def __init__(self) -> None:
        self.called: list[tuple[Any, ...]] = []

    def on_start(self, session: Any) -> None:
        self.called.append(("start", session.now_ns))
        self.session = session
        session.every(seconds=0.001, call=lambda: self.called.append(("timer", session.now_ns)))

    def on_trade(self, market: Any, trade: Trade) -> None:
        self.called.append(("trade", market.index, market.now_ns))

    def on_stop(self) -> None:
        self.called.append(("stop", self.session.now_ns))


def test_a_timer_fires_a_hundred_times_in_a_hundred_silent_milliseconds(bench: Callable[..., Any]) -> None:
    """Between two messages 100 ms apart, a timer of 1 ms is called at each of its 100 instants, and then no more."""
    strategy = Clockwork()
    table = bench({"s": strategy})
    end = START + 100 * MS
    run(table.replay([[table.message(START, trade(START)), table.message(end, trade(end))]]))
    ticks = [("timer", START + n * MS) for n in range(1, 101)]
    assert strategy.called == [("start", START), ("trade", 0, START), *ticks, ("trade", 0, end), ("stop", end)]


@pytest.mark.parametrize("chunk", [1, 2, 512])
def test_timers_fire_between_the_messages_of_merged_feeds(bench: Callable[..., Any], chunk: int) -> None:
    """Two feeds and a timer run in the order of their instants: of one instant, the timer, then the first feed."""
    strategy = Clockwork()
    table = bench({"s": strategy}, feeds=2)
    times = [[0, 2_500_000, 4 * MS], [500_000, 2_500_000, 3 * MS]]
    messages = [
        [table.message(START + at, trade(START + at, instrument=feed), feed=feed) for at in own]
        for feed, own in enumerate(times)
    ]
    run(table.replay(messages, chunk))
    called = [(name, *more, at - START) for name, *more, at in strategy.called]
    assert called == [
        ("start", 0),
        ("trade", 0, 0),
        ("trade", 1, 500_000),
        ("timer", MS),
        ("timer", 2 * MS),
        ("trade", 0, 2_500_000),
        ("trade", 1, 2_500_000),
        ("timer", 3 * MS),
        ("trade", 1, 3 * MS),
        ("timer", 4 * MS),
        ("trade", 0, 4 * MS),
        ("stop", 4 * MS),
    ]


def test_executions_come_before_timers_of_the_same_instant(bench: Callable[..., Any]) -> None:
    """A fill that is due when a timer is due is known to what the timer calls."""

    class Hedger:
        positions: list[int] = []  # noqa: RUF012  one object a test

        def on_start(self, session: Any) -> None:
            self.market = session.markets[0]
            session.at(START + MS, self.look)

        def on_bbo(self, market: Any) -> None:
            market.buy(size_lots=1, price_ticks=100)

        def look(self) -> None:
            self.positions.append(self.market.position_lots)

    strategy = Hedger()
    table = bench({"s": strategy})
    table.say(START, BookSnapshot(0, START, START, 1, [(100, 5)], [(102, 5)]))
    table.router.events = [Accepted(1, 0, START + 1), Fill(1, 0, START + MS, 1, Side.BUY, 100, 1, True, 0)]
    table.say(START + 2 * MS)
    assert strategy.positions == [1]


def test_a_markout_is_that_of_its_instant(bench: Callable[..., Any]) -> None:
    """The mid that stood at the horizon counts, whatever the first message after it says; nothing is due in between."""

    class Once:
        def __init__(self) -> None:
            self.sent = False

        def on_bbo(self, market: Any) -> None:
            if not self.sent:
                self.sent = True
                market.buy(size_lots=1, price_ticks=100)

    table = bench({"s": Once()})
    table.say(START, BookSnapshot(0, START, START, 1, [(100, 5)], [(102, 5)]))
    table.router.events = [Accepted(1, 0, START + 1), Fill(1, 0, START + 2, 1, Side.BUY, 100, 1, True, 0)]
    table.driver.settle(START + 2)
    assert table.lane.next_due_ns == NEVER_NS
    for time_ns, bid in ((START + 50 * MS, 110), (START + 150 * MS, 120)):
        table.say(time_ns, BookSnapshot(0, time_ns, time_ns, bid, [(bid, 5)], [(bid + 2, 5)]))
    table.lane.fold()
    (record,) = table.lane.order_manager.quality.fills[0].samples
    assert (record.mid_half_ticks, record.later_mids[0]) == (202, 222)


_PAUSES = st.lists(st.integers(0, 3), max_size=12)


# The fixture only makes benches.
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_PAUSES, min_size=2, max_size=4), st.integers(1, 5), st.booleans())
def test_feeds_are_merged_by_receive_time(
    bench: Callable[..., Any], pauses: list[list[int]], chunk: int, backwards: bool
) -> None:
    """Whatever the chunks, a strategy sees the messages of all feeds by receive time, and ties in the feeds' order."""

    class Reader:
        def __init__(self) -> None:
            self.seen: list[int] = []

        def on_trade(self, market: Any, trade: Trade) -> None:
            self.seen.append(trade.price_ticks)

    strategy = Reader()
    table = bench({"s": strategy}, feeds=len(pauses))
    messages: list[list[tuple[int, bytes]]] = []
    expected: list[list[tuple[int, int, int]]] = []
    number = 0
    for feed, own in enumerate(pauses):
        messages.append([])
        expected.append([])
        now_ns = START
        for pause in own:
            # A pause of 2 runs back in time, where a capture may.
            now_ns += -1 if backwards and pause == 2 else pause
            number += 1
            messages[feed].append(table.message(now_ns, trade(now_ns, number, feed), feed=feed))
            expected[feed].append((now_ns, feed, number))
    run(table.replay(messages, chunk))
    merged = heapq.merge(*expected, key=lambda message: message[:2])
    assert strategy.seen == [number for _, _, number in merged]
    if not backwards:
        assert strategy.seen == [number for _, _, number in sorted(message for own in expected for message in own)]


def test_a_message_that_cannot_be_read_is_passed_over_in_its_place(bench: Callable[..., Any]) -> None:
    """With bad messages skipped, the ones around one are run in order, of every feed, and it is counted."""
    strategy = Clockwork()
    table = bench({"s": strategy}, feeds=2)
    messages = [
        [table.message(START + at, trade(START + at, instrument=feed), feed=feed) for at in (feed, 10 + feed)]
        for feed in range(2)
    ]
    bad = table.message(START + 5)
    table.feed.script[bad[1]] = WireError("no such field")
    messages[0].insert(1, bad)
    driver = table.replay(messages)
    run(driver)
    assert [call[1:] for call in strategy.called if call[0] == "trade"] == [
        (0, START),
        (1, START + 1),
        (0, START + 10),
        (1, START + 11),
    ]
    assert [feed.source.bad_lines for feed in driver.feeds] == [1, 0]
    assert [feed.totals.messages for feed in driver.feeds] == [3, 2]
