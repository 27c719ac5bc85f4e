"""The time that a tune may take."""

import pytest

from mainspring.errors import ConfigError
from mainspring.tuning.budget import Budget, parse_budget


@pytest.mark.parametrize(("text", "seconds"), [("60s", 60), ("2m", 120), ("90", 90), ("1.5 m", 90), ("1h", 3_600)])
def test_what_is_a_time(text, seconds):
    """Seconds, minutes and hours, seconds where no unit stands."""
    assert parse_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "fast", "-5s", "60 seconds", "1m30s"])
def test_what_is_none(text):
    """Anything else is refused with examples."""
    with pytest.raises(ConfigError, match="takes a time such as 60s, 2m or 90"):
        parse_budget(text)


@pytest.mark.parametrize("text", ["0", "9s", "0.1m"])
def test_too_little_is_refused(text):
    """A budget in which no race can be run is refused with the least that will do."""
    with pytest.raises(ConfigError, match="need at least 10s"):
        parse_budget(text)


def test_shares_follow_weights_and_what_is_left():
    """A step has its weight's part of what is left, so that later steps have what an earlier one left over."""
    now = [100.0]
    budget = Budget(60, clock=lambda: now[0])
    weights = {"pipeline": 3.0, "chunk": 1.0, "check": 2.0}
    assert budget.share("pipeline", weights) == 30
    now[0] += 12
    del weights["pipeline"]
    assert budget.share("chunk", weights) == 16
    now[0] += 100
    assert (budget.left_s, budget.share("chunk", weights)) == (0, 0)
