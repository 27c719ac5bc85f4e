"""Several feeds in one configuration: what each has of its own, and what it shares."""

from pathlib import Path

import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import parse_config
from mainspring.host.feeds import ONLY_FEED, each_feed
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session

TEXT = """
seed = 4
[feeds.near]
plugin = "simulated"
seconds = 9
instruments = ["BTC/USDT"]
[feeds.far]
plugin = "simulated"
instruments = ["BTC/USDT", "ETH/USDT"]
risk.max_position = 7
[feeds.far.instrument."ETH/USDT"]
tick_size = 0.1
[feeds.far.strategy.maker]
plugin = "quote-maker"
size = 3
[feeds.far.strategy.extra]
plugin = "momentum"
size = 2
[strategy.maker]
plugin = "quote-maker"
size = 1
[risk]
max_position = 5
max_order_size = 2
"""


def loaded(text=TEXT, *overrides):
    return parse_config(text, "s.toml", Path(), overrides)


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


def test_a_feed_has_the_sessions_config_but_for_what_its_table_says():
    """Strategies and limits of the feed's own replace those of the same name and add to the others."""
    near, far = each_feed(loaded()).values()
    assert near.config.feed.options == {"seconds": 9}
    assert (near.config.instruments, far.config.instruments) == (("BTC/USDT",), ("BTC/USDT", "ETH/USDT"))
    assert near.config.risk == {"max_position": 5, "max_order_size": 2}
    assert far.config.risk == {"max_position": 7, "max_order_size": 2}
    assert {name: slot.options["size"] for name, slot in near.config.strategy.items()} == {"maker": 1}
    assert {name: slot.options["size"] for name, slot in far.config.strategy.items()} == {"maker": 3, "extra": 2}
    assert far.config.seed == near.config.seed == 4


def test_a_session_of_one_feed_is_as_it_was():
    """Without `feeds`, the whole configuration is that of the one feed, which has no name."""
    one = loaded('feed.plugin = "simulated"')
    assert each_feed(one) == {ONLY_FEED: one}


def test_choices_that_differ_say_for_which_feed(registry):
    """What is the same in all feeds is told once; what isn't, with the feeds in brackets."""
    session = make_session(loaded(), registry)
    slots = [choice.slot for choice in session.choices()]
    assert slots.count("book") == 1
    assert {"feed [near]", "feed [far]", "strategy maker [near]", "strategy maker [far]"} <= set(slots)
    assert {"strategy extra [far]", "risk max_position [near]", "risk max_position [far]"} <= set(slots)
    assert "risk max_order_size" in slots
    assert session.lanes[0].instruments == ("near:BTC/USDT", "far:BTC/USDT", "far:ETH/USDT")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[feeds.far.risk.max_positon]\nlimit = 1", "feeds.far.risk.max_positon"),
        ('[feeds.far.instrument."SOL/USDT"]\ntick_size = 1', 'feeds.far.instrument."SOL/USDT": isn\'t among'),
        ("[feeds.far.strategy.third]\nsize = 1", "feeds.far.strategy.third: names no plugin"),
        ('[feeds.third]\nplugin = "simulated"\nsconds = 1', 'feeds.third.sconds: no such key; did you mean "seconds"?'),
        ('[feeds.third]\ncapture = "absent.gz"', "feeds.third.capture: there is no file"),
        ("[feeds.third]\nskip_bad = 1", "feeds.third.skip_bad: expected true or false; found the number 1"),
        ("[feeds.far.faults]\ndrop = 2", "feeds.far.faults"),
        ("[strategy.odd]\nsize = 1", "strategy.odd: names no plugin"),
    ],
)
def test_an_error_points_into_the_feeds_table(registry, line, said):
    """File, line and whole key of what stands in a feed's table; the session's own keys as ever."""
    with pytest.raises(ConfigError) as caught:
        make_session(loaded(f"{TEXT}\n{line}\n"), registry)
    where, _, what = str(caught.value).partition(": ")
    assert what.startswith(said)
    number = int(where.removeprefix("s.toml:"))
    assert line.partition("\n")[0] == f"{TEXT}\n{line}".splitlines()[number - 1] or number > len(TEXT.splitlines())


def test_what_is_for_one_feed_beside_several_is_refused(registry):
    """`instruments` at the top would be nobody's."""
    with pytest.raises(ConfigError, match=r"s\.toml:1: instruments: only works with one feed, .* near, far"):
        make_session(loaded(f'instruments = ["BTC/USDT"]\n{TEXT}'), registry)
