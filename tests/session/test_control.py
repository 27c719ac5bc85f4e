"""The control folder: kills that last, commands and their replies, and the dead-man's timer."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mainspring.errors import DataError
from mainspring.lane import Kill, LiftCheck, LiftKill, Outcome, SetLimit
from mainspring.session.control import (
    ControlFolder,
    KillRecord,
    LiftOrder,
    LiftRecord,
    LimitOrder,
    Reply,
    Status,
    catch_kill,
)
from mainspring.session.control_watch import ControlWatch


class Driven:
    """Takes events down, and answers each command with `outcome`."""

    def __init__(self) -> None:
        self.fed: list[Any] = []
        self.lane = SimpleNamespace(
            now_ns=7,
            mode="running",
            swaps=None,
            flags=None,
            control=SimpleNamespace(outcome=Outcome(True, "so be it"), limits=list),
        )

    def feed(self, event: Any) -> None:
        self.fed.append(event)


@pytest.fixture
def folder(tmp_path: Path) -> ControlFolder:
    return ControlFolder(tmp_path / "control")


@pytest.fixture
def watch(folder: ControlFolder) -> Callable[..., tuple[ControlWatch, Driven]]:
    """Makes a watch that reads at every look, and the driver that it feeds."""

    def make(**options: Any) -> tuple[ControlWatch, Driven]:
        driven = Driven()
        return ControlWatch(folder, "1", driven, every_s=0, **options), driven  # type: ignore[arg-type]

    return make


def record(level: Any = "all", target: str = "", **more: Any) -> KillRecord:
    return KillRecord(level=level, target=target, who="me", why="a test", at="2024-01-01T00:00:00+00:00", **more)


def lifting(level: Any = "all", target: str = "") -> LiftRecord:
    return LiftRecord(level=level, target=target, who="you", why="over", at="2024-01-02T00:00:00+00:00")


def test_kills_last_until_they_are_lifted(folder: ControlFolder) -> None:
    """All who open the folder find them, a second one of the same replaces the first, and lifts are kept."""
    folder.kill(record())
    folder.kill(record("strategy", "a"))
    folder.kill(record("strategy", "a", flatten=True))
    again = ControlFolder(folder.path)
    assert again.kills() == [record(), record("strategy", "a", flatten=True)]
    assert not again.lift(lifting("strategy", "b"))
    assert again.lift(lifting("strategy", "a"))
    assert folder.kills() == [record()]
    assert folder.lifted() == [lifting("strategy", "a")]


def test_a_file_called_kill_stops_everything(folder: ControlFolder) -> None:
    """Whatever is in it; lifting everything removes it."""
    folder.make()
    folder.kill_file.touch()
    (kill,) = folder.kills()
    assert (kill.level, kill.target) == ("all", "")
    assert folder.lift(lifting())
    assert folder.kills() == []


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": "other", "kills": []}', b"\xff\x00"])
def test_a_damaged_file_of_kills_stops_everything(damage: bytes, folder: ControlFolder) -> None:
    """Nobody knows what was in it. Lifting everything writes it again."""
    folder.kill(record("strategy", "a"))
    folder.kills_file.write_bytes(damage)
    (kill,) = folder.kills()
    assert kill.level == "all"
    assert str(folder.kills_file) in kill.why
    assert folder.lift(lifting())
    assert folder.kills() == []


def test_a_watch_feeds_what_changes(watch: Callable[..., Any], folder: ControlFolder) -> None:
    """Kills that were there at the start, those that come, and lifts with who did it and why; each once."""
    folder.kill(record("strategy", "a"))
    watching, driven = watch()
    watching.begin()
    watching.look()
    folder.kill(record(flatten=True))
    watching.look()
    folder.lift(lifting("strategy", "a"))
    watching.look()
    watching.look()
    assert driven.fed == [
        Kill(7, "strategy", "a", who="me", why="a test"),
        Kill(7, "all", flatten=True, who="me", why="a test"),
        LiftKill(7, "strategy", "a", who="you", why="over"),
    ]


def test_commands_are_done_once_and_answered(watch: Callable[..., Any], folder: ControlFolder) -> None:
    """In their order; what was asked before the session isn't done."""
    folder.ask(LiftOrder(who="me", why="long ago"))
    watching, driven = watch()
    names = [
        folder.ask(LimitOrder(check="max_position", value="2", confirmed=True, who="me", why="a test")),
        folder.ask(LiftOrder(check="max_drawdown", who="me", why="a test")),
    ]
    watching.look()
    watching.look()
    assert driven.fed == [
        SetLimit(7, "max_position", "2", confirmed=True, who="me", why="a test"),
        LiftCheck(7, "max_drawdown", who="me", why="a test"),
    ]
    for name in names:
        assert folder.take_replies(name, 0) == [Reply(lane="1", done=True, text="so be it")]
    assert folder.take_replies(names[0], 0) == []
    assert len(folder.pending()) == 1


