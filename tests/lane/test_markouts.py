"""What fills cost, and where the mid price went after them."""

import pytest

from mainspring.lane import HORIZONS_NS, CostTally, FillRecord
from mainspring.lane.arrival import ArrivalPrice
from mainspring.model import Accepted, BookInvalid, BookSnapshot, Cause, Fill, Quote, Side, SlippageEstimate

S = 1_000_000_000


class BuysOnce:
    """Sends one order when the first price shows, and nothing after."""

    def __init__(self, side=Side.BUY):
        self.side = side
        self.sent = False

    def on_bbo(self, market):
        if not self.sent:
            self.sent = True
            trade = market.buy if self.side is Side.BUY else market.sell
            trade(size_lots=4, price_ticks=100)


def snapshot(now_ns, bid, ask):
    return BookSnapshot(0, now_ns, now_ns, now_ns, [(bid, 50)], [(ask, 50)])


@pytest.fixture
def filled(bench):
    """A lane whose order of four lots was filled at 100 ticks, a second in, when the mid was 101 ticks."""

    def make(side=Side.BUY, *, maker=True):
        table = bench({"s": BuysOnce(side)})
        table.say(1, snapshot(1, 100, 102))
        table.router.events = [Accepted(1, 0, 2), Fill(1, 0, S, 1, side, 100, 4, maker, 0)]
        table.say(S)
        return table

    return make


def markouts(table, role="maker"):
    table.quality.fold()
    return [(one.fills, one.bps()) for one in table.quality.tallies[0].costs[role].markouts]


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_a_markout_is_the_signed_move_of_the_mid(filled, side):
    """Above zero it went our way: up for a buy, down for a sell; 0.1, 1, 5 and 30 s on, in bps and in money."""
    table = filled(side)
    for now_ns, mid in ((S + 50_000_000, 103), (S + 500_000_000, 99), (3 * S, 111), (20 * S, 121), (40 * S, 90)):
        table.say(now_ns, snapshot(now_ns, mid - 1, mid + 1))
    moves = [2, -2, 10, 20]
    assert markouts(table) == [(1, pytest.approx(1e4 * side * move / 101)) for move in moves]
    valuation = table.portfolio.valuations[0]
    money = [valuation.money(one.half_units) for one in table.quality.tallies[0].costs["maker"].markouts]
    assert [float(amount) for amount in money] == pytest.approx([side * 4 * move * 1e-5 for move in moves])
    assert markouts(table, "taker") == [(0, None)] * 4


def test_the_mid_is_the_one_that_prevailed(filled):
    """A message that comes at the horizon, or after a silence beyond it, doesn't count: the mid before it does."""
    table = filled()
    table.say(S + HORIZONS_NS[0], snapshot(S + HORIZONS_NS[0], 104, 106))
    assert markouts(table)[0] == (1, 0.0)
    table.say(60 * S, snapshot(60 * S, 200, 202))
    assert markouts(table)[1:] == [(1, pytest.approx(1e4 * 4 / 101))] * 3


def test_what_lies_beyond_the_end_is_not_measured(filled):
    """Six seconds after the fill the session ends: three horizons are known, the fourth isn't, and isn't zero."""
    table = filled()
    table.say(7 * S, snapshot(7 * S, 104, 106))
    table.driver.stop(7 * S)
    assert [fills for fills, _ in markouts(table)] == [1, 1, 1, 0]
    assert markouts(table)[3] == (0, None)


def test_without_a_mid_nothing_is_measured(filled):
    """A book in quarantine at the horizon leaves that one out; later ones are taken again."""
    table = filled()
    table.say(S + 50_000_000, BookInvalid(0, S, "gap"))
    table.say(2 * S + 1, snapshot(2 * S + 1, 104, 106))
    table.say(7 * S, snapshot(7 * S, 104, 106))
    assert [fills for fills, _ in markouts(table)] == [0, 0, 1, 0]


def test_a_mid_counts_once_its_market_has_shown_that_it_still_held(bench):
    """What another instrument's messages say of the time is nothing to it: the split into lanes doesn't show."""
    table = bench({"s": BuysOnce()}, instruments=2)
    table.say(1, snapshot(1, 100, 102))
    table.router.events = [Accepted(1, 0, 2), Fill(1, 0, S, 1, Side.BUY, 100, 4, True, 0)]
    table.say(S)
    table.say(7 * S, BookSnapshot(1, 7 * S, 7 * S, 1, [(9, 1)], [(11, 1)]))
    assert [fills for fills, _ in markouts(table)] == [0, 0, 0, 0]
    table.say(8 * S, snapshot(8 * S, 104, 106))
    assert [fills for fills, _ in markouts(table)] == [1, 1, 1, 0]
    assert markouts(table)[0] == (1, 0.0)


def test_a_fill_is_measured_from_the_mid_it_met(bench):
    """A message that fills us and moves the quote at once: the mid before it counts, and the one after it is kept."""
    table = bench({"s": BuysOnce()})
    table.say(1, snapshot(1, 100, 102))
    table.router.events = [Accepted(1, 0, 2)]
    table.say(5)
    table.say(S, Quote(0, S, S, 9, 90, 1, 92, 1))
    table.router.events = [Fill(1, 0, S, 1, Side.BUY, 100, 4, True, 0)]
    table.say(S + 1)
    (record,) = table.quality.fills[0].samples
    assert (record.mid_half_ticks, record.mid_after_half_ticks) == (202, 182)
    assert table.quality.tallies[0].costs["maker"].fill_cost_bps() == pytest.approx(-1e4 * 1 / 101)
    table.say(2 * S, snapshot(2 * S, 100, 102))
    assert markouts(table)[0] == (1, pytest.approx(-1e4 * 10 / 101))


def test_estimates_are_those_of_orders_that_fill():
    """Causes are weighted by the chance of a fill; what fills are expected to cost isn't, and has no queue risk."""
    half, wholly = 0.5, 1.0
    causes = (Cause("spread-capture", -0.5), Cause("adverse-selection", 0.75), Cause("queue-risk", 1.0))
    rests = ArrivalPrice(SlippageEstimate(1.25, 100.0, causes, half), 20_000, 1)
    takes = ArrivalPrice(SlippageEstimate(2.0, 100.0, (Cause("spread", 2.0),), wholly), 20_000, 1)
    tally = CostTally()
    tally.add(FillRecord(0, Fill(1, 0, 5, 1, Side.BUY, 9_999, 1, True, 0), "s", rests, 20_004, 20_004))
    assert tally.causes_bps() == {"spread-capture": -100.0, "adverse-selection": 150.0}
    assert tally.queue_risk_bps() == 100.0
    assert tally.fill_cost_bps() == pytest.approx(-1e4 * 3 / 10_002)
    assert tally.arrival_cost_bps() == pytest.approx(-1.0)
    record = FillRecord(1, Fill(2, 0, 5, 2, Side.BUY, 10_001, 3, False, 0), "s", takes, None, None)
    tally.add(record)
    assert record.expected_bps() == 200.0
    assert tally.fill_cost_bps() == pytest.approx(-1e4 * 3 / 10_002), "a fill without a mid has none"
