"""Ramps: when the next share comes, and what holds it up."""

import pytest

from mainspring.session.ramp import Ramp, Verdict

PASS = Verdict("pass")
S = 1_000_000_000


def test_a_ramp_goes_on_after_each_interval() -> None:
    """The first share at once, each next one an interval later, and none after the last."""
    ramp = Ramp((500, 2_500, 10_000), every_s=10)
    shares = [(second, ramp.share_bp) for second in range(40) if ramp.look(second * S, second, PASS)]
    assert shares == [(0, 500), (10, 2_500), (20, 10_000)]
    assert (ramp.done, ramp.step) == (True, 3)


@pytest.mark.parametrize("kind", ["inconclusive", "fail"])
def test_only_a_clear_verdict_lets_it_go_on(kind: str) -> None:
    """However long it lasts; then it goes on."""
    ramp = Ramp((500, 10_000), every_s=10)
    ramp.look(0, 0, PASS)
    for second in range(1, 1_000):
        assert not ramp.look(second * S, second, Verdict(kind, "who knows"))  # type: ignore[arg-type]
    assert (ramp.share_bp, ramp.paused) == (500, "who knows")
    assert ramp.look(1_000 * S, 1_000, PASS)
    assert (ramp.share_bp, ramp.paused) == (10_000, "")


def test_without_traffic_it_pauses() -> None:
    """A step in which nothing happened says nothing."""
    ramp = Ramp((500, 10_000), every_s=10)
    ramp.look(0, 7, PASS)
    assert not ramp.look(20 * S, 7, PASS)
    assert ramp.paused == "no traffic since the last step"
    assert ramp.look(21 * S, 8, PASS)


def test_a_ramp_is_finished_after_its_last_share_has_passed_too() -> None:
    """It has lasted as long there as anywhere, with traffic and a clear verdict."""
    ramp = Ramp((10_000,), every_s=10)
    ramp.look(0, 0, PASS)
    assert not ramp.look(10 * S, 0, PASS)
    assert not ramp.look(10 * S, 1, Verdict("inconclusive", "who knows"))
    assert (ramp.done, ramp.finished) == (True, False)
    assert not ramp.look(11 * S, 1, PASS)
    assert (ramp.finished, ramp.paused) == (True, "")
