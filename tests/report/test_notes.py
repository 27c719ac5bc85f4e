"""Reasons below a table."""

from mainspring.report.notes import Notes

LONG = "the default; no race of this workload on this host"


def test_a_short_reason_stays_in_its_cell():
    """It is the cell, and no note is made."""
    notes = Notes()
    assert notes.cell("pinned by s.toml:3") == "pinned by s.toml:3"
    assert list(notes) == []


def test_a_long_one_stands_below_once():
    """The same again is the same number; what adds to it is told by the number and what it adds."""
    notes = Notes()
    assert [notes.cell(one) for one in (LONG, LONG, f"{LONG}; the feed reads with it")] == [
        "(1)",
        "(1)",
        "(1); the feed reads with it",
    ]
    assert list(notes) == [f"(1) {LONG}"]


def test_a_reason_that_only_begins_alike_is_another():
    """Line 1 and line 12 of one file."""
    notes = Notes()
    path = "pinned by /a/long/path/to/a/session/of/mine.toml"
    assert [notes.cell(f"{path}:1"), notes.cell(f"{path}:12")] == ["(1)", "(2)"]
