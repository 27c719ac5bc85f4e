"""Waits before a connection is tried again."""

from random import Random

from mainspring.session.live.backoff import Backoff


def test_waits_double_to_their_cap_and_are_drawn_at_random():
    """No wait is above what its number of tries allows, nor above the cap, and two clients wait differently."""
    waits = [Backoff(Random(seed), base_s=0.5, cap_s=60) for seed in range(2)]
    drawn = [[one.next_s() for _ in range(12)] for one in waits]
    for some in drawn:
        assert all(0.25 <= wait <= min(60, 0.5 * 2**number) for number, wait in enumerate(some))
        assert max(some) > 10
    assert drawn[0] != drawn[1]


def test_a_connection_that_lasted_starts_again():
    """After a minute the next wait is a short one; after a second it isn't."""
    backoff = Backoff(Random(1), base_s=0.5, cap_s=60)
    for _ in range(10):
        backoff.next_s()
    assert backoff.next_s(lasted_s=61) == 0.5
    longer = [backoff.next_s(lasted_s=1) for _ in range(20)]
    assert max(longer) > 5


def test_what_the_venue_asks_for_is_heeded():
    """Retry-After counts, up to an hour."""
    backoff = Backoff(Random(1))
    assert backoff.next_s(retry_after_s=120) == 120
    assert backoff.next_s(retry_after_s=1e9) == 3_600
