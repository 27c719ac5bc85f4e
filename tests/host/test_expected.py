"""What the stages of lanes are expected to take by a profile, and where nothing can be said of them."""

from pathlib import Path

import msgspec
import pytest

from mainspring.host.config import parse_config
from mainspring.host.profiles.expected import expect_stages
from mainspring.host.profiles.model import Decision, HostKey, Profile
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session

STAGES = {"feed": 3_000.0, "feed+book": 200.0, "book": 12_000.0, "route": 0.0, "venue": 250.0, "whole_path": 7_000.0}
ONE = 'mode = "replay"\nfeed = { plugin = "simulated", seconds = 1 }\ninstruments = ["BTC/USDT", "ETH/USDT"]\n'
TWO = 'mode = "replay"\n[feeds]\na = { plugin = "simulated", instruments = ["BTC/USDT"] }\n'
TWO += 'b = { plugin = "simulated", instruments = ["ETH/USDT"] }\n'


@pytest.fixture(scope="module")
def registry():
    return Registry.load(["mainspring"])


def profile(**slots: str) -> Profile:
    host = HostKey(fingerprint="f", cpu="c", usable="0-1", quota=None, kernel="6", python="3", words="a host")
    decision = Decision(
        race="pipeline",
        slots={"decoder": "python", "book": "bisect-list", "codec (json)": "orjson", "chunk": "512", **slots},
        default={},
        because="",
        grade="quiet",
        noise=0.01,
        rounds=1,
        processes=1,
        dropped=0,
        seed=1,
        candidates=(),
    )
    return Profile(
        mainspring="0.1.0",
        host=host,
        workload="w",
        workload_description="a session",
        objective="throughput",
        tuned_at="2026-01-01T00:00:00Z",
        budget_s=60,
        seconds=50,
        candidates={},
        decisions=(decision,),
        stages_ns={**STAGES, "of another version": 1.0},
    )


def expected(registry: Registry, text: str, held: Profile) -> list[dict[str, float]]:
    session = make_session(parse_config(text, "s.toml", Path()), registry)
    return [lane.stages_ns for lane in expect_stages(session, held).lanes]


def test_one_lane_is_held_to_the_profile(registry):
    """Every stage that is measured: not the venue, which is simulated, nor what is unknown or took no time."""
    reported = {stage: STAGES[stage] for stage in ("feed", "feed+book", "book", "whole_path")}
    assert expected(registry, ONE, profile()) == [reported]


@pytest.mark.parametrize("change", ['book.plugin = "sorted-dict"', "session.chunk = 64"])
def test_a_lane_of_other_parts_is_held_to_nothing(registry, change):
    """What the config pins against the profile isn't what was measured."""
    assert expected(registry, f"{change}\n{ONE}", profile()) == [{}]
    assert expected(registry, f"{change}\n{ONE}", msgspec.structs.replace(profile(), decisions=())) != [{}]


def test_of_several_lanes_only_like_stages_are_held_to_it(registry):
    """Those that a lane's own instruments pass alone."""
    lanes = 'lanes = 2\nhardware.pin = "off"\n'
    assert expected(registry, lanes + ONE, profile()) == [{"book": 12_000.0}] * 2


def test_several_feeds_are_held_to_nothing(registry):
    """A profile is of one feed: in one lane of two, or in a lane each, the medians are others'."""
    assert expected(registry, TWO, profile()) == [{}]
    assert expected(registry, 'lanes = 2\nhardware.pin = "off"\n' + TWO, profile()) == [{}, {}]
