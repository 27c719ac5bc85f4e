"""The hot loop: which best price is newest, who is called, what stops a market from being live."""

from mainspring.model import (
    Accepted,
    BookDelta,
    BookInvalid,
    BookSnapshot,
    Control,
    Fill,
    InstrumentStatus,
    Quote,
    Side,
    Trade,
)


def snapshot(last_id=10, now_ns=1, bids=((100, 5),), asks=((102, 5),), instrument=0):
    return BookSnapshot(instrument, now_ns, now_ns, last_id, list(bids), list(asks))


def delta(last_id, now_ns, bids=(), asks=(), instrument=0):
    return BookDelta(instrument, now_ns, now_ns, last_id, last_id, -1, list(bids), list(asks))


def quote(update_id, now_ns, bid=100, ask=102, lots=5, instrument=0):
    return Quote(instrument, now_ns, now_ns, update_id, bid, lots, ask, lots)


class Watcher:
    """Notes each change of best prices."""

    def __init__(self):
        self.called = []

    def on_bbo(self, market):
        self.called.append(("bbo", market.now_ns, market.bid_ticks, market.ask_ticks, market.live))


class TradeWatcher:
    """Notes trades, and a timer that is due every 10 ms."""

    def __init__(self):
        self.called = []

    def on_start(self, session):
        session.every(seconds=0.01, call=lambda: self.called.append(("timer", session.now_ns)))

    def on_trade(self, market, trade):
        self.called.append(("trade", market.index, trade.price_ticks))


class Buyer:
    """Buys a lot at the bid whenever a best price changes."""

    def on_bbo(self, market):
        market.buy(size_lots=1, price_ticks=market.bid_ticks)


def test_newest_best_price_wins(bench):
    """A quote with a later id than the book's wins over it, and the delta that catches up wins back."""
    table = bench()
    market = table.markets[0]
    table.say(1, snapshot(last_id=10))
    table.say(2, quote(12, 2, bid=101))
    assert market.bid_ticks == 101
    table.say(3, delta(11, 3, bids=[(99, 1)]))
    assert market.bid_ticks == 101, "the delta is older than the quote"
    table.say(4, delta(13, 4, bids=[(99, 2)]))
    assert market.bid_ticks == 100, "the delta is newer than the quote"
    table.say(5, quote(12, 5, bid=101))
    assert (market.bid_ticks, market.stale_quotes) == (100, 1), "the quote is older than the book"


def test_without_ids_the_last_to_come_wins(bench):
    """Where the venue numbers nothing, the last message knows best."""
    table = bench()
    table.say(1, BookSnapshot(0, 1, 1, -1, [(100, 5)], [(102, 5)]))
    table.say(2, quote(-1, 2, bid=101))
    assert table.markets[0].bid_ticks == 101
    table.say(3, BookDelta(0, 3, 3, -1, -1, -1, [(99, 1)], []))
    assert table.markets[0].bid_ticks == 100


def test_called_by_change_only(bench):
    """A strategy that defines on_bbo is called when best prices change, and by nothing else."""
    watcher = Watcher()
    table = bench({"w": watcher})
    table.say(1, snapshot())
    table.say(2, delta(11, 2, bids=[(90, 1)]))
    table.say(3, quote(11, 3))
    table.say(4, Trade(0, 4, 4, 1, 102, 1, 1))
    assert watcher.called == [("bbo", 1, 100, 102, True)]
    table.say(5, delta(12, 5, bids=[(100, 6)]))
    assert watcher.called[1:] == [("bbo", 5, 100, 102, True)], "a size that changes is a change"


def test_trades_and_timers(bench):
    """Trades call a strategy that defines on_trade, with the market; a timer's first period begins at the start."""
    watcher = TradeWatcher()
    table = bench({"w": watcher}, instruments=2)
    table.say(1_000_000, Trade(1, 1_000_000, 0, 1, 102, 1, 1))
    table.say(5_000_000)
    table.say(11_000_000)
    table.say(12_000_000)
    assert watcher.called == [("trade", 1, 102), ("timer", 11_000_000)]


def test_invalid_book_is_empty_and_not_live(bench):
    """A book that can't be trusted is cleared, its strategies are told, and a snapshot brings it back."""
    watcher = Watcher()
    table = bench({"w": watcher})
    table.say(1, snapshot())
    table.say(2, BookInvalid(0, 2, "gap"))
    assert len(table.markets[0].book) == 0
    assert watcher.called[-1] == ("bbo", 2, 0, 0, False)
    table.say(3, snapshot(last_id=20, now_ns=3))
    assert watcher.called[-1] == ("bbo", 3, 100, 102, True)


def test_halt_stops_and_resumption_restores(bench):
    """A halted instrument isn't live; it is again when the venue resumes, unless its book went bad meanwhile."""
    table = bench()
    market = table.markets[0]
    table.say(1, snapshot())
    table.say(2, InstrumentStatus(0, 2, 2, "H", "halt", False))
    assert not market.live
    table.say(3, InstrumentStatus(0, 3, 3, "T", "resume", True))
    assert market.live
    table.say(4, InstrumentStatus(0, 4, 4, "H", "halt", False), BookInvalid(0, 4, "gap"))
    table.say(5, InstrumentStatus(0, 5, 5, "T", "resume", True))
    assert not market.live