def test_a_command_that_cant_be_read_is_answered(watch: Callable[..., Any], folder: ControlFolder) -> None:
    """The lane goes on."""
    watching, driven = watch()
    (folder.commands / "odd.json").write_text("{", encoding="utf-8")
    watching.look()
    (reply,) = folder.take_replies("odd", 0)
    assert not reply.done
    assert driven.fed == []


def test_a_lane_says_how_it_is_while_it_runs(watch: Callable[..., Any], folder: ControlFolder) -> None:
    """Its process, mode, kills and limits; not any more once it has ended, or its process is gone."""
    watching, _ = watch()
    folder.kill(record("strategy", "a"))
    watching.look()
    expected = Status(lane="1", process=os.getpid(), mode="running", kills=["strategy a"], limits=[])
    assert folder.statuses() == [expected]
    folder.say(Status(lane="2", process=2**30, mode="running", kills=[], limits=[]))
    assert folder.statuses() == [expected]
    watching.end()
    assert folder.statuses() == []


def test_a_dead_mans_timer_kills_everything(watch: Callable[..., Any], folder: ControlFolder) -> None:
    """Once nobody has said for long enough that the session is watched; it then has to be lifted."""
    now_s = [1_000.0]
    watching, driven = watch(dead_man_s=60, now_s=lambda: now_s[0])
    now_s[0] = 1_060.0
    watching.look()
    assert driven.fed == []
    folder.touch_alive()
    os.utime(folder.alive_file, (1_030, 1_030))
    now_s[0] = 1_090.0
    watching.look()
    assert driven.fed == []
    now_s[0] = 1_090.5
    watching.look()
    watching.look()
    (kill,) = driven.fed
    assert (kill.level, kill.who) == ("all", "the dead-man's timer")
    assert [one.level for one in folder.kills()] == ["all"]


def test_a_signal_kills_everything(folder: ControlFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written down; where that fails, it holds in the process. The handler of before is put back."""
    before = signal.getsignal(signal.SIGUSR1)
    with catch_kill(folder):
        os.kill(os.getpid(), signal.SIGUSR1)
        assert [one.who for one in ControlFolder(folder.path).kills()] == ["a signal"]
        folder.lift(lifting())

        def fails(*_: object) -> None:
            raise DataError("full")

        with monkeypatch.context() as patched:
            patched.setattr(folder, "kill", fails)
            os.kill(os.getpid(), signal.SIGUSR1)
        assert [one.who for one in folder.kills()] == ["a signal"]
        assert ControlFolder(folder.path).kills() == []
        assert folder.lift(lifting())
    assert signal.getsignal(signal.SIGUSR1) == before


def test_what_cant_be_stopped_isnt_started(tmp_path: Path) -> None:
    """A control folder that can't be made is an error that names it."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file"):
        ControlWatch(ControlFolder(tmp_path / "file"), "1", Driven())  # type: ignore[arg-type]
