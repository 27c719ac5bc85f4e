"""Client order ids: unique, sortable, short, of characters that venues take, and readable back."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.orders import (
    MAX_CLIENT_ORDER_ID,
    client_order_id,
    live_session_part,
    parse_client_order_id,
    replay_session_part,
)

_seeds = st.integers(-(2**63), 2**63)
_starts = st.integers(0, 36**9 * 1_000_000 - 1)
_sessions = st.one_of(
    st.builds(replay_session_part, _seeds),
    st.builds(live_session_part, _starts, st.text(), st.binary(min_size=8, max_size=16)),
)
_lanes = st.integers(0, 36**3 - 1)
_order_ids = st.integers(0, 36**11 - 1)


@given(_sessions, _lanes, _order_ids)
def test_the_parts_are_read_back(session, lane, order_id):
    """Any id is at most 36 of [0-9A-Za-z-], and gives its parts back."""
    text = client_order_id(session, lane, order_id)
    assert len(text) <= MAX_CLIENT_ORDER_ID == 36
    assert re.fullmatch("[0-9A-Za-z-]+", text)
    assert parse_client_order_id(text) == (session, lane, order_id)


@given(st.lists(st.tuples(_sessions, _lanes, _order_ids), min_size=2, max_size=20, unique=True))
def test_different_orders_have_different_ids(parts):
    """Of other sessions, lanes or orders."""
    assert len({client_order_id(*one) for one in parts}) == len(parts)


@given(_sessions, _lanes, st.lists(_order_ids, unique=True))
def test_ids_of_a_lane_sort_by_creation(session, lane, order_ids):
    """Order ids rise, and so do the texts, past every power of the base."""
    texts = [client_order_id(session, lane, order_id) for order_id in sorted(order_ids)]
    assert texts == sorted(texts)


@given(st.lists(st.tuples(st.integers(0, 36**9 - 1), st.text(), st.binary(min_size=8, max_size=8)), min_size=2))
def test_later_sessions_sort_later(starts):
    """Whatever host they run on: by the millisecond of their start. A replayed session sorts before them."""
    made = [(start_ms, live_session_part(start_ms * 1_000_000, host, noise)) for start_ms, host, noise in starts]
    for (first_ms, first), (second_ms, second) in pairwise(sorted(made)):
        assert first_ms == second_ms or first < second


def test_sessions_are_told_apart():
    """By seed in replay; live by time, by host, and by randomness alone."""
    assert replay_session_part(1) == replay_session_part(1)
    assert len({replay_session_part(seed) for seed in range(2_000)}) == 2_000
    noise = bytes(range(8))
    base = live_session_part(1_700_000_000_000_000_000, "alpha", noise)
    assert base == live_session_part(1_700_000_000_000_000_000, "alpha", noise)
    assert base != live_session_part(1_700_000_000_001_000_000, "alpha", noise)
    assert base != live_session_part(1_700_000_000_000_000_000, "beta", noise)
    assert base != live_session_part(1_700_000_000_000_000_000, "alpha", noise[::-1])


@pytest.mark.parametrize("text", ["", "1", "x" * 36, "0" * 20 + "-000-" + "0" * 12, "Ä" * 20 + "-000-" + "0" * 11])
def test_other_texts_are_refused(text):
    """Such as the ids of orders that someone else sent through the same account."""
    with pytest.raises(ValueError, match="isn't a client order id of ours"):
        parse_client_order_id(text)


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: client_order_id("short", 0, 1), "session's part"),
        (lambda: client_order_id("0" * 20, 36**3, 1), "lane must be"),
        (lambda: client_order_id("0" * 20, 0, -1), "order_id must be"),
        (lambda: live_session_part(-1, "h", bytes(8)), "started_ns must be"),
        (lambda: live_session_part(1, "h", bytes(7)), "8 random bytes, not 7"),
    ],
)
def test_what_does_not_fit_is_refused(call, problem):
    """No id is cut short, which could make two of one."""
    with pytest.raises(ValueError, match=problem):
        call()
