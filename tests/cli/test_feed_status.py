"""`mainspring feed status`: what it asks of running sessions and prints, and the same in a report."""

import json
import os

import pytest

from mainspring.report import BookTime, ConnectionReport, LagReport, LiveFeedReport, LiveReport
from mainspring.session.control import ConnectionsQuestion, ControlFolder, Reply, Status

_LIVE = LiveReport(
    feeds=[
        LiveFeedReport(
            feed="okx",
            gaps=7,
            connections=[
                ConnectionReport(
                    instruments=["BTC/USDT", "ETH/USDT", "SOL/USDT"],
                    up=True,
                    seconds=200.0,
                    uptime_s=150.0,
                    connected=4,
                    failed=5,
                    lost={"mute": 2, "the venue closed the connection": 1},
                    messages=12_345,
                    last_message_s=0.2,
                    lag=LagReport(count=99, skew_ms=-3.5, last_ms=1.0, p50_ms=2.0, p99_ms=30.0, max_ms=41.0),
                )
            ],
            books=[
                BookTime(instrument="BTC/USDT", valid=False, seconds=200.0, without_s=50.0, outages=3, crossed=11),
            ],
            failed_requests={"no answer": 6},
        )
    ]
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A control folder with a lane that answers at once: lane 1 what is above, lane 2 that it replays."""
    monkeypatch.setattr("mainspring.cli.feed.WAIT_S", 0)
    ask = ControlFolder.ask

    def answer(self, command):
        assert isinstance(command, ConnectionsQuestion)
        name = ask(self, command)
        for status in self.statuses():
            if status.lane == "1":
                self.reply(name, Reply(lane="1", done=True, text="", live=_LIVE))
            elif status.lane == "2":
                self.reply(name, Reply(lane="2", done=False, text="it has no connections: it replays"))
        return name

    monkeypatch.setattr(ControlFolder, "ask", answer)
    return ControlFolder(tmp_path)


def _running(folder, lane):
    folder.make()
    folder.say(Status(lane=lane, process=os.getpid(), mode="running", kills=[], limits=[]))


def test_the_status_is_printed(mainspring, folder):
    """Every figure stands in a table, and all of them in the JSON."""
    _running(folder, "1")
    code, out, _ = mainspring("feed", "status", folder.path)
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    text = " ".join(out.split())
    for figure in ("150.0 s", "75.0%", "12,345", "0.2 s ago", "-3.5 ms", "30.0 ms", "50.00 s", "25.0%"):
        assert figure in text, out
    assert any(line.endswith("lost: mute 2") for line in lines), out
    assert "okx gap 7" in lines
    assert any(line.endswith("snapshot not fetched: no answer 6") for line in lines), out
    code, out, _ = mainspring("feed", "status", folder.path, "--json")
    assert code == 0
    assert json.loads(out)["lanes"][0]["live"]["feeds"][0]["connections"][0]["lost"]["mute"] == 2


def test_what_has_no_connections_or_is_silent_is_named(mainspring, folder):
    """A replay says so, and a lane that doesn't answer is named: both make the exit code 1. No session is refused."""
    code, _, error = mainspring("feed", "status", folder.path)
    assert code == 2
    assert "no session with the control folder" in error
    _running(folder, "2")
    _running(folder, "3")
    code, out, _ = mainspring("feed", "status", folder.path)
    assert code == 1
    assert "lane 2: it has no connections: it replays" in out
    assert "lane 3: no answer" in out
