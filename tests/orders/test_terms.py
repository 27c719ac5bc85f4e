"""The terms of orders, and the end of a trading day."""

from datetime import UTC, datetime

import pytest

from mainspring.orders import EMULATED_TERMS, TERMS, TradingDay, handling_of, native_terms


def _ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def test_each_term_has_somebody_who_does_it() -> None:
    """The venue if it can; else the lane, or nobody."""
    assert {term: handling_of(term, ()) for term in TERMS} == {
        "ioc": "refused",
        "fok": "refused",
        "day": "emulated",
        "gtd": "emulated",
        "post-only": "refused",
        "reduce-only": "emulated",
    }
    assert {handling_of(term, TERMS) for term in TERMS} == {"native"}
    assert TERMS.keys() >= EMULATED_TERMS


def test_a_router_states_its_terms_as_text() -> None:
    """Separated by commas; one that there isn't is an error that lists those that there are."""
    assert native_terms("ioc, fok") == {"ioc", "fok"}
    assert native_terms("") == frozenset()
    with pytest.raises(ValueError, match="its terms name gtx; there are ioc, fok"):
        native_terms("ioc,gtx")


@pytest.mark.parametrize(
    ("text", "now", "end"),
    [
        ("00:00", "2024-03-08 23:59:59", "2024-03-09 00:00:00"),
        ("00:00", "2024-03-09 00:00:00", "2024-03-10 00:00:00"),
        # New York's clocks went forward on 2024-03-10, and back on 2024-11-03.
        ("16:00 America/New_York", "2024-03-08 20:59:59", "2024-03-08 21:00:00"),
        ("16:00 America/New_York", "2024-03-09 21:00:00", "2024-03-10 20:00:00"),
        ("16:00 America/New_York", "2024-11-02 20:00:01", "2024-11-03 21:00:00"),
        ("09:30 Asia/Tokyo", "2024-03-08 00:30:01", "2024-03-09 00:30:00"),
    ],
)
def test_a_day_ends_by_the_clocks_of_its_zone(text: str, now: str, end: str) -> None:
    """Summer time included; at its end, the next day has begun."""
    assert TradingDay(text).end_ns(_ns(now)) == _ns(end)


@pytest.mark.parametrize("text", ["", "25:00", "16", "16:00 Mars/Olympus", "16:00 ../etc"])
def test_what_is_no_end_of_a_day_is_refused(text: str) -> None:
    """With an example, or the zone's name."""
    with pytest.raises(ValueError, match=r"a day ends at a time such as|there is no time zone"):
        TradingDay(text)


def test_a_day_beyond_all_days_has_no_end() -> None:
    """0, which nobody takes for a time."""
    assert TradingDay("00:00").end_ns(2**63 - 1) == 0
