"""The trial of candidate books over captures: what it counts, and that it finds what was planted."""

from collections import Counter

import pytest

from mainspring.host.registry import Registry
from mainspring_tools.flag_captures import Wrong, ramp, rows_of

_FEED = "simulated"
_MARKET = ['instruments=["BTC/USDT"]']
_SETTINGS = [*_MARKET, "flags.book.guards.inputs=20"]


@pytest.fixture(scope="module")
def registry():
    return Registry.load()


@pytest.fixture
def files(mainspring, tmp_path):
    """A generated market as a capture."""
    path = tmp_path / "market.gz"
    assert mainspring("data", "generate", path, "--set", "feed.seconds=20")[0] == 0
    return [path]


def test_a_level_that_is_wrong_once_is_found_and_taken_back(files, tmp_path, registry):
    """In shadow, as one difference; no order is another, and what was fed gives the same again."""
    rows, usual = rows_of(files, _FEED, registry, tmp_path, _MARKET)
    often = Counter(rows)
    row = next(one for one in rows[len(rows) // 2 :] if one[1] and often[one] == 1)
    planted = type("Planted", (Wrong,), {"row": row})
    found = ramp(files, _FEED, registry, tmp_path, factory=planted, settings=_SETTINGS, every_s=1e9)
    assert (found.share_bp, found.differences, found.who) == (0, 1, "a guard")
    assert found.digest == found.again == usual


def test_a_sound_candidate_gets_its_whole_share(files, tmp_path, registry):
    """And the orders are those of a session without a change."""
    _, usual = rows_of(files, _FEED, registry, tmp_path, _MARKET)
    found = ramp(files, _FEED, registry, tmp_path, settings=_SETTINGS, every_s=2.0)
    assert (found.share_bp, found.differences) == (10_000, 0), found.why
    assert found.digest == found.again == usual
