"""The command that compares twins on seeds."""

import pytest

from mainspring_tools.twins.__main__ import main

pytest.importorskip("mainspring_native._native", reason="the native module isn't built")


def test_it_counts_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    """Says how many seeds agreed, and what they were made of."""
    assert main(["sessions", "--seeds", "40"]) == 0
    printed = capsys.readouterr().out
    assert "sessions: 1 seeds" in printed
    assert "no difference" in printed
    assert "SubmitRequested" in printed


def test_it_fails_at_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seed whose twins differ ends it with that seed's error."""

    def differs(seed: int) -> None:
        raise AssertionError(f"seed {seed}")

    monkeypatch.setattr("mainspring_tools.twins.sessions.compare_session", differs)
    with pytest.raises(AssertionError, match="seed 7"):
        main(["sessions", "--seeds", "7"])
