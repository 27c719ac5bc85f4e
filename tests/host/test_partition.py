"""How instruments are shared among lanes."""

from decimal import Decimal
from pathlib import Path
from random import Random

import msgspec
import pytest

from mainspring.host.config import parse_config
from mainspring.host.partition import partition
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.model import Instrument


@pytest.fixture(scope="module")
def one_feed():
    text = 'mode = "replay"\ninstruments = ["BTC/USDT"]\nfeed.plugin = "simulated"\n'
    return make_plan(parse_config(text, "s.toml", Path()), Registry.load())


@pytest.fixture
def feeds(one_feed):
    def make(*counts):
        return [
            msgspec.structs.replace(
                one_feed,
                name=chr(ord("a") + at),
                instruments=tuple(
                    Instrument(symbol=str(i), venue_symbol=str(i), tick_size=Decimal(1), lot_size=Decimal(1))
                    for i in range(count)
                ),
            )
            for at, count in enumerate(counts)
        ]

    return make


def reported(lanes):
    return [[part.label(one) for part in lane for one in part.instruments] for lane in lanes]


def test_the_heaviest_feeds_are_set_apart(feeds):
    """Three feeds in two lanes: the heaviest has one for itself, the others share."""
    assert reported(partition(feeds(1, 1, 1), 2, [10, 30, 15])) == [["a:0", "c:0"], ["b:0"]]


def test_a_feed_is_cut_only_where_there_are_more_lanes_than_feeds(feeds):
    """Two feeds in two lanes stay whole, however unequal; in three, the one with most instruments is halved."""
    assert reported(partition(feeds(3, 1), 2, [3, 1])) == [["a:0", "a:1", "a:2"], ["b:0"]]
    assert reported(partition(feeds(3, 1), 3, [3, 1])) == [["a:0", "a:1"], ["a:2"], ["b:0"]]


def test_one_lane_takes_everything_as_it_is(feeds):
    """With one lane the parts are the feeds themselves."""
    plans = feeds(2, 1)
    assert partition(plans, 1, [1, 1]) == (tuple(plans),)


@pytest.mark.parametrize("seed", range(40))
def test_every_instrument_is_in_one_lane_and_no_lane_is_empty(feeds, seed):
    """For any feeds, weights and number of lanes: all shared out once, in order, the same each time."""
    random = Random(seed)
    plans = feeds(*(random.randint(1, 5) for _ in range(random.randint(1, 5))))
    every = [plan.label(one) for plan in plans for one in plan.instruments]
    lanes = random.randint(1, len(every))
    weights = [random.choice([0, 1, 1_000]) for _ in plans]
    shares = partition(plans, lanes, weights)
    names = reported(shares)
    assert len(names) == lanes, f"seed {seed}"
    assert all(names), f"seed {seed}"
    assert sorted(name for lane in names for name in lane) == sorted(every), f"seed {seed}"
    assert all(len({part.name for part in lane}) == len(lane) for lane in shares), f"seed {seed}"
    assert partition(plans, lanes, weights) == shares
