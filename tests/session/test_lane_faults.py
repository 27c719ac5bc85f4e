"""Lanes that fail, hang or are told to end: each is named, and the others end their work."""

import os
import signal

import psutil
import pytest

from mainspring.errors import LaneError
from mainspring.report import warnings
from mainspring.session import run_session
from mainspring.session.lanes import Finished, Progressed, Ready

from .three_markets import GENERATED, plan, without_ids


@pytest.fixture
def blocked(tmp_path):
    """An order log that takes one page or nothing, so that a lane which writes it can't come to its end."""
    fcntl = pytest.importorskip("fcntl", reason="named pipes are absent on this system")
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("a named pipe's size can't be set on this system")
    held = []

    def block(name, *, at_once=False):
        path = tmp_path / name
        os.mkfifo(path)
        held.append(os.open(path, os.O_RDWR))
        size = fcntl.fcntl(held[-1], fcntl.F_SETPIPE_SZ, 4096)
        if at_once:
            os.write(held[-1], bytes(size))

    yield block
    for fd in held:
        os.close(fd)


def lane_of(session, instrument):
    return next(lane.name for lane in session.lanes if instrument in lane.instruments)


def test_a_lane_that_is_killed_is_named_and_the_others_end_their_work(registry, tmp_path, blocked):
    """Killed from outside while it runs: process, signal, instruments and remedy are told; the rest is as without."""
    session = plan(registry, GENERATED, "lanes=2", "session.chunk=16")
    victim = lane_of(session, "c:SOL/USDT")
    blocked(f"orders.{victim}.log")
    killed: list[int] = []

    def reported(name, process, said):
        if name == victim and isinstance(said, Progressed) and not killed:
            os.kill(process, signal.SIGKILL)
            killed.append(process)

    report = run_session(session, registry, order_log=tmp_path / "orders.log", reported=reported)
    whole = run_session(plan(registry, GENERATED), registry)
    lost = next(lane for lane in report.lanes if lane.name == victim)
    assert lost.ended == "failed"
    assert f"process {killed[0]} was killed by SIGKILL before its report" in (lost.failure or "")
    assert "dmesg" in (lost.failure or "")
    assert [lane.ended for lane in report.lanes if lane is not lost] == ["finished"]
    assert lost.messages > 0
    kept = [one for one in whole.instruments if one.symbol not in lost.instruments]
    assert without_ids(report.instruments) == without_ids(kept)
    first = warnings(report)[0]
    for words in (f"Lane {victim}", str(killed[0]), "SIGKILL", *lost.instruments):
        assert words in first
    assert not psutil.pid_exists(killed[0])


def test_a_lane_that_dies_before_any_runs_doesnt_hold_up_the_others(registry):
    """Killed as soon as it is ready; the other is told to go all the same."""
    session = plan(registry, GENERATED, "lanes=2")

    def reported(name, process, said):
        if name == "1" and isinstance(said, Ready):
            os.kill(process, signal.SIGKILL)

    report = run_session(session, registry, reported=reported)
    assert [lane.ended for lane in report.lanes] == ["failed", "finished"]
    assert report.lanes[0].messages == 0
    assert {one.symbol for one in report.instruments} == set(report.lanes[1].instruments)


def test_a_broken_message_is_the_failure_of_its_lane(registry, tmp_path):
    """A capture that breaks off in the middle ends its lane with file and line; the others go on."""
    whole = plan(registry, 'instruments = ["BTC/USDT"]\nfeed = { plugin = "simulated", seconds = 10 }\n')
    feed = whole.feeds[0]
    messages = list(registry.get("feed", "simulated").factory.source(feed.instruments, feed.feed.options))
    broken = [(at, raw[:-5] if number == 700 else raw) for number, (at, raw) in enumerate(messages)]
    for name, lines in (("good.txt", messages), ("bad.txt", broken)):
        (tmp_path / name).write_bytes(b"".join(b"%d %s\n" % line for line in lines))
    text = f"""
    hardware.pin = "off"
    [feeds.good]
    plugin = "binance-spot"
    capture = "{tmp_path / "good.txt"}"
    [feeds.bad]
    plugin = "binance-spot"
    capture = "{tmp_path / "bad.txt"}"
    """
    report = run_session(plan(registry, text, "lanes=2"), registry)
    lost = next(lane for lane in report.lanes if lane.ended == "failed")
    assert lost.instruments == ["bad:BTC/USDT"]
    assert "bad.txt, line 701" in (lost.failure or "")
    assert "--skip-bad" in (lost.failure or "")
    assert [one.symbol for one in report.instruments] == ["good:BTC/USDT", "bad:BTC/USDT"]
    assert lost.messages == 701