def test_quotes_make_a_market_only_where_there_are_no_books(bench):
    """Without books, quotes alone make a market live; with books they don't."""
    for quotes_only in (True, False):
        table = bench(quotes_only=quotes_only)
        table.say(1, quote(-1, 1))
        assert table.markets[0].live is quotes_only


def test_crossed_books_are_counted(bench):
    """Each delta after which bid and ask cross or lock is counted."""
    table = bench()
    table.say(1, snapshot())
    table.say(2, delta(11, 2, bids=[(103, 1)]))
    table.say(3, delta(12, 3, bids=[(103, 0)]))
    assert table.markets[0].crossed == 1


def test_router_watches_after_the_book(bench):
    """A router that watches the market is told of every market event, control messages excepted."""
    table = bench()
    events = [snapshot(), quote(11, 1), Trade(0, 1, 1, 1, 102, 1, 1), delta(12, 1), BookInvalid(0, 1, "gap")]
    table.say(1, *events, Control(1, "success", "", ""))
    assert table.router.watched == events


def test_stages_are_timed(bench):
    """Each pass of a stage is recorded once, and the whole path covers what the lane does of it."""
    table = bench({"b": Buyer()})
    table.say(1, snapshot())
    histograms = table.stages.histograms()
    counts = {stage: histogram.count for stage, histogram in histograms.items()}
    assert counts == {
        "feed": 1,
        "book": 1,
        "strategy": 1,
        "slippage": 1,
        "risk": 1,
        "journal": 0,
        "route": 1,
        "venue": 0,
        "whole_path": 1,
    }
    inner = sum(histograms[s].max for s in ("feed", "book", "strategy", "slippage", "risk"))
    assert histograms["whole_path"].max >= inner


def test_strategies_see_a_resynchronised_book_whole(bench):
    """A snapshot that comes with deltas leads to one call, with the book as the last of them leaves it."""
    watcher = Watcher()
    table = bench({"w": watcher})
    table.say(9, snapshot(last_id=10, now_ns=9), delta(11, 9, bids=[(101, 5)]), delta(12, 9, asks=[(102, 0), (103, 5)]))
    assert watcher.called == [("bbo", 9, 101, 103, True)]


def test_an_older_quote_never_overrules_a_newer_one(bench):
    """Quotes that come out of order are told apart by their ids, with or without a book."""
    table = bench()
    table.say(1, quote(20, 1, bid=100))
    table.say(2, quote(19, 2, bid=90))
    assert (table.markets[0].bid_ticks, table.markets[0].stale_quotes) == (100, 1)


def test_a_quote_from_before_a_gap_does_not_hide_the_new_book(bench):
    """After a gap the ids start again: the snapshot's best prices hold whatever quotes came before."""
    table = bench()
    table.say(1, snapshot(last_id=10))
    table.say(2, quote(50, 2, bid=101))
    table.say(3, BookInvalid(0, 3, "gap"))
    table.say(4, snapshot(last_id=40, now_ns=4))
    assert (table.markets[0].bid_ticks, table.markets[0].live) == (100, True)


def test_a_halt_calls_who_watches_the_best_prices(bench):
    """A market that stops being live is news, though no price has changed."""
    watcher = Watcher()
    table = bench({"w": watcher})
    table.say(1, snapshot())
    table.say(2, InstrumentStatus(0, 2, 2, "H", "halt", False))
    assert watcher.called[-1] == ("bbo", 2, 100, 102, False)


def test_what_the_last_message_led_to_is_handed_out_at_the_end(bench):
    """An order event that is due when the messages end isn't lost."""
    table = bench({"b": Buyer()})
    table.say(1, snapshot())
    table.router.events = [Accepted(1, 0, 1), Fill(1, 0, 1, 1, Side.BUY, 100, 1, True, 0)]
    table.driver.stop(1)
    assert table.portfolio.accounts[0].position_lots == 1


def test_a_strategy_sees_all_markets_of_its_feeds(bench):
    """Markets of several feeds are of one lane: a change of one calls the strategy, which can trade in the other."""

    class Hedger:
        def on_start(self, session):
            self.first, self.second = session.markets

        def on_bbo(self, market):
            if market is self.second and self.first.live:
                self.first.sell(size_lots=1, price_ticks=self.first.ask_ticks)

    table = bench({"h": Hedger()}, feeds=2)
    table.say(1, snapshot())
    assert table.router.sent == []
    table.say(2, snapshot(now_ns=2, instrument=1), feed=1)
    (order,) = table.router.sent
    assert (order.instrument, order.side, order.price_ticks) == (0, Side.SELL, 102)
    assert table.routers[1].sent == []
