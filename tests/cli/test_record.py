"""`mainspring data record` and `mainspring venue`: what they refuse, before anything is connected."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "name what to record"),
        (("--feed", "okx"), "name what to record"),
        (("--feed", "okx", "--instrument", "BTC/USDT", "--for", "5"), "a number and its unit"),
        (("--feed", "okx", "--instrument", "BTC/USDT", "--rotate", "2d"), "a day at most"),
        (("--feed", "imported", "--instrument", "BTC/USDT"), "says nothing about connecting"),
        (("--feed", "nobody", "--instrument", "BTC/USDT"), "no feed plugin is named 'nobody'"),
    ],
)
def test_a_recording_that_makes_no_sense_is_refused(mainspring, tmp_path, arguments, problem):
    """With the option at fault; nothing is written."""
    code, _, errors = mainspring("data", "record", *arguments, "--to", tmp_path / "a.cap")
    assert code == 2
    assert problem in " ".join(errors.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_a_recording_replaces_nothing(mainspring, tmp_path):
    """There is no option to."""
    (tmp_path / "a.cap").write_bytes(b"1 kept\n")
    recorded = mainspring("data", "record", "--feed", "okx", "--instrument", "BTC/USDT", "--to", tmp_path / "a.cap")
    assert recorded[0] == 2
    assert "exists already" in recorded[2]
    assert (tmp_path / "a.cap").read_bytes() == b"1 kept\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--capture", "nowhere.cap"), "there is no file"),
        (("--fault", "close@5"), "--fault"),
        (("--fault", "data.nothing@5"), "--fault"),
    ],
)
def test_a_venue_that_makes_no_sense_is_refused(mainspring, arguments, problem):
    """A recording that isn't there, a fault that the exchange hasn't: nothing is served."""
    code, _, errors = mainspring("venue", *arguments)
    assert code == 2
    assert problem in errors


def test_only_live_sessions_have_a_length(mainspring):
    """A session of recorded messages ends with them."""
    code, _, errors = mainspring("run", "--for", "5s")
    assert code == 2
    assert "--for is for live sessions" in errors