def test_an_error_before_anything_ran_is_the_sessions(registry, monkeypatch):
    """A lane that can't be made ends the session with its error: nothing is run."""
    session = plan(registry, GENERATED, "lanes=2", "strategy.maker.size=0.0000001")
    ran = []
    with pytest.raises(LaneError, match=r"lane \d: .*1E-7.*quote-maker.* can't start") as caught:
        run_session(session, registry, reported=lambda _name, _process, said: ran.append(said))
    assert caught.value.lane in ("1", "2")
    assert not [said for said in ran if isinstance(said, Progressed)]
    assert not [said for said in ran if isinstance(said, Finished) and said.result.messages]


def test_a_signal_ends_all_lanes_in_order(registry):
    """SIGTERM to the session's process: each lane reports on what it has run, and says why it ended.

    Lanes are out of reach of the terminal's Ctrl-C, which would go to every process of its session.
    """
    session = plan(registry, GENERATED, "lanes=2")
    sessions = set()

    def reported(name, process, said):
        if isinstance(said, Ready) and hasattr(os, "getsid"):
            sessions.add(os.getsid(process))
        if name == "1" and isinstance(said, Ready):
            os.kill(os.getpid(), signal.SIGTERM)

    report = run_session(session, registry, reported=reported)
    assert [lane.ended for lane in report.lanes] == ["stopped", "stopped"]
    assert report.stopped_early == "signal SIGTERM"
    assert len(report.instruments) == 4
    if hasattr(os, "getsid"):
        assert len(sessions) == 2
        assert os.getsid(0) not in sessions


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signal absent: SIGSTOP")
def test_a_lane_that_is_stopped_is_told_of(registry, monkeypatch):
    """A stopped process is named as soon as it is noticed, and the session goes on with it once it is continued."""
    monkeypatch.setattr("mainspring.session.lanes.silence._SAY_AFTER_S", 0.0)
    session = plan(registry, GENERATED, "lanes=2")
    stopped: list[int] = []
    notices = []

    def reported(name, process, said):
        if name == "2" and isinstance(said, Ready) and not stopped:
            stopped.append(process)
            os.kill(process, signal.SIGSTOP)

    def notice(text):
        notices.append(text)
        if "has been stopped" in text:
            os.kill(stopped[0], signal.SIGCONT)

    report = run_session(session, registry, reported=reported, notice=notice)
    assert [lane.ended for lane in report.lanes] == ["finished", "finished"]
    assert notices[0].startswith(f"lane 2 (process {stopped[0]}) has been stopped from outside")
    assert notices[1] == f"lane 2 (process {stopped[0]}) goes on"


def test_a_lane_that_doesnt_stop_in_time_is_killed_and_named(registry, tmp_path, blocked, monkeypatch):
    """One that hangs in a write is killed once its time is over; the other has ended in order."""
    monkeypatch.setattr("mainspring.session.lanes.parent.STOP_WITHIN_S", 2)
    session = plan(registry, GENERATED, "lanes=2", "session.chunk=16")
    hung = lane_of(session, "c:SOL/USDT")
    # Whenever it is told to stop, it has something left to write.
    blocked(f"orders.{hung}.log", at_once=True)
    ended = []

    def reported(name, _process, said):
        if name != hung and isinstance(said, Finished):
            ended.append(name)
            os.kill(os.getpid(), signal.SIGINT)

    report = run_session(session, registry, order_log=tmp_path / "orders.log", reported=reported)
    lost = next(lane for lane in report.lanes if lane.name == hung)
    assert ended
    assert lost.ended == "failed"
    assert "was killed because it didn't stop within 10 s of signal SIGINT" in (lost.failure or "")
    assert [lane.ended for lane in report.lanes if lane is not lost] == ["finished"]
