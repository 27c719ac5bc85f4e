"""Slots that no plugin fills: how many messages a lane takes at a time, and what the garbage collector does."""

import gc
from pathlib import Path

import pytest

from hwprofile.actions import Scope
from mainspring.errors import ConfigError
from mainspring.host.applying import RARE_THRESHOLDS, apply_to_wired_lane
from mainspring.host.config import parse_config
from mainspring.host.plan import HardwarePlan
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session

TEXT = 'instruments = ["BTC/USDT"]\nfeed = { plugin = "simulated", seconds = 1 }\nmode = "replay"\n'


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def plan(registry):
    """Plans a session of the text and what is added to it."""
    return lambda added="": make_session(parse_config(TEXT + added, "s.toml", Path()), registry)


def test_what_nobody_pins_is_the_default(plan):
    """Both are "auto" where the config says nothing, or says so: 512 messages, the collector left as it is."""
    for session in (plan(), plan('session.chunk = "auto"\nhardware.gc = "auto"')):
        chunk, gc = session.first.chunk, session.first.gc
        assert (chunk.value, chunk.rule, gc.value, gc.rule) == (512, "default", "as-is", "default")
        assert "no race of this workload" in chunk.because
        rows = {row.slot: (row.plugin, row.rule) for row in session.choices()}
        assert (rows["chunk"], rows["gc"]) == (("512", "default"), ("as-is", "default"))


def test_a_session_that_connects_freezes_what_wiring_made(registry):
    """Unless the config says otherwise: nobody is there to wait for between two messages of a replay."""
    text = 'instruments = ["BTC/USDT"]\nfeed = { plugin = "binance-spot", connect = true }\nmode = "replay"\n'
    text += 'instrument."BTC/USDT" = { tick_size = 0.01, lot_size = 0.00001 }\n'
    for added, value in (("", "freeze"), ('hardware.gc = "as-is"', "as-is")):
        assert make_session(parse_config(text + added, "s.toml", Path()), registry).first.gc.value == value


def test_what_is_pinned_says_where(plan):
    """A pinned value reaches the plan of each lane, and its line is named."""
    session = plan('session.chunk = 65_536\nhardware.gc = "rare"')
    (part,) = session.lanes[0].parts
    assert (part.chunk.value, part.chunk.rule, part.chunk.because) == (65_536, "pinned", "pinned by s.toml:4")
    assert (part.gc.value, part.gc.because) == ("rare", "pinned by s.toml:5")


@pytest.mark.parametrize("value", ["0", "65_537", '"many"'])
def test_a_chunk_out_of_bounds_is_refused(plan, value):
    """With file, line, key, the bounds and what was found."""
    words = r's\.toml:4: session\.chunk: must be a whole number from 1 to 65,536, or "auto"; found '
    with pytest.raises(ConfigError, match=words):
        plan(f"session.chunk = {value}")


@pytest.mark.parametrize(
    ("value", "enabled", "thresholds", "frozen"),
    [
        ("as-is", True, None, False),
        ("freeze", True, None, True),
        ("rare", True, RARE_THRESHOLDS, True),
        ("off", False, None, True),
    ],
)
def test_the_collector_is_set_for_a_lane_that_is_not_pinned(plan, value, enabled, thresholds, frozen):
    """Once the lane is made the collector is as the plan wants it, and as it was when all is undone."""
    before = gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()
    session = plan(f'hardware = {{ pin = "off", gc = "{value}" }}')
    with Scope() as scope:
        apply_to_wired_lane(scope, session.lanes[0], HardwarePlan())
        assert gc.isenabled() == enabled
        assert gc.get_threshold() == (thresholds or before[1])
        assert bool(gc.get_freeze_count()) == frozen
    assert [action.outcome for action in scope.actions] == ["applied"] * frozen
    assert (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()) == before
