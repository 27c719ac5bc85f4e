"""What the bar of a long command says, as it stands on a terminal."""

import io

from rich.console import Console

from mainspring.cli import bench


def shown(monkeypatch, suites, reported):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=120)
    monkeypatch.setattr(bench, "errors", lambda: console)
    with bench.progress_bar(suites) as progress:
        for one in reported:
            progress(*one)
    return out.getvalue()


def test_the_bar_names_the_suite_and_its_place(monkeypatch):
    """Which suite of how many, and how many of its rounds are done."""
    text = shown(monkeypatch, ["book", "risk"], [("book", 1, 4), ("risk", 1, 4), ("risk", 4, 4)])
    assert "risk (2 of 2)" in text
    assert "3/4" in text
    assert "left:" in text


def test_a_suite_alone_has_no_place(monkeypatch):
    """One of one says nothing."""
    text = shown(monkeypatch, ["book"], [("book", 2, 4)])
    assert "book" in text
    assert "(1 of 1)" not in text
