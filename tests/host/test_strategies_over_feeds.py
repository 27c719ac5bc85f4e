"""Strategies and several feeds: who shares an object, and who has too few instruments."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import parse_config
from mainspring.host.plan import SessionPlan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.host.wiring import wire

FEEDS = """
[feeds.a]
plugin = "simulated"
instruments = ["A/USDT"]
[feeds.b]
plugin = "simulated"
instruments = ["B/USDT", "C/USDT"]
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The built-in plugins."""
    return Registry.load()


@pytest.fixture
def plan(registry: Registry) -> Callable[..., SessionPlan]:
    """Plans a session of three instruments on two feeds."""

    def make(*overrides: str, text: str = FEEDS) -> SessionPlan:
        return make_session(parse_config(text, "s.toml", Path(), overrides), registry)

    return make


def test_feeds_that_configure_a_strategy_alike_share_one_object(
    plan: Callable[..., SessionPlan], registry: Registry
) -> None:
    """It is made once, and sees the markets of both feeds in the order of the config."""
    (lane,) = plan('strategy.s={plugin="momentum", size=1}').lanes
    (one,) = wire(lane, registry).lane.strategies.bound
    assert one.name == "s"
    assert [(market.name, market.index) for market in one.session.markets] == [
        ("a:A/USDT", 0),
        ("b:B/USDT", 1),
        ("b:C/USDT", 2),
    ]


def test_feeds_that_configure_a_strategy_differently_have_one_each(
    plan: Callable[..., SessionPlan], registry: Registry
) -> None:
    """Each has its feed in its name, its own options, and its own feed's markets."""
    (lane,) = plan('strategy.s={plugin="momentum", size=1}', 'feeds.b.strategy.s={plugin="momentum", size=2}').lanes
    bound = wire(lane, registry).lane.strategies.bound
    assert [one.name for one in bound] == ["s [a]", "s [b]"]
    assert [[market.index for market in one.session.markets] for one in bound] == [[0], [1, 2]]


PAIRS = 'strategy.s={plugin="pairs", first="a:A/USDT", second="b:B/USDT", first_size=1, second_size=1}'


def test_a_strategy_has_its_instruments_from_all_feeds(plan: Callable[..., SessionPlan], registry: Registry) -> None:
    """One that needs two instruments may have one of each feed."""
    (lane,) = plan(PAIRS).lanes
    (one,) = wire(lane, registry).lane.strategies.bound
    assert len(one.session.markets) == 3


def test_a_strategy_with_too_few_instruments_is_refused(plan: Callable[..., SessionPlan]) -> None:
    """By its key, with what it needs and what there is; also where another feed configures it differently."""
    single = 'feed.plugin = "simulated"\ninstruments = ["A/USDT"]\n'
    with pytest.raises(ConfigError, match=r"strategy\.s: 'pairs' needs 2 instruments, and the session has 1"):
        plan(PAIRS, text=single)
    other = PAIRS.replace("strategy.s", "feeds.b.strategy.s").replace("first_size=1", "first_size=2")
    with pytest.raises(ConfigError, match=r"strategy\.s: 'pairs' needs 2 instruments, and the session has 1"):
        plan(PAIRS, other)
