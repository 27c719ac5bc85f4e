"""Our place in the queue at one price, against a plain count of what must be ahead."""

from random import Random

import pytest

from mainspring.model import Side
from mainspring.testing import INSTRUMENT
from mainspring.venue.paper_level import PaperLevel
from mainspring_plugins.queues.log_probability import LogProbabilityQueue
from mainspring_plugins.queues.pessimistic import PessimisticQueue
from mainspring_plugins.queues.power_probability_2 import PowerOptions, PowerProbability2Queue
from mainspring_plugins.queues.proportional import ProportionalQueue

SETTLE = 100
MODELS = [
    ProportionalQueue,
    PessimisticQueue,
    LogProbabilityQueue,
    # Steep: without care, those behind would overtake us.
    lambda instrument: PowerProbability2Queue(instrument, options=PowerOptions(n=9.0)),
]


def level(displayed=10, queue=ProportionalQueue):
    return PaperLevel(Side.BUY, 99, displayed, model=queue(INSTRUMENT), settle_ns=SETTLE)


def test_a_fall_waits_for_its_trade():
    """Until the settling time is over, a fall without a trade changes nothing."""
    queue = level()
    order = queue.join(1, 5, 0)
    queue.observe(4, 10)
    assert queue.lots_ahead(order) == 10
    queue.observe(4, 109)
    assert queue.lots_ahead(order) == 10
    queue.observe(4, 110)
    assert queue.lots_ahead(order) == 4


def test_a_trade_explains_the_fall_before_it():
    """Lots that fell and were then traded leave the queue once, from its front."""
    queue = level()
    order = queue.join(1, 5, 0)
    queue.observe(4, 10)
    assert queue.trade(6, 6, 20) == []
    queue.observe(4, 500)
    assert queue.lots_ahead(order) == 4


def test_a_trade_explains_the_fall_after_it():
    """Lots that were traded and then fell leave the queue once."""
    queue = level()
    order = queue.join(1, 5, 0)
    queue.trade(6, 6, 10)
    queue.observe(4, 90)
    queue.observe(4, 500)
    assert queue.lots_ahead(order) == 4


def test_a_trade_that_was_made_up_for_explains_nothing_later():
    """A level that shows no fall after a trade was filled up again; a later fall is a cancel."""
    queue = level()
    first = queue.join(1, 5, 0)
    queue.trade(4, 4, 10)
    queue.observe(10, 200)
    queue.observe(5, 300)
    queue.observe(5, 400)
    assert queue.lots_ahead(first) == 3


def test_an_order_joins_behind_falls_that_still_wait():
    """What may yet turn out to have been traded before the order came isn't counted away early."""
    queue = level()
    queue.observe(2, 10)
    order = queue.join(1, 5, 20)
    assert queue.lots_ahead(order) == 10
    queue.trade(8, 8, 30)
    assert queue.lots_ahead(order) == 2


def test_proportional_cancels_are_rounded_against_us():
    """7 ahead of us and 7 behind, 3 cancelled: 11 of 14 remain, so 5.5 ahead, counted as 6."""
    queue = level(7)
    order = queue.join(1, 5, 0)
    queue.observe(14, 1)
    queue.observe(11, 2)
    queue.observe(11, 102)
    assert queue.lots_ahead(order) == 6


def test_an_unknown_level_puts_what_it_first_shows_ahead():
    """And until then trades at the price fill nothing."""
    queue = level(None)
    order = queue.join(1, 5, 0)
    assert queue.trade(9, 9, 1) == []
    queue.observe(6, 2)
    assert queue.lots_ahead(order) == 6
    assert queue.trade(8, 8, 3) == [(order, 2)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(20))
def test_the_queue_never_improves_without_a_cause(seed, model):
    """Random trades, falls and rises: at every step the lots ahead lie between what surely went and what may have.

    Ahead of an order are at most the lots that it joined behind less those traded since, and at most what is shown and
    still unsettled; they never grow, and no fill comes before the trades are as large as what was ahead.
    """
    random = Random(seed)
    queue = level(random.randrange(30), model)
    displayed = queue_shown = random.randrange(5, 30)
    queue.observe(displayed, 0)
    queue.observe(displayed, SETTLE)
    order = queue.join(1, 10, SETTLE)
    ahead, traded, filled, joined_behind = queue.lots_ahead(order), 0, 0, queue_shown
    assert ahead == joined_behind
    now = SETTLE
    while order.queue is not None and now < 5000:
        now += random.randrange(1, 60)
        if random.random() < 0.4:
            lots = random.randrange(1, 6)
            traded += lots
            filled += sum(part for _, part in queue.trade(lots, lots, now))
            displayed = max(0, displayed - lots)
        else:
            displayed = max(0, displayed + random.randrange(-5, 6))
        queue.observe(displayed, now)
        if order.queue is None:
            break
        assert queue.lots_ahead(order) <= min(ahead, max(0, joined_behind - traded))
        assert filled <= traded
        if filled == 0:
            assert order.lots == 10
        ahead = queue.lots_ahead(order)
    assert filled == 10 - order.lots


def test_never_more_ahead_than_is_displayed():
    """Where a trade that filled us leaves fewer displayed than our count has, the count follows."""
    queue = level()
    first = queue.join(1, 2, 0)
    queue.observe(14, 1)
    second = queue.join(2, 5, 1)
    assert queue.trade(12, 12, 2) == [(first, 2)]
    assert queue.lots_ahead(second) == 4
    queue.observe(2, 3)
    assert queue.lots_ahead(second) == 2
