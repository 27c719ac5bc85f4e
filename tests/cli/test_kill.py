"""`mainspring kill` and `mainspring risk`: what they write, print and refuse."""

import json
import os

import pytest

from mainspring.session.control import ControlFolder, LiftOrder, LimitOrder, Reply, Status


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "session.toml"
    path.write_text('session.control = "control"\n', encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    return ControlFolder(tmp_path / "control")


def running(folder, lane="1", kills=()):
    """Says that this process is a lane that runs."""
    folder.make()
    limits = [("max_position", "BTC/USDT", {"limit": "2"})]
    folder.say(Status(lane=lane, process=os.getpid(), mode="running", kills=list(kills), limits=limits))


def test_kill_and_lift(mainspring, config, folder):
    """A kill is in force once the command has ended; it is lifted by the same words and a reason."""
    assert mainspring("kill", config, "--strategy", "maker", "--why", "odd", "--flatten")[:2] == (
        0,
        "maker is killed\n",
    )
    (kill,) = folder.kills()
    assert (kill.level, kill.target, kill.flatten, kill.why) == ("strategy", "maker", True, "odd")
    assert mainspring("kill", folder.path)[0] == 0
    assert len(folder.kills()) == 2
    code, out, _ = mainspring("kill", config, "--lift", "--strategy", "maker", "--why", "seen")
    assert (code, out) == (0, "maker is lifted\n")
    code, out, _ = mainspring("kill", config, "--lift", "--strategy", "maker", "--why", "seen", "--json")
    assert (code, json.loads(out)[0]["done"]) == (1, False)
    shown = mainspring("risk", "show", config)[1]
    assert "killed: all, by" in shown
    assert "lifted: strategy maker, by" in shown
    assert "no session with this control folder runs" in shown


def test_kill_says_which_lane_has_not_taken_it(mainspring, config, folder, monkeypatch):
    """Every lane that runs is waited for; one that doesn't take it makes the exit code 1."""
    monkeypatch.setattr("mainspring.cli.kill.WAIT_S", 0)
    running(folder, kills=["all"])
    assert mainspring("kill", config)[0] == 0
    running(folder, "2")
    code, out, _ = mainspring("kill", config)
    assert code == 1
    assert "lane 1: process" in out
    assert "lane 2: process" in out
    assert "has NOT taken it" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--lift",), "--why"),
        (("--instrument", "A/B", "--strategy", "x"), "not both"),
    ],
)
def test_kill_refuses(mainspring, config, arguments, words):
    """What is ambiguous, or has no reason where there must be one."""
    code, _, error = mainspring("kill", config, *arguments)
    assert code == 2
    assert words in error


def test_a_config_without_a_folder_is_refused(mainspring, tmp_path):
    """It says which key to set."""
    path = tmp_path / "plain.toml"
    path.write_text("", encoding="utf-8")
    code, _, error = mainspring("kill", path)
    assert code == 2
    assert "session.control" in error


@pytest.mark.parametrize("done", [True, False])
def test_set_and_lift_print_the_lanes_answer(mainspring, config, folder, monkeypatch, done):
    """A number, an object of options and plain text are passed on as JSON; the exit code says whether it was done."""
    ask = ControlFolder.ask

    def ask_and_answer(folder, command):
        name = ask(folder, command)
        folder.reply(name, Reply(lane="1", done=done, text=repr(folder.command(name))))
        return name

    monkeypatch.setattr(ControlFolder, "ask", ask_and_answer)
    running(folder)
    for typed, value in (("0.5", "0.5"), ('{"limit": 5, "account": 9}', '{"limit":5,"account":9}'), ("XNYS", '"XNYS"')):
        code, out, _ = mainspring("risk", "set", config, "some_check", typed, "--why", "a test", "--confirm")
        assert code == (0 if done else 1)
        assert out.startswith("lane 1: ")
        who = out.split("who='")[1].split("'")[0]
        expected = LimitOrder(check="some_check", value=value, confirmed=True, who=who, why="a test")
        assert repr(expected) in out
    code, out, _ = mainspring("risk", "lift", config, "max_drawdown", "--why", "seen", "--json")
    assert code == (0 if done else 1)
    assert json.loads(out)[0]["text"] == repr(LiftOrder(check="max_drawdown", who=who, why="seen"))


def test_set_needs_a_session_that_runs(mainspring, config):
    """Otherwise the config is what to change."""
    code, _, error = mainspring("risk", "set", config, "max_position", "1", "--why", "a test")
    assert code == 2
    assert "runs" in error


def test_show_lists_the_limits_of_each_lane(mainspring, config, folder):
    """By check and instrument; all of it as JSON too. `alive` touches its file."""
    running(folder)
    assert "max_position             BTC/USDT             limit=2" in mainspring("risk", "show", config)[1]
    assert json.loads(mainspring("risk", "show", config, "--json")[1])["lanes"][0]["lane"] == "1"
    assert mainspring("risk", "alive", config)[0] == 0
    assert folder.alive_file.exists()
