"""The races of a host's profile in a session's report, and how they are drawn and told."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from mainspring.host.config import parse_config
from mainspring.host.profiles.model import CandidateRecord, Decision, Found, HostKey, Profile
from mainspring.host.registry import Registry
from mainspring.host.session_planning import make_session
from mainspring.report import render_text, to_html
from mainspring.session import run_session

TEXT = 'mode = "replay"\nfeed = { plugin = "simulated", seconds = 1 }\ninstruments = ["BTC/USDT"]\n'
HOST = HostKey(fingerprint="f", cpu="c", usable="0", quota=None, kernel="6", python="3", words="a host")


def candidate(
    name: str,
    decoder: str,
    book: str,
    standing: str,
    because: str,
    gain: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> CandidateRecord:
    return CandidateRecord(
        name=name,
        slots={"decoder": decoder, "book": book},
        standing=standing,
        because=because,
        gain=gain,
        low=low,
        high=high,
    )


CANDIDATES = (
    candidate("python + orjson + bisect-list", "python", "bisect-list", "default", "", 1.0, 1.0, 1.0),
    candidate("native + orjson + ladder", "native", "ladder", "winner", "", 14.2, 13.8, 14.7),
    candidate("native + orjson + btree", "native", "btree", "tied", "no gain was shown", 13.9, 13.5, 14.3),
    CandidateRecord(name="old", slots={}, standing="gated", because="needs the package old; install it"),
)
PROFILE = Profile(
    mainspring="0.1.0",
    host=HOST,
    workload="w",
    workload_description="a second",
    objective="throughput",
    tuned_at="2026-11-26T13:00:00+00:00",
    budget_s=60,
    seconds=50,
    candidates={
        "decoder python": "mainspring 0.1.0",
        "decoder native": "mainspring-native 0.2.0",
        "book bisect-list": "mainspring 0.1.0",
        "book ladder": "mainspring-native 0.2.0",
        "book btree": "acme 2.3",
    },
    decisions=(
        Decision(
            race="pipeline",
            slots=CANDIDATES[1].slots,
            default=CANDIDATES[0].slots,
            because="native + orjson + ladder beat it",
            grade="quiet",
            noise=0.011,
            rounds=240,
            processes=5,
            dropped=3,
            seed=7,
            candidates=CANDIDATES,
        ),
    ),
)


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def report(registry):
    """The report of a session for which this was found of each feed."""

    def run(*found: Found, text: str = TEXT):
        session = make_session(parse_config(text, "s.toml", Path()), registry)
        return run_session(msgspec.structs.replace(session, profiles=found), registry)

    return run


FRESH = Found(freshness="fresh", because="raced 2026-11-26", profile=PROFILE)


def test_every_candidate_is_told_with_its_figures(report):
    """The race as the profile has it, the winner by its name, and whose parts each candidate is made of."""
    (race,) = report(FRESH).timing.races
    assert (race.slot, race.default, race.winner) == (
        "pipeline",
        "python + orjson + bisect-list",
        "native + orjson + ladder",
    )
    assert (race.rounds, race.noise) == (240, 0.011)
    assert race.because == "native + orjson + ladder beat it (fresh, 2026-11-26)"
    assert [(one.plugin, one.distribution, one.version, one.gain, one.low, one.high) for one in race.candidates] == [
        ("python + orjson + bisect-list", "mainspring", "0.1.0", 1.0, 1.0, 1.0),
        ("native + orjson + ladder", "mainspring-native", "0.2.0", 14.2, 13.8, 14.7),
        ("native + orjson + btree", "mainspring-native 0.2.0, acme", "2.3", 13.9, 13.5, 14.3),
        ("old", "", "", None, None, None),
    ]
    assert race.candidates[3].note == "needs the package old; install it"


def test_the_page_draws_them(report):
    """The page has the race's chart, the winner marked as chosen, who didn't race with the reason, and the profile."""
    page = to_html(report(FRESH))
    for words in (
        "Races on this host",
        "pipeline: native + orjson + ladder, of 4 candidates in 240 rounds",
        "native + orjson + ladder 14.20x [13.80, 14.70]",
        "needs the package old; install it",
        "Host profile: fresh (a second): raced 2026-11-26.",
    ):
        assert words in page
    # Two candidates whose names begin alike are told apart: no label is cut.
    assert "python + orjson + bisect-list</text>" in page
    assert "native + orjson + ladder</text>" in page
    assert "native + orjson + …" not in page
    assert "Races on this host" not in to_html(report(Found(freshness="none", because="no race")))


def test_the_terminal_says_what_was_found(report):
    """A line below the slots, where there is anything to say."""

    def reported(*found):
        out = io.StringIO()
        render_text(report(*found), Console(file=out, width=100, color_system=None))
        return out.getvalue()

    unused = Found(freshness="unused", because="the profile of 2026-11-26 is of another CPU")
    assert "  host profile: fresh (a second): raced 2026-11-26" in reported(FRESH)
    assert "  host profile: not used: the profile of 2026-11-26 is of another CPU" in reported(unused)
    assert "host profile" not in reported(Found(freshness="none", because="no race"))


def test_each_feed_names_its_race(report):
    """With several feeds the slot says whose race it is."""
    text = 'mode = "replay"\n[feeds]\n'
    text += 'a = { plugin = "simulated", instruments = ["BTC/USDT"], seconds = 1 }\n'
    text += 'b = { plugin = "simulated", instruments = ["ETH/USDT"], seconds = 1 }\n'
    done = report(Found(freshness="none", because="no race"), FRESH, text=text)
    assert [race.slot for race in done.timing.races] == ["pipeline [b]"]
    assert done.timing.profiles == ["b: host profile: fresh (a second): raced 2026-11-26"]
