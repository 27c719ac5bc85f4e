"""Which receiver a session gets: by its config, or the one that sleeps; none where nothing is connected."""

import pytest

from mainspring.errors import ConfigError
from mainspring.host.config import load_config
from mainspring.host.planning import make_plan
from mainspring.host.registry import Registry
from mainspring.host.wiring import wire

_REGISTRY = Registry.load()
_GRID = 'instrument={"BTC/USDT"={tick_size=0.01, lot_size=0.00001}}'
_CONNECTS = ('mode="replay"', 'feed={plugin="binance-spot", connect=true}', 'instruments=["BTC/USDT"]', _GRID)


def _plan(*overrides):
    return make_plan(load_config(None, overrides), _REGISTRY)


def test_one_is_chosen_where_a_session_connects():
    """The one that sleeps, unless the config names another; the lane has what its factory made."""
    (chosen,) = _plan(*_CONNECTS).slots
    assert (chosen.slot, chosen.plugin, chosen.rule) == ("receiver", "trio", "default")
    pinned = _plan(*_CONNECTS, "receiver.plugin=busy-poll")
    (chosen,) = pinned.slots
    assert (chosen.plugin, chosen.rule) == ("busy-poll", "pinned")
    assert type(wire(pinned, _REGISTRY).lane.parts["receiver"]).__name__ == "BusyPollReceiver"


def test_none_is_chosen_where_nothing_is_connected():
    """There is nothing to wait for."""
    assert _plan().slots == ()


def test_one_that_is_not_there_is_refused():
    """With what there is."""
    with pytest.raises(ConfigError, match="no receiver plugin is named 'epoll'"):
        _plan(*_CONNECTS, "receiver.plugin=epoll")
